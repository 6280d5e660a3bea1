"""The bytes of a request, as they arrive on a socket."""

import socket
import threading
from collections.abc import Callable, Iterator
from datetime import datetime, timedelta, timezone
from importlib.metadata import version
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from pulp_notifier_http import HttpNotifier

from pulp_notifiers.event import Event
from pulp_notifiers.testing.plugins import LoadedNotifier

EVENT = Event(
    "repo.sync.start",
    {"repo_id": "zoo"},
    id=UUID("8d7c0f0a-0000-4000-8000-000000000001"),
    occurred_at=datetime(2026, 11, 30, 9, 0, 0, 123456, tzinfo=timezone(timedelta(hours=2))),
)
BODY = '{"event_type": "repo.sync.start", "payload": {"repo_id": "zoo"}, "call_report": null}'

FIXED = f"""\
Content-Type: application/json
Accept: */*
Accept-Encoding: gzip, deflate
Connection: keep-alive
User-Agent: pulp-notifiers/{version("pulp-notifiers")}
Pulp-Event-Id: 8d7c0f0a-0000-4000-8000-000000000001
Pulp-Event-Time: 2026-11-30T07:00:00.123456Z
"""
"""The headers that are the same in all requests here."""


@pytest.fixture
def sent(monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[..., str]]:
    """Return a function that makes one attempt and returns what arrived, whatever the host and port of the URL."""
    arrived: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as listening:
        here = (socket.AF_INET, socket.SOCK_STREAM, socket.IPPROTO_TCP, "", listening.getsockname())
        monkeypatch.setattr(socket, "getaddrinfo", lambda *arguments, **options: [here])

        def send(attempt: int = 1, **config: Any) -> str:
            notifier = LoadedNotifier("http", HttpNotifier)
            thread = threading.Thread(target=take_one, args=(listening, arrived))
            thread.start()
            notifier.send(EVENT, notifier.parse(config), "", attempt)
            notifier.close()
            thread.join()
            return arrived.pop().decode("ascii").replace("\r\n", "\n")

        yield send


def take_one(listening: socket.socket, arrived: list[bytes]) -> None:
    """Read one request and accept it."""
    listening.settimeout(10)
    client, _ = listening.accept()
    with client:
        arrived.append(client.recv(65536))  # a request is one write
        client.sendall(b"HTTP/1.1 204 No Content\r\n\r\n")


def test_a_request_without_credentials(sent: Callable[..., str]) -> None:
    """Names, order and case of the headers do not change."""
    expected = f"""\
POST /hook?token=a%2fb&x[]=1&100%25 HTTP/1.1
Host: receiver.example
{FIXED}Pulp-Delivery-Attempt: 1
Content-Length: 85

{BODY}"""

    assert expected == sent(url="http://receiver.example/hook?token=a%2fb&x[]=1&100%25")


def test_a_request_with_credentials(sent: Callable[..., str]) -> None:
    """They precede the length."""
    expected = f"""\
POST / HTTP/1.1
Host: receiver.example:8080
{FIXED}Pulp-Delivery-Attempt: 12
Authorization: Basic am86cHc=
Content-Length: 85

{BODY}"""

    assert expected == sent(12, url="http://receiver.example:8080", username="jo", password="pw")


def test_a_token_and_further_headers_are_sent(
    sent: Callable[..., str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The token replaces any other login; a percent sign has no special meaning."""
    (tmp_path / "netrc").write_text("machine receiver.example login jo password pw\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    expected = f"""\
POST / HTTP/1.1
Host: receiver.example
{FIXED}Pulp-Delivery-Attempt: 1
X-Api-Key: 100%d%b%%
X-Empty:{" "}
Authorization: Bearer abc.DEF-123~==
Content-Length: 85

{BODY}"""
    headers = {"X-Api-Key": " 100%d%b%%\t", "X-Empty": ""}

    assert expected == sent(
        url="http://u:p@receiver.example/", username="jo", password="pw", token="abc.DEF-123~==", headers=headers
    )


def test_a_login_of_another_kind_can_be_given_as_a_header(
    sent: Callable[..., str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Neither the URL nor .netrc add a second one."""
    (tmp_path / "netrc").write_text("machine receiver.example login jo password pw\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))

    request = sent(url="http://u:p@receiver.example/", headers={"authorization": "Splunk abc"})

    assert "\nauthorization: Splunk abc\n" in request
    assert 1 == request.lower().count("authorization:")


def test_a_request_with_credentials_from_netrc(
    sent: Callable[..., str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """They follow the length."""
    (tmp_path / "netrc").write_text("machine receiver.example login jo password pw\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    expected = f"""\
POST /?a HTTP/1.1
Host: receiver.example
{FIXED}Pulp-Delivery-Attempt: 1
Content-Length: 85
Authorization: Basic am86cHc=

{BODY}"""

    assert expected == sent(url="http://receiver.example?a")


def test_a_request_through_a_proxy(sent: Callable[..., str], monkeypatch: pytest.MonkeyPatch) -> None:
    """The proxy gets the whole URL, and its own credentials last."""
    monkeypatch.setenv("http_proxy", "http://proxy:secret@proxy.example:3128")
    expected = f"""\
POST http://receiver.example:80/hook?x=1 HTTP/1.1
Host: receiver.example:80
{FIXED}Pulp-Delivery-Attempt: 1
Authorization: Basic am86cHc=
Content-Length: 85
Proxy-Authorization: Basic cHJveHk6c2VjcmV0

{BODY}"""

    assert expected == sent(url="http://receiver.example:80/hook?x=1", username="jo", password="pw")


@pytest.mark.parametrize(
    ("origin", "host"),
    [
        ("Receiver.Example:80", "receiver.example"),
        ("receiver.example:443", "receiver.example:443"),
        ("receiver.example.", "receiver.example"),
        ("bücher.example", "xn--bcher-kva.example"),
        ("[::1]", "[::1]"),
        ("192.0.2.1:81", "192.0.2.1:81"),
    ],
)
def test_the_host_header_names_the_host_and_an_unusual_port(origin: str, host: str, sent: Callable[..., str]) -> None:
    """The port is left out if it is the usual one."""
    assert f"\nHost: {host}\n" in sent(url=f"http://{origin}/")
