"""Messaging servers: where they are, connections to them, and publishing (owner of kombu and amqp).

::

    settings    the section [messaging] of Pulp's server.conf
    urls        the forms in which that section names a server, as kombu's URLs
    link        one open connection
    connection  how to open one
    publisher   one persistent connection of a process, each message confirmed
"""

from .connection import Broker
from .link import AmqpMessage, Deadline, Link, LinkLost, Refused
from .publisher import Publisher
from .settings import MessagingSettings, exchange_name
from .urls import broker_urls, display_url

__all__ = [
    "AmqpMessage",
    "Broker",
    "Deadline",
    "Link",
    "LinkLost",
    "MessagingSettings",
    "Publisher",
    "Refused",
    "broker_urls",
    "display_url",
    "exchange_name",
]
