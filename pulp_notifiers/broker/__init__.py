"""Messaging servers: where they are, connections to them, and publishing (owner of kombu and amqp).

::

    settings    the section [messaging] of Pulp's server.conf
    urls        the forms in which that section names a server, as kombu's URLs
    deadline    a moment that a chain of steps must keep to
    wire        an AMQP connection that keeps to it
    connection  how to open one
    link        an open one to publish over
    publisher   a persistent one, shared by the threads of a process
    confirms    which messages of a batch the server still has to answer for
    frames      messages as bytes of AMQP 0-9-1
    stream      an open connection that publishes in batches to one exchange
    marks       how an installation's own messages are kept from it
    subscription  a durable queue, read in batches that are acknowledged by hand
    inspection  a look at a server before something subscribes to it
    watch       an open connection that hears what goes over an exchange
    task_message   the task in a message of the task-status stream
"""

from .connection import Broker
from .deadline import Deadline
from .own_messages import own_mark
from .publish.publish_link import AmqpMessage, Link, LinkLost, Refused
from .publish.publisher import Publisher
from .settings import MessagingSettings, exchange_name
from .stream.stream_link import StreamForm, StreamLink, StreamOpener
from .subscribe.inspection import Inspection
from .subscribe.subscription import Received, Subscription, SubscriptionForm
from .subscribe.watch import Watch
from .task_message import task_document
from .urls import asks_for_tls, broker_urls, display_url, speaks_amqp

__all__ = [
    "AmqpMessage",
    "Broker",
    "Deadline",
    "Inspection",
    "Link",
    "LinkLost",
    "MessagingSettings",
    "Publisher",
    "Received",
    "Refused",
    "StreamForm",
    "StreamLink",
    "StreamOpener",
    "Subscription",
    "SubscriptionForm",
    "Watch",
    "asks_for_tls",
    "broker_urls",
    "display_url",
    "exchange_name",
    "own_mark",
    "speaks_amqp",
    "task_document",
]
