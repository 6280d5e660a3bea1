"""Reading from a messaging server.

::

    form                what a subscription reads, and a message as it was received
    subscription        a durable queue, read in batches that are acknowledged
    inspection          whether a subscription would be possible, without leaving anything on the server
    watch               what is published to an exchange from now on
    kept_queue          the queue of a watch, which on RabbitMQ outlives the connection
    watch_opener        the connections of a watch, one after the other
    amqp10_watch        the same over AMQP 1.0
    reading_connection  what those for AMQP 0-9-1 have in common: a server's refusals as the product's errors
"""

from .form import Received, SubscriptionForm
from .inspection import Inspection
from .subscription import Subscription
from .watch import Watch
from .watch_opener import WatchOpener

__all__ = ["Inspection", "Received", "Subscription", "SubscriptionForm", "Watch", "WatchOpener"]
