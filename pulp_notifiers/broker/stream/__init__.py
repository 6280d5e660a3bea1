"""Publishing in batches to one exchange, confirmed later: for the task-status stream.

::

    form                a stream's messages, and what all of them have in common
    stream_link         an open connection that publishes batches and reads confirms, over AMQP 0-9-1 or kombu's others
    amqp10_stream_link  the same over AMQP 1.0
    stream_opener       opens them, to one of several servers
    confirms            which messages the server took or refused, and which it has not answered yet
    message_frames      messages as frames of AMQP 0-9-1
"""

from .confirms import Confirmed
from .form import StreamForm, StreamMessage
from .stream_link import StreamLink
from .stream_opener import StreamOpener

__all__ = ["Confirmed", "StreamForm", "StreamLink", "StreamMessage", "StreamOpener"]
