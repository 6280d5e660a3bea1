"""Failures of a connection to a messaging server, for everything that publishes or reads."""

from kombu.exceptions import ChannelError

from ..errors import TemporaryFailure

NOT_FOUND, ACCESS_REFUSED, PRECONDITION_FAILED, CONTENT_TOO_LARGE = 404, 403, 406, 311
"""Reply codes of AMQP 0-9-1, section 1.2."""


class LinkLost(TemporaryFailure):
    """The connection can no longer be used; whether the server took the last message is unknown."""


class MessageUnacceptable(LinkLost):
    """The server closed the connection because of a message that it will not take later either."""


class Refused(TemporaryFailure):
    """The server did not take the message; the connection can still be used."""


def reply_code(error: ChannelError) -> int:
    """Return the reply code with which a server refused; 0 if it gave none."""
    return int(error.reply_code or 0)  # text in kombu's own transports


def connection_error_text(error: BaseException, seconds: float) -> str:
    """Return the text of a connection's error, for people.

    :param seconds: the time that the server had to answer.
    """
    if isinstance(error, TimeoutError) and error.errno is None:
        return f"no answer within {round(seconds, 1):g} s"
    return str(error) or type(error).__name__
