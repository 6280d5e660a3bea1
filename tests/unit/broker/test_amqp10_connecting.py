"""Opening an AMQP 1.0 connection to what is not such a server, or does not let the client in."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest

from pulp_notifiers.broker import Broker, Deadline, broker_urls
from pulp_notifiers.errors import TemporaryFailure
from tests.support.answering import answering

proton = pytest.importorskip("proton", reason="python-qpid-proton is not installed")

SASL = b"AMQP\x03\x01\x00\x00"
TLS_ALERT = b"\x15\x03\x03\x00\x02\x02\x28"


def mechanisms(*names: str) -> bytes:
    """Return SASL's header and the frame in which a server offers mechanisms, as an array of symbols."""
    encoded = b"".join(bytes([len(name)]) + name.encode() for name in names)
    array = bytes([0xE0, len(encoded) + 2, len(names), 0xA3]) + encoded
    fields = bytes([0xC0, len(array) + 1, 1]) + array
    performative = b"\x00\x53\x40" + fields
    return SASL + (len(performative) + 8).to_bytes(4) + b"\x02\x01\x00\x00" + performative


def outcome(code: int) -> bytes:
    """Return the frame that ends a login."""
    return b"\x00\x00\x00\x10\x02\x01\x00\x00\x00\x53\x44\xc0\x03\x01\x50" + bytes([code])


@contextmanager
def refusal(form: str, *pieces: bytes, closes: bool = True, seconds: float = 60.0) -> Iterator[str]:
    """Yield why no connection can be opened to a server that answers with these bytes.

    :param form: its URL, with ``PORT`` in it.
    """
    with answering(*pieces, closes=closes) as port:
        broker = Broker(broker_urls(form.replace("PORT", str(port))), connect_seconds=seconds)
        with pytest.raises(TemporaryFailure) as raised:
            broker.connect(Deadline(seconds))
        yield raised.value.reason


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        (b"AMQP\x00\x00\x09\x01", "speaks AMQP 0-9-1 only; write tcp:// or ssl:// in the URL, or enable its AMQP 1.0"),
        (b"AMQP\x01\x01\x09\x01", "speaks AMQP 0-9-1 only"),
        (b"AMQP\x01\x01\x00\x0a", "speaks AMQP 0-10 only; load its AMQP 1.0 module (qpidd --load-module amqp)"),
        (b"AMQP\x00\x01\x00\x00", "does not support a login (SASL)"),
        (b"AMQP\x02\x01\x00\x00", "demands TLS; write qpids:// or amqp10s://"),
        (b"AMQP\x07\x07\x07\x07", "does not speak AMQP 1.0"),
        (TLS_ALERT, "expects TLS on this port; write qpids:// or amqp10s://"),
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", "speaks HTTP on this port; write its port for AMQP 1.0"),
        (b"220 mail.example ESMTP\r\n", "does not speak AMQP 1.0"),
        (b"AMQ", "does not speak AMQP 1.0"),
        (b"", "closed the connection without an answer; it may expect TLS"),
    ],
)
@pytest.mark.parametrize("bytewise", [False, True])
def test_a_server_of_another_protocol_is_named(answer: bytes, sentence: str, bytewise: bool) -> None:
    """However the bytes arrive; the sentence says what to do."""
    pieces = [bytes([byte]) for byte in answer] if bytewise else [answer]
    with refusal("qpid://joe:hidden@127.0.0.1:PORT/vhost", *pieces) as reason:
        assert re.match(r"could not connect to messaging server qpid://127.0.0.1:\d+/vhost: the server ", reason)
        assert sentence in reason


@pytest.mark.parametrize(
    ("answer", "sentence"),
    [
        (b"AMQP\x01\x01\x00\x0a", "does not speak AMQP 0-9-1 but AMQP 0-10, as Qpid's C++ broker does; write qpid://"),
        (b"AMQP\x00\x01\x00\x00", "does not speak AMQP 0-9-1 but AMQP 1.0; write amqp10:// or amqp10s://"),
        (b"AMQP\x03\x01\x00\x00", "does not speak AMQP 0-9-1 but AMQP 1.0; write amqp10://"),
        (TLS_ALERT, "expects TLS on this port; write ssl:// or amqps://"),
        (b"HTTP/1.1 400 Bad Request\r\n\r\n", "speaks HTTP on this port"),
        (b"220 mail.example ESMTP\r\n", "does not speak AMQP 0-9-1"),
    ],
)
def test_a_client_of_amqp_0_9_1_names_what_a_server_speaks_instead(answer: bytes, sentence: str) -> None:
    """The sentence says what to write in the URL."""
    with refusal("tcp://127.0.0.1:PORT", answer) as reason:
        assert sentence in reason


@pytest.mark.parametrize(
    ("form", "answer", "sentence"),
    [
        (
            "qpid://joe:hidden@127.0.0.1:PORT",
            mechanisms("GSSAPI", "SCRAM-SHA-256"),
            "offers the login mechanisms GSSAPI, SCRAM-SHA-256; enable PLAIN on the server",
        ),
        ("qpid://joe:hidden@127.0.0.1:PORT", mechanisms("ANONYMOUS"), "or remove the user from the URL"),
        (
            "qpid://127.0.0.1:PORT",
            mechanisms("PLAIN"),
            "offers the login mechanisms PLAIN; write USER:PASSWORD@ before",
        ),
        ("qpid://127.0.0.1:PORT", mechanisms("EXTERNAL"), "offers the login mechanisms EXTERNAL; enable PLAIN"),
        (
            "qpid://joe:hidden@127.0.0.1:PORT",
            mechanisms("PLAIN") + outcome(1),
            "refused the login of the user joe; check user and password in the URL",
        ),
        (
            "qpid://127.0.0.1:PORT",
            mechanisms("PLAIN", "ANONYMOUS") + outcome(1),
            "refused a login without a user; write USER:PASSWORD@ before the host",
        ),
        (
            "qpid://127.0.0.1:PORT",
            mechanisms("ANONYMOUS") + outcome(2),
            "could not check the login because of an error",
        ),
        ("qpid://127.0.0.1:PORT", mechanisms("ANONYMOUS") + outcome(4), "could not check the login now"),
        ("qpid://joe:hidden@127.0.0.1:PORT", SASL + b"\x00\x00\x00\x03\xff\xff\xff\xff" * 4, "the server "),
        ("qpid://joe:hidden@127.0.0.1:PORT", SASL + b"\x7f\xff\xff\xff\x02\x00\x00\x00" + bytes(1000), "the server "),
    ],
)
def test_a_login_that_fails_says_what_to_change(form: str, answer: bytes, sentence: str) -> None:
    """The mechanisms that the server offers are named, and the password is not."""
    with refusal(form, answer) as reason:
        assert sentence in reason
        assert "hidden" not in reason


def described(code: int, *fields: bytes) -> bytes:
    """Return a described list: a frame's performative, or an error."""
    items = b"".join(fields)
    return b"\x00\x53" + bytes([code, 0xD0]) + (len(items) + 4).to_bytes(4) + len(fields).to_bytes(4) + items


def opened(properties: bytes = b"\x40") -> bytes:
    """Return what a server sends to an anonymous client until the connection is open."""
    performative = described(0x10, b"\xa1\x01c", *[b"\x40"] * 8, properties)
    return mechanisms("ANONYMOUS") + outcome(0) + b"AMQP\x00\x01\x00\x00" + frame(performative)


def frame(performative: bytes) -> bytes:
    """Return a frame of channel 0."""
    return (len(performative) + 8).to_bytes(4) + b"\x02\x00\x00\x00" + performative


def closing(name: bytes, description: bytes) -> bytes:
    """Return the frame that closes the connection with an error."""
    error = described(0x1D, b"\xa3" + bytes([len(name)]) + name, b"\xb1" + len(description).to_bytes(4) + description)
    return frame(described(0x18, error))


@pytest.mark.parametrize(
    ("name", "description", "sentence"),
    [
        (b"amqp:internal-error", b"caf\xe9", "closed the connection: an error whose text cannot be decoded"),
        (b"amqp:caf\xe9", b"full", "closed the connection: an error whose text cannot be decoded"),
        (
            b"amqp:internal-error",
            b"full\r\n\x1b[31mERROR",
            "closed the connection: full [31mERROR (amqp:internal-error)",
        ),
        (b"amqp:internal-error", b"x" * 20_000, f"closed the connection: {'x' * 500}... (amqp:internal-error)"),
    ],
)
def test_the_words_of_a_server_are_a_part_of_one_line(name: bytes, description: bytes, sentence: str) -> None:
    """Whatever their encoding, characters and length."""
    with refusal("qpid://127.0.0.1:PORT", opened() + closing(name, description)) as reason:
        assert reason.endswith(sentence)


@pytest.mark.parametrize(
    "properties", [b"\xc1\x0e\x02\xa3\x07product\xa1\x01\xe9", b"\xc1\x05\x02\x45\xa1\x01x", b"\x45"]
)
def test_a_server_may_describe_itself_in_an_unknown_form(properties: bytes) -> None:
    """Then it counts as one that does not name its software."""
    with answering(opened(properties), closes=False) as port:
        connection: Any = Broker(broker_urls(f"qpid://127.0.0.1:{port}")).connect(Deadline(60))
        connection.discard()

    assert "" == connection.product


@pytest.mark.parametrize("answer", [b"", SASL, mechanisms("ANONYMOUS")])
def test_a_server_that_says_no_more_is_given_up_after_the_time_for_connecting(answer: bytes) -> None:
    """It accepted the connection."""
    with refusal("amqp10://127.0.0.1:PORT", answer, closes=False, seconds=0.05) as reason:
        assert reason.endswith((": no answer within 0.1 s", ": no answer within 0 s"))


def test_a_port_without_tls_says_so() -> None:
    """The handshake gets an answer that is none."""
    with refusal("amqp10s://127.0.0.1:PORT", b"AMQP\x00\x01\x00\x00") as reason:
        assert "does not speak TLS on this port; write the port of its TLS" in reason


def test_servers_of_both_protocols_are_tried_in_turn() -> None:
    """One reason names each."""
    with answering(b"AMQP\x01\x01\x00\x0a") as port, pytest.raises(TemporaryFailure) as raised:
        Broker(broker_urls(f"tcp://127.0.0.1:{port};qpid://127.0.0.1:{port}")).connect(Deadline(60))

    assert "does not speak AMQP 0-9-1 but AMQP 0-10" in raised.value.reason
    assert "speaks AMQP 0-10 only" in raised.value.reason
