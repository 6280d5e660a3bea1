"""The first bytes with which a server names its protocol, and what to do if it is not the one that was asked for.

Each protocol begins with a header of 8 bytes (section 4.2.2 of AMQP 0-9-1, 4.3 of 0-10, 2.2 of 1.0). A
server that does not speak what a client asks for answers with the header of what it speaks, and closes.
"""

HEADER_BYTES = 8

_TLS_RECORDS = (b"\x15\x03", b"\x16\x03")  # an alert, a handshake


def not_amqp10(greeting: bytes) -> str:
    """Return why a server that answered a client of AMQP 1.0 with these bytes cannot be used, and what to do."""
    match _version(greeting):
        case (0, 0, 9) | (1, 1, 9) | (1, 1, 8):
            return (
                "the server speaks AMQP 0-9-1 only; write tcp:// or ssl:// in the URL, or enable its AMQP 1.0 "
                "(rabbitmq-plugins enable rabbitmq_amqp1_0)"
            )
        case (1, 1, 0):
            return (
                "the server speaks AMQP 0-10 only; load its AMQP 1.0 module (qpidd --load-module amqp), or use a "
                "server that speaks AMQP 1.0 or 0-9-1"
            )
        case (0, 1, 0):
            return "the server does not support a login (SASL), which this client needs; enable it on the server"
        case (2, 1, 0):
            return "the server demands TLS; write qpids:// or amqp10s:// in the URL"
    return _other(greeting, "qpids:// or amqp10s://", "AMQP 1.0")


def not_amqp091(greeting: bytes) -> str:
    """Return why a server that answered a client of AMQP 0-9-1 with these bytes cannot be used, and what to do."""
    match _version(greeting):
        case (1, 1, 0):
            return (
                "the server does not speak AMQP 0-9-1 but AMQP 0-10, as Qpid's C++ broker does; write qpid:// or "
                "qpids:// in the URL, to use its AMQP 1.0"
            )
        case (0 | 2 | 3, 1, 0):
            return "the server does not speak AMQP 0-9-1 but AMQP 1.0; write amqp10:// or amqp10s:// in the URL"
    return _other(greeting, "ssl:// or amqps://", "AMQP 0-9-1")


def _version(greeting: bytes) -> tuple[int, ...]:
    """Return the three bytes after ``AMQP``, in which all known headers differ; nothing if it is not AMQP."""
    return tuple(greeting[4:7]) if greeting.startswith(b"AMQP") else ()


def _other(greeting: bytes, tls_forms: str, protocol: str) -> str:
    if greeting.startswith(_TLS_RECORDS):
        return f"the server expects TLS on this port; write {tls_forms} in the URL"
    if greeting.startswith(b"HTTP"):
        return f"the server speaks HTTP on this port; write its port for {protocol} in the URL"
    return f"the server does not speak {protocol}"
