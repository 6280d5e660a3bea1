"""Servers that are slow or do not speak SMTP: every attempt ends in time with a temporary failure."""

import select
import socket
import time

import pytest

from pulp_notifiers.errors import TemporaryFailure

SHORT = "0.3"
BOUND_SECONDS = 14.0
"""Below the 15 s of the default, far above the 0.3 s that these tests set: the machine may be busy."""


def speak(connection: socket.socket, *replies: bytes) -> None:
    """Send each reply, and read something after each."""
    for reply in replies:
        connection.sendall(reply)
        connection.recv(65536)


def be_silent(connection: socket.socket) -> None:
    while connection.recv(65536):
        pass


def trickle_the_greeting(connection: socket.socket) -> None:
    while True:
        connection.sendall(b"2")
        time.sleep(0.02)


def trickle_a_reply(connection: socket.socket) -> None:
    speak(connection, b"220 slow\r\n")
    while True:
        connection.sendall(b"250-x\r\n")
        time.sleep(0.02)


def stop_reading(connection: socket.socket) -> None:
    speak(connection, b"220 hi\r\n", b"250 hi\r\n", b"250 ok\r\n", b"250 ok\r\n")
    connection.sendall(b"354 go\r\n")
    hung_up = select.poll()
    hung_up.register(connection, 0)
    hung_up.poll()


def never_confirm(connection: socket.socket) -> None:
    speak(connection, b"220 hi\r\n", b"250 hi\r\n", b"250 ok\r\n", b"250 ok\r\n", b"354 go\r\n")
    be_silent(connection)


@pytest.mark.parametrize("converse", [be_silent, trickle_the_greeting, trickle_a_reply, stop_reading, never_confirm])
def test_an_attempt_ends_in_time_whatever_the_server_does(sending, raw_server, make_event, converse):
    """timeout_seconds applies to the attempt as a whole, not to each byte of a trickling server."""
    notifier = sending(raw_server(converse), timeout_seconds=SHORT)
    large = make_event(details=["x" * 900] * 10_000)
    started = time.monotonic()

    with pytest.raises(TemporaryFailure, match=r"(no|did not) answer within 0\.3 s"):
        notifier.send(event=large)

    assert time.monotonic() - started < BOUND_SECONDS


def test_a_missing_tls_handshake_ends_in_time(sending, raw_server):
    """The handshake is part of the attempt."""
    notifier = sending(raw_server(be_silent), timeout_seconds=SHORT, tls="tls")

    with pytest.raises(TemporaryFailure, match=r"SMTP connection failed to .*: no answer within 0\.3 s"):
        notifier.send()


@pytest.mark.parametrize(
    ("replies", "reason"),
    [
        ([b"HTTP/1.1 400 Bad Request\r\n\r\n"], "SMTP connection failed to .*: A reply that is not SMTP"),
        ([b"\x16\x03\x01\x02\r\n"], "SMTP connection failed to .*: A reply that is not SMTP"),
        ([b"220 " + b"x" * 100_000], "SMTP connection failed to .*: 500 Line too long"),
        ([b"220-x\r\n" * 100_000], "SMTP connection failed to .*: it closed the connection"),
        ([b"220 hi\r\n", b"250 hi\r\n", b"?\r\n"], r"^Error sending mail\. A reply that is not SMTP: "),
        ([b"220 hi\r\n", b"250 hi\r\n", b"354 go\r\n"], r"^Error sending mail\. 354 go"),
        (
            [b"220 hi\r\n", b"250 hi\r\n", b"250 " + b"x" * 100_000],
            r"^Error sending mail\. The server .* closed the connection",
        ),
        ([b"220 hi\r\n", b"250 hi\r\n", b"550 a\x1b[31m\0b\r\n"], r"^Error sending mail\. 550 a \[31m b \("),
    ],
)
def test_replies_that_are_not_smtp_are_reported_in_one_printable_line(sending, raw_server, replies, reason):
    """They never count as a permanent refusal of the mail unless they are one."""

    def converse(connection: socket.socket) -> None:
        speak(connection, *replies)

    with pytest.raises(Exception, match=reason) as caught:
        sending(raw_server(converse)).send()

    assert isinstance(caught.value, TemporaryFailure) == ("550" not in reason)
    assert caught.value.reason.isprintable()
    assert len(caught.value.reason) < 500


def test_all_addresses_of_a_host_are_tried(sending, receiver):
    """localhost has an IPv6 address, on which nothing listens, and the server's IPv4 address."""
    sending(receiver.port, host="localhost").send()

    assert 1 == len(receiver.wait_for(1))
