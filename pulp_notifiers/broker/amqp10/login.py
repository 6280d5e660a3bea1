"""How a client logs in to an AMQP 1.0 server (SASL, AMQP 1.0 part 5), and why that failed."""

from dataclasses import dataclass

from proton import SASL, Array, Data, ProtonException

_SASL_FRAME = 1
_HEADER_BYTES = 8  # of a protocol header, and of a frame
_MOST_BYTES = 4096
_OUTCOMES = {
    SASL.SYS: "the server could not check the login because of an error of its own",
    SASL.PERM: "the server could not check the login because of an error of its own, which will not pass by itself",
    SASL.TEMP: "the server could not check the login now",
}


@dataclass(frozen=True, slots=True)
class Login:
    """The identity that a client logs in with.

    :ivar user: empty to log in by the certificate, or else anonymously.
    :ivar has_certificate: a client certificate is presented over TLS.
    """

    user: str
    has_certificate: bool

    @property
    def mechanisms(self) -> str:
        """The mechanisms that can be used, joined by blanks."""
        if self.user:
            # More than one only if proton was built with Cyrus SASL, which then picks the strongest that is offered.
            return "SCRAM-SHA-512 SCRAM-SHA-256 SCRAM-SHA-1 PLAIN" if SASL.extended() else "PLAIN"
        return "EXTERNAL ANONYMOUS" if self.has_certificate else "ANONYMOUS"

    def failure(self, outcome: int | None, offered: list[str]) -> str:
        """Return why a login failed, and what to do.

        :param outcome: the server's answer; None if the login did not come so far.
        :param offered: the mechanisms that the server offers.
        """
        if offered and not set(offered) & set(self.mechanisms.split()):
            return f"the server offers the login mechanisms {', '.join(offered)}; {self._remedy(offered)}"
        if outcome in _OUTCOMES:
            return _OUTCOMES[outcome]
        if self.user:
            return f"the server refused the login of the user {self.user}; check user and password in the URL"
        return "the server refused a login without a user; write USER:PASSWORD@ before the host in the URL"

    def _remedy(self, offered: list[str]) -> str:
        if not self.user and "PLAIN" in offered:
            return "write USER:PASSWORD@ before the host in the URL"
        enable = "enable PLAIN on the server (for a user in the URL; many servers demand TLS for it)"
        return f"{enable}, or remove the user from the URL" if "ANONYMOUS" in offered else enable


class OfferedMechanisms:
    """Reads the login mechanisms from the first bytes of a server, because proton does not show them.

    :ivar names: as far as they were read.
    """

    def __init__(self) -> None:
        self.names: list[str] = []
        self._head = b""
        self._done = False

    def feed(self, data: bytes) -> None:
        """Read the next bytes."""
        if self._done:
            return
        self._head += data
        frame = self._head[_HEADER_BYTES:]
        size = int.from_bytes(frame[:4])
        if len(frame) >= _HEADER_BYTES and (frame[5] != _SASL_FRAME or size > _MOST_BYTES):
            self._done = True
        elif len(frame) >= max(size, _HEADER_BYTES):
            self._done = True
            self.names = _mechanisms(frame[4 * frame[4] : size])


def _mechanisms(performative: bytes) -> list[str]:
    data = Data()
    try:
        data.decode(performative)
        data.rewind()
        data.next()
        fields = data.get_py_described().value
    except (ProtonException, AttributeError, TypeError, ValueError):
        return []
    names = fields[0] if isinstance(fields, list) and fields else None
    return [str(name) for name in (names.elements if isinstance(names, Array) else [names])]
