"""Proxies and ``.netrc`` in the environment, which Pulp 2's library used."""

import socket
import threading
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from pulp_notifiers.errors import TemporaryFailure
from pulp_notifiers.testing.http import HttpReceiver

Send = Callable[..., None]


@pytest.fixture
def tunnel() -> Iterator[tuple[int, list[bytes]]]:
    """Return the port of a proxy for one ``CONNECT``, and the heads of the requests that it read."""
    heads: list[bytes] = []
    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=carry_one, args=(listening, heads))
        thread.start()
        yield int(listening.getsockname()[1]), heads
        thread.join()


def carry_one(listening: socket.socket, heads: list[bytes]) -> None:
    """Act as the proxy for one connection."""
    listening.settimeout(10)
    client, _ = listening.accept()
    with client, client.makefile("rb", buffering=0) as lines:
        head = b"".join(iter(lines.readline, b"\r\n"))
        heads.append(head)
        port = int(head.split()[1].rpartition(b":")[2])
        with socket.create_connection(("127.0.0.1", port), timeout=60) as server:
            client.sendall(b"HTTP/1.1 200 OK\r\n\r\n")
            back = threading.Thread(target=pump, args=(server, client))
            back.start()
            pump(client, server)
            back.join()


def pump(source: socket.socket, sink: socket.socket) -> None:
    """Copy bytes in one direction until they end."""
    try:
        while data := source.recv(65536):
            sink.sendall(data)
        sink.shutdown(socket.SHUT_WR)
    except OSError:  # the other direction was faster
        return


def test_a_proxy_of_the_environment_is_used(send: Send, monkeypatch: pytest.MonkeyPatch) -> None:
    """It gets the whole URL, and its own credentials besides the listener's."""
    with HttpReceiver() as proxy:
        monkeypatch.setenv("http_proxy", f"http://proxy:secret@127.0.0.1:{proxy.port}")
        send(url="http://receiver.example/hook?x=1", username="jo", password="pw")

        (request,) = proxy.requests
    assert "http://receiver.example/hook?x=1" == request.path
    assert "Basic cHJveHk6c2VjcmV0" == request.headers["Proxy-Authorization"]
    assert "Basic am86cHc=" == request.headers["Authorization"]


def test_hosts_in_no_proxy_are_contacted_directly(send: Send, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each URL is decided separately."""
    with HttpReceiver() as proxy, HttpReceiver() as receiver:
        monkeypatch.setenv("http_proxy", proxy.url)
        monkeypatch.setenv("no_proxy", "other.example 127.0.0.0/8, another.example.")
        send(url=receiver.url)
        send(url="http://receiver.example/")

        assert ["/"] == [request.path for request in receiver.requests]
        assert ["http://receiver.example/"] == [request.path for request in proxy.requests]


def test_tls_through_a_proxy_is_verified(
    tunnel: tuple[int, list[bytes]], send: Send, certificates: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The receiver's certificate is verified at the end of the tunnel, and the proxy sees nothing of the event."""
    port, heads = tunnel
    monkeypatch.setenv("https_proxy", f"http://127.0.0.1:{port}")
    with HttpReceiver(certificate=certificates / "receiver.example.pem") as receiver:
        send(url=f"https://receiver.example:{receiver.port}/hook", ca_path=str(certificates / "ca.pem"))

        assert ["/hook"] == [request.path for request in receiver.requests]
        assert heads[0].startswith(b"CONNECT receiver.example:")


def test_a_proxy_that_is_down_is_named_without_its_password(send: Send, monkeypatch: pytest.MonkeyPatch) -> None:
    """The message names the proxy, because the receiver is not at fault."""
    with HttpReceiver() as proxy:
        gone = proxy.port
    monkeypatch.setenv("https_proxy", f"http://proxy:secret@127.0.0.1:{gone}")

    with pytest.raises(TemporaryFailure) as raised:
        send(url="https://receiver.example/hook")

    assert f"the proxy 127.0.0.1:{gone} refused the connection" in raised.value.reason
    assert "(https://receiver.example/hook)" in raised.value.reason
    assert "secret" not in raised.value.reason


@pytest.mark.parametrize("proxy", ["http://proxy:secret@127.0.0.1:99999", "http://", "socks9://proxy:secret@x:1"])
def test_an_invalid_proxy_url_is_reported_without_its_password(
    proxy: str, send: Send, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Somebody has to fix the environment, so the attempt is worth repeating."""
    monkeypatch.setenv("http_proxy", proxy)

    with pytest.raises(TemporaryFailure, match="^HTTP Notification Failed: .*prox") as raised:
        send(url="http://receiver.example/hook")

    assert "secret" not in raised.value.reason


def test_a_refusal_by_the_proxy_is_reported(send: Send, monkeypatch: pytest.MonkeyPatch) -> None:
    """The message has the proxy's status."""
    with HttpReceiver() as proxy:
        monkeypatch.setenv("https_proxy", proxy.url)
        with pytest.raises(TemporaryFailure, match=r"the proxy 127\.0\.0\.1:.*Tunnel connection failed: 501"):
            send(url="https://receiver.example/hook")


def test_netrc_gives_credentials_if_the_listener_has_none(
    send: Send, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The listener's own take precedence."""
    (tmp_path / "netrc").write_text("machine 127.0.0.1 login jo password pw\n")
    monkeypatch.setenv("NETRC", str(tmp_path / "netrc"))
    with HttpReceiver() as receiver:
        send(url=receiver.url)
        send(url=receiver.url, username="eve", password="")

        ours, theirs = receiver.requests
    assert "Basic am86cHc=" == ours.headers["Authorization"]
    assert "Basic ZXZlOg==" == theirs.headers["Authorization"]
