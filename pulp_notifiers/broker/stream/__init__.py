"""Publishing in batches to one exchange, confirmed later: for the task-status stream.

::

    form            what all messages of a stream have in common
    stream_link     an open connection that publishes batches and counts confirms
    stream_opener   opens them, to one of several servers
    confirms        which messages the server has not confirmed yet
    message_frames  messages as frames of AMQP 0-9-1
"""

from .form import StreamForm
from .stream_link import StreamLink
from .stream_opener import StreamOpener

__all__ = ["StreamForm", "StreamLink", "StreamOpener"]
