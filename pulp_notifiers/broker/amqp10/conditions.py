"""The errors of an AMQP 1.0 server as sentences (AMQP 1.0 section 2.8.14 and after)."""

from typing import Any

from proton import Condition, Endpoint, Link, Session

_MOST_CHARACTERS = 500  # of a server's words
NOT_DECODED = (ValueError, TypeError, LookupError, AttributeError)
"""What proton's Python code raises for a server's text that is not UTF-8, and for keys of a map that cannot be keys."""

_UNREADABLE = Condition("", "an error whose text cannot be decoded")

_CONNECTION_REMEDIES = {
    "amqp:not-allowed": "permit this user to use the virtual host",
    "amqp:unauthorized-access": "permit this user to connect, and to use the virtual host",
}
_CREATE = (
    "create it (on Qpid: qpid-config add exchange topic {address} --durable; on RabbitMQ: rabbitmqadmin declare "
    "exchange name={address} type=topic)"
)
_ADDRESS_REMEDIES = {
    "amqp:not-found": _CREATE,
    "amqp:unauthorized-access": "permit this user to {use} it",
    "amqp:not-allowed": "permit this user to {use} it",
    "amqp:resource-limit-exceeded": "remove messages or raise the limit on the server",
    "amqp:resource-deleted": _CREATE,
}


def condition_of(failed: Any) -> Any:
    """Return a server's error, None if there is none.

    :param failed: a connection, session or link, or what came with a disposition; or a transport, for its own error.
    """
    try:
        return failed.remote_condition if isinstance(failed, Endpoint) else failed.condition
    except NOT_DECODED:
        return _UNREADABLE


def is_ended(endpoint: Link | Session) -> bool:
    """Return whether a server has ended a link or session.

    It may end a link only for now (a detach that is not closing, AMQP 1.0 section 2.6.4): its state does not show that
    in proton, but the error that comes with it does.
    """
    return bool(endpoint.state & Endpoint.REMOTE_CLOSED) or condition_of(endpoint) is not None


def name_of(condition: Any) -> str:
    """Return the name of an error, empty without one."""
    return str(condition.name) if condition is not None and condition.name else ""


def text_of(condition: Any) -> str:
    """Return the server's own words: the name of an error, and its description if there is one."""
    description = _line(condition.description) if condition is not None else ""
    name = _line(name_of(condition))
    return f"{description} ({name})" if description and name else description or name


def _line(text: Any) -> str:
    """Return a text of any form and length as a part of one log line."""
    line = " ".join("".join(character if character.isprintable() else " " for character in str(text or "")).split())
    return line if len(line) <= _MOST_CHARACTERS else f"{line[:_MOST_CHARACTERS]}..."


def connection_text(condition: Any) -> str:
    """Return why the server closed a connection, and what to do."""
    said = text_of(condition)
    if not said:
        return "the server closed the connection"
    return _with_remedy(f"the server closed the connection: {said}", _CONNECTION_REMEDIES.get(name_of(condition)))


def address_text(condition: Any, address: str, use: str) -> str:
    """Return why the server refused a link to an address or ended it, and what to do.

    :param use: what the link is for: ``publish to`` or ``read``.
    """
    return f"{address}: {link_text(condition, address, use)}"


def link_text(condition: Any, address: str, use: str) -> str:
    """Return the same for a sentence that names the address."""
    said = text_of(condition) or "the server ended the link"
    remedy = _ADDRESS_REMEDIES.get(name_of(condition))
    if remedy is _CREATE and address.startswith("amq."):
        remedy = "names that begin with amq. belong to the server"
    return _with_remedy(said, remedy and remedy.format(address=address, use=use))


def _with_remedy(text: str, remedy: str | None) -> str:
    return f"{text}; {remedy}" if remedy else text
