"""Publishing message by message, each confirmed by the server before :meth:`Publisher.publish` returns.

::

    message              a message as it is published
    publish_link         an open connection that publishes them, over AMQP 0-9-1 or another transport of kombu
    amqp10_publish_link  the same over AMQP 1.0
    publisher            one such connection of a process, shared by its threads and replaced when it breaks
"""

from .message import AmqpMessage
from .publish_link import PublishLink
from .publisher import Publisher

__all__ = ["AmqpMessage", "PublishLink", "Publisher"]
