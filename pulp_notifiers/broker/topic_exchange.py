"""Topic exchanges: created if missing, used as they are if they exist."""

from contextlib import suppress
from typing import Any

from kombu.exceptions import ChannelError

from .errors import NOT_FOUND, PRECONDITION_FAILED, reply_code


def exchange_exists(channel: Any, name: str) -> bool:
    """Return whether an exchange has this name, whatever its type.

    :param channel: one for such questions only, because the answer no closes it; py-amqp reopens it.
    :raises ChannelError: the server refuses to answer.
    """
    try:
        channel.exchange_declare(exchange=name, type="topic", passive=True)
    except ChannelError as error:
        if reply_code(error) != NOT_FOUND:
            raise
        return False
    return True


def ensure_topic_exchange(channel: Any, name: str, durable: bool) -> None:
    """Create an exchange that is missing, as topic and not auto-delete.

    It is looked up first, because declaring one needs a permission that a client may lack.

    :param channel: see :func:`exchange_exists`.
    :raises ChannelError: the server refuses.
    """
    # If the server refuses to answer, it refuses the declaration too, and says why.
    with suppress(ChannelError):
        if exchange_exists(channel, name):
            return
    try:
        channel.exchange_declare(exchange=name, type="topic", durable=durable, auto_delete=False)
    except ChannelError as error:
        if reply_code(error) != PRECONDITION_FAILED:
            raise  # else somebody created a different one since the look-up, and that one is used as it is
