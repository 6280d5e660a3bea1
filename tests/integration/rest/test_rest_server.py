"""The server: address, TLS, headers, access log, shutdown."""

import http.client
import logging
import signal
import socket
import ssl
import subprocess
import sys
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path

import pytest
import trustme

from pulp_notifiers.app import App
from pulp_notifiers.errors import InvalidSetting
from pulp_notifiers.rest import RestServer
from pulp_notifiers.settings import Settings
from tests.support.migrated import new_state
from tests.support.rest import EVENTS, OWN, RestService, answer_of, rest_service

STATUS = f"{OWN}status/"
TIMEOUT_SECONDS = 60


@contextmanager
def app(directory: Path, **settings: str) -> Iterator[App]:
    """Yield an App that is not served yet."""
    new_state(directory)
    with App(Settings({"notifiers": {"state_directory": str(directory), "bind": "127.0.0.1:0", **settings}})) as wired:
        yield wired


def test_answers_have_no_server_header(service: RestService) -> None:
    """They have their length and date."""
    answer = service.request("GET", STATUS)

    assert "server" not in answer.headers
    assert str(len(answer.body)) == answer.headers["content-length"]
    assert "date" in answer.headers


def test_the_reason_phrase_of_201_is_in_capitals(service: RestService) -> None:
    """Pulp 2 wrote it like this, and no other one (CONTRACT 1.2)."""
    created = service.request("POST", EVENTS, {"notifier_type_id": "http", "event_types": ["*"]})

    assert (201, "CREATED") == (created.status, created.reason)
    assert service.request("GET", created.headers["location"]).reason == "OK"


def test_a_connection_stays_usable_after_errors(service: RestService) -> None:
    """One socket serves all requests."""
    connection = http.client.HTTPConnection("127.0.0.1", service.server.port, timeout=TIMEOUT_SECONDS)
    connection.connect()
    first_socket = connection.sock

    for path, status in ((STATUS, 200), (EVENTS, 401), ("/x", 404), (EVENTS.rstrip("/"), 301), (STATUS, 200)):
        connection.request("GET", path)
        assert status == answer_of(connection.getresponse()).status

    assert first_socket is connection.sock
    connection.close()


@pytest.mark.parametrize(
    "sent",
    [
        b"GET / HTTP/9.9\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\x00" * 100,
        b"GET %b\xff HTTP/1.1\r\nHost: x\r\n\r\n" % EVENTS.encode(),
        b"GET /\x00 HTTP/1.1\r\nHost: x\r\n\r\n",
        b"\r\n\r\n\r\n",
        b"GET",
        b"get / HTTP/1.1\r\nHost: x\r\n\r\n",
        b"GET / HTTP/1.1\r\nHost: x\r\nA: " + b"x" * 1_000_000 + b"\r\n\r\n",
    ],
)
def test_bytes_that_are_not_http_do_no_harm(service: RestService, sent: bytes) -> None:
    """They are answered 4xx or not at all."""
    try:
        received = service.talk(sent)
    except OSError:
        received = b""

    assert received == b"" or received.startswith(b"HTTP/1.1 4")
    assert service.request("GET", STATUS).status == 200


def test_the_access_log_has_no_query_and_no_credentials(service: RestService, caplog: pytest.LogCaptureFixture) -> None:
    """Both may be secret."""
    caplog.set_level(logging.INFO, "pulp_notifiers")

    service.request("GET", f"{EVENTS}?token=swordfish", headers={"X-Api-Key": "swordfish"})
    service.request("GET", f"{EVENTS}a%0Ab/")

    lines = [record.getMessage() for record in caplog.records if record.name == "pulp_notifiers.rest.access"]
    assert f"127.0.0.1 GET {EVENTS} 200" == lines[0].rsplit(" ", 2)[0]
    assert f"127.0.0.1 GET {EVENTS}a%0Ab/ 404" == lines[1].rsplit(" ", 2)[0]
    assert "swordfish" not in caplog.text
    assert "YWRtaW4" not in caplog.text


def test_https_is_served_with_the_configured_certificate(tmp_path: Path) -> None:
    """The URL of the server starts with https."""
    authority = trustme.CA()
    certificate = authority.issue_cert("127.0.0.1")
    certificate.cert_chain_pems[0].write_to_path(tmp_path / "cert.pem")
    certificate.private_key_pem.write_to_path(tmp_path / "key.pem")
    trusted = ssl.create_default_context()
    authority.configure_trust(trusted)

    files = {"tls_certificate": str(tmp_path / "cert.pem"), "tls_key": str(tmp_path / "key.pem")}
    with rest_service(tmp_path / "state", **files) as service:
        connection = http.client.HTTPSConnection(
            "127.0.0.1", service.server.port, context=trusted, timeout=TIMEOUT_SECONDS
        )
        connection.request("GET", STATUS)

        assert connection.getresponse().status == 200
        connection.close()
        assert service.server.url == f"https://127.0.0.1:{service.server.port}"


def test_an_ipv6_address_is_served(tmp_path: Path) -> None:
    """The URL has it in brackets."""
    with app(tmp_path, bind="[::1]:0") as wired, RestServer(wired) as server:
        connection = http.client.HTTPConnection("::1", server.port, timeout=TIMEOUT_SECONDS)
        connection.request("GET", STATUS)

        assert connection.getresponse().status == 200
        connection.close()
        assert server.url == f"http://[::1]:{server.port}"


def test_binding_to_all_ipv6_addresses_includes_ipv4(tmp_path: Path) -> None:
    """A proxy may connect by either."""
    with app(tmp_path, bind="[::]:0") as wired, RestServer(wired) as server:
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=TIMEOUT_SECONDS)
        connection.request("GET", STATUS)

        assert connection.getresponse().status == 200
        connection.close()


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"bind": "192.0.2.1:0"}, r"bind = '192.0.2.1:0' cannot be used: this machine has no such address"),
        ({"bind": "no.such.host.invalid:0"}, r"bind = 'no.such.host.invalid:0' cannot be used: .*write an address"),
        ({"bind": "a..b:80"}, r"bind = 'a\.\.b:80' cannot be used: it has no host name or address"),
        ({"bind": f"{'a' * 70}.example:80"}, "cannot be used: it has no host name or address"),
        ({"bind": "127.0.0.1:99999"}, r"bind = '127.0.0.1:99999' cannot be used: "),
        (
            {"tls_certificate": "/no.pem"},
            r"tls_certificate /no.pem and tls_key None cannot be used: ",
        ),
        ({"tls_key": "/no.pem"}, "tls_key is set without tls_certificate"),
        ({"trusted_proxies": "localhost"}, "trusted_proxies: 'localhost' is neither"),
    ],
)
def test_a_setting_that_cannot_be_used_is_one_error_message(
    tmp_path: Path, settings: dict[str, str], message: str
) -> None:
    """It is raised before anything is served."""
    with app(tmp_path, **settings) as wired, pytest.raises(InvalidSetting, match=message):
        RestServer(wired)


def test_an_address_in_use_is_one_error_message(service: RestService, tmp_path: Path) -> None:
    """It names the setting, and says how to find the other process."""
    bind = f"127.0.0.1:{service.server.port}"

    with app(tmp_path / "other", bind=bind) as wired, pytest.raises(InvalidSetting) as refused:
        RestServer(wired)

    assert f"bind = '{bind}' cannot be used: another process listens there." in str(refused.value)
    assert f"ss -ltnp 'sport = :{service.server.port}'" in str(refused.value)


def test_a_request_in_progress_is_answered_before_the_server_stops(tmp_path: Path) -> None:
    """No new connection is accepted meanwhile."""
    with app(tmp_path) as wired, RestServer(wired) as server, ThreadPoolExecutor(1) as pool:
        service = RestService(wired, server)
        service.add_user("admin", super_user=True)
        connection = socket.create_connection(("127.0.0.1", server.port), timeout=TIMEOUT_SECONDS)
        head = b"PUT /pulp/api/v2/events/x/ HTTP/1.1\r\nHost: x\r\nAuthorization: Basic YWRtaW46YWRtaW4=\r\n"
        connection.sendall(head + b"Expect: 100-continue\r\nContent-Length: 2\r\n\r\n")
        assert connection.recv(100).startswith(b"HTTP/1.1 100 ")

        stopping = pool.submit(server.stop)
        connection.sendall(b"{}")
        answer = http.client.HTTPResponse(connection)
        answer.begin()

        assert answer_of(answer).status == 404
        stopping.result(timeout=TIMEOUT_SECONDS)
        connection.close()
        with pytest.raises(ConnectionRefusedError):
            socket.create_connection(("127.0.0.1", server.port), timeout=TIMEOUT_SECONDS)


def test_a_server_that_never_served_can_be_stopped(tmp_path: Path) -> None:
    """It can be stopped twice."""
    with app(tmp_path) as wired:
        server = RestServer(wired)
        server.stop()
        server.stop()


SERVED = """
import sys
from pulp_notifiers.app import App
from pulp_notifiers.settings import Settings
from pulp_notifiers.rest import RestServer
with App(Settings({"notifiers": {"state_directory": sys.argv[1], "bind": "127.0.0.1:0"}})) as app:
    server = RestServer(app)
    print(server.port, flush=True)
    server.run()
    print("returned", flush=True)
print("closed", flush=True)
"""


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_after_a_signal_the_server_returns_and_the_app_is_closed(tmp_path: Path, number: signal.Signals) -> None:
    """The exit code is 0, although a connection is still open."""
    new_state(tmp_path / "state")
    command = [sys.executable, "-c", SERVED, str(tmp_path / "state")]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        port = int(process.stdout.readline())
        connection = http.client.HTTPConnection("127.0.0.1", port, timeout=TIMEOUT_SECONDS)
        connection.request("GET", STATUS)
        assert answer_of(connection.getresponse()).status == 200  # it serves, and this connection stays open

        process.send_signal(number)
        output, _ = process.communicate(timeout=TIMEOUT_SECONDS)
    finally:
        process.kill()

    assert (0, "returned\nclosed\n") == (process.returncode, output)
    connection.close()


def test_many_clients_are_served_at_once(service: RestService) -> None:
    """Each gets its own answer."""
    ids = [f"{number:024x}" for number in range(200)]
    lock = threading.Lock()
    wrong = []

    def ask(listener_id: str) -> None:
        answer = service.request("GET", f"{EVENTS}{listener_id}/")
        if (answer.status, answer.json()["resources"]["event_listener"]) != (404, listener_id):
            with lock:
                wrong.append(listener_id)

    with ThreadPoolExecutor(20) as pool:
        list(pool.map(ask, ids))

    assert [] == wrong
