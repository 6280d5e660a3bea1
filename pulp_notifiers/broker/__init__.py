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
    watch       an open connection that hears what goes over an exchange
    task_document  the task in a message of the task-status stream
"""

from .connection import Broker
from .deadline import Deadline
from .link import AmqpMessage, Link, LinkLost, Refused
from .publisher import Publisher
from .settings import MessagingSettings, exchange_name
from .stream import StreamForm, StreamLink, StreamOpener
from .task_document import task_document
from .urls import broker_urls, display_url
from .watch import Watch

__all__ = [
    "AmqpMessage",
    "Broker",
    "Deadline",
    "Link",
    "LinkLost",
    "MessagingSettings",
    "Publisher",
    "Refused",
    "StreamForm",
    "StreamLink",
    "StreamOpener",
    "Watch",
    "broker_urls",
    "display_url",
    "exchange_name",
    "task_document",
]
