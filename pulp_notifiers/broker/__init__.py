"""Messaging servers: where they are, how to connect, and everything sent to or read from them (owner of kombu, amqp).

::

    settings         the section [messaging] of the settings
    urls             the forms in which that section names a server, as kombu's URLs
    libraries        which libraries a server's URL needs
    server           a messaging server (Broker), and how to connect to it

    publish/         message by message, each confirmed: amqp listeners
    stream/          in batches, confirmed later: the task-status stream
    subscribe/       a durable queue, a check of the server before subscribing, a watch on an exchange
    task_message     the task in a message of the task-status stream

    open_connection  what every open connection has in common, whatever it is used for
    errors           LinkLost, Refused and others, and the text of a connection's error
    short_string     how long a name or routing key may be
    deadline         a point in time by which a sequence of steps must end
    topic_exchange   exchanges: created if missing, used as they are if they exist
    own_messages     how an installation's own messages are kept away from its sources
    amqp_connection  py-amqp's connection, with deadlines
    amqp10/          everything about AMQP 1.0 (owner of proton)
    greetings        what a server speaks if it does not speak what was asked for
    repair           other people's messages that py-amqp cannot parse
"""

from .deadline import Deadline
from .errors import LinkLost, MessageUnacceptable, Refused
from .own_messages import own_mark
from .publish import AmqpMessage, Publisher, PublishLink
from .server import Broker
from .settings import (
    ListenerMessagingSettings,
    MessagingSettings,
    StreamMessagingSettings,
    StreamPublisherSettings,
    exchange_name,
)
from .short_string import SHORT_STRING_BYTES
from .stream import Confirmed, StreamForm, StreamLink, StreamMessage, StreamOpener
from .subscribe import Inspection, Received, Subscription, SubscriptionForm, Watch, WatchOpener
from .task_message import MessageBody, Unreadable, task_document
from .urls import asks_for_tls, broker_urls, display_url, speaks_amqp

Link = PublishLink  # its former name

__all__ = [
    "SHORT_STRING_BYTES",
    "AmqpMessage",
    "Broker",
    "Confirmed",
    "Deadline",
    "Inspection",
    "Link",
    "LinkLost",
    "ListenerMessagingSettings",
    "MessageBody",
    "MessageUnacceptable",
    "MessagingSettings",
    "PublishLink",
    "Publisher",
    "Received",
    "Refused",
    "StreamForm",
    "StreamLink",
    "StreamMessage",
    "StreamMessagingSettings",
    "StreamOpener",
    "StreamPublisherSettings",
    "Subscription",
    "SubscriptionForm",
    "Unreadable",
    "Watch",
    "WatchOpener",
    "asks_for_tls",
    "broker_urls",
    "display_url",
    "exchange_name",
    "own_mark",
    "speaks_amqp",
    "task_document",
]
