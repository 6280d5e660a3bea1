"""If TLS is asked for, nothing is sent without it, and both ends prove who they are."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
import trustme

from pulp_notifiers.broker import Broker, Deadline, MessagingSettings, Publisher, broker_urls
from pulp_notifiers.errors import TemporaryFailure
from tests.harness.rabbitmq import AMQP_1_0, RabbitMQ, TlsListener
from tests.support.amqp import connections, inbox_of, paused
from tests.support.publishing import IN_TIME_SECONDS, MESSAGE, PATIENT_SECONDS, failure, publisher_of
from tests.support.waiting import wait_until


@dataclass(frozen=True)
class TlsServer:
    """A node whose certificate is for localhost, and the files that a client needs."""

    node: RabbitMQ
    ca: trustme.CA
    cacert: str
    clientcert: str

    def url(self, host: str = "localhost", userinfo: str = "") -> str:
        """Return the URL of its TLS listener."""
        return f"ssl://{userinfo}{host}:{self.node.tls_port}"


def logged_in_over_amqp10(node: RabbitMQ, user: str) -> bool:
    """Return whether a client has; this version of RabbitMQ lists no connections of AMQP 1.0."""
    log = (node.folder / "log" / "rabbit@localhost.log").read_text(encoding="utf-8")
    return any("AMQP 1.0 connection" in line and f"user '{user}' authenticated" in line for line in log.splitlines())


@contextmanager
def tls_publisher(server: TlsServer, url: str, timeout_seconds: float = 60.0) -> Iterator[Publisher]:
    """Publish over TLS for the duration of a block."""
    with publisher_of(
        url, cacert=server.cacert, clientcert=server.clientcert, timeout_seconds=timeout_seconds
    ) as publisher:
        yield publisher


@pytest.fixture(scope="module")
def tls_server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TlsServer]:
    """Return a node that requires a client certificate and accepts it as a login."""
    reason = RabbitMQ.available()
    if reason:
        pytest.skip(reason)
    folder = tmp_path_factory.mktemp("tls")
    ca = trustme.CA()
    ca.cert_pem.write_to_path(folder / "ca.pem")
    own = ca.issue_cert("localhost")
    own.cert_chain_pems[0].write_to_path(folder / "server.pem")
    own.private_key_pem.write_to_path(folder / "server.key")
    ca.issue_cert("pulp.example", common_name="pulp").private_key_and_cert_chain_pem.write_to_path(folder / "pulp.pem")
    with RabbitMQ(
        TlsListener(folder / "ca.pem", folder / "server.pem", folder / "server.key", client_certificate_required=True),
        plugins=["rabbitmq_auth_mechanism_ssl", AMQP_1_0],
        extra_configuration=[
            "auth_mechanisms.1 = PLAIN",
            "auth_mechanisms.2 = EXTERNAL",
            "ssl_cert_login_from = common_name",
        ],
    ) as node:
        node.add_user("pulp", "unused")
        node.permit("pulp", ".*", ".*", ".*")
        yield TlsServer(node, ca, str(folder / "ca.pem"), str(folder / "pulp.pem"))


def test_the_client_certificate_names_the_user(tls_server: TlsServer) -> None:
    """The server accepts it as a login."""
    with tls_publisher(tls_server, tls_server.url()) as publisher, inbox_of(tls_server.node.port) as inbox:
        publisher.publish(MESSAGE)

        assert "pulp\ttrue" in connections(tls_server.node, "user", "ssl")
        assert MESSAGE.body == inbox.get()[2]


def test_a_user_in_the_url_has_priority_over_the_certificate(tls_server: TlsServer) -> None:
    """The connection is that user's."""
    with tls_publisher(tls_server, tls_server.url(userinfo="guest:guest@")) as publisher:
        publisher.publish(MESSAGE)

        assert "guest\ttrue" in connections(tls_server.node, "user", "ssl")


@pytest.mark.parametrize(("userinfo", "user"), [("", "pulp"), ("guest:guest@", "guest")])
def test_over_amqp_1_0_the_same_logins_are_accepted(tls_server: TlsServer, userinfo: str, user: str) -> None:
    """EXTERNAL with the certificate, and PLAIN with a user in the URL."""
    pytest.importorskip("proton", reason="python-qpid-proton is not installed (pip install pulp-notifiers[qpid])")
    urls = broker_urls(f"qpids://{userinfo}localhost:{tls_server.node.tls_port}")

    Broker(urls, tls_server.cacert, tls_server.clientcert).connect(Deadline(PATIENT_SECONDS)).close(2)

    wait_until(lambda: logged_in_over_amqp10(tls_server.node, user))


def test_over_amqp_1_0_a_server_of_another_name_is_refused(tls_server: TlsServer) -> None:
    """And the reason says what to write."""
    pytest.importorskip("proton", reason="python-qpid-proton is not installed (pip install pulp-notifiers[qpid])")
    urls = broker_urls(f"amqp10s://127.0.0.1:{tls_server.node.tls_port}")

    with pytest.raises(TemporaryFailure, match="not valid for '127.0.0.1'; set .messaging. cacert .* as the host"):
        Broker(urls, tls_server.cacert, tls_server.clientcert).connect(Deadline(PATIENT_SECONDS))


def test_the_settings_name_the_certificate_files(tls_server: TlsServer) -> None:
    """Under Pulp 2's names."""
    settings = MessagingSettings.model_validate(
        {"url": tls_server.url(), "cacert": tls_server.cacert, "clientcert": tls_server.clientcert}
    )

    publisher = Publisher(settings.broker())

    publisher.publish(MESSAGE)
    publisher.close()


def test_a_server_of_another_name_is_refused(tls_server: TlsServer) -> None:
    """The certificate is for localhost, not for 127.0.0.1."""
    with tls_publisher(tls_server, tls_server.url("127.0.0.1")) as publisher:
        _, reason = failure(publisher, MESSAGE)

    assert "IP address mismatch, certificate is not valid for '127.0.0.1'" in reason


def test_a_certificate_of_another_authority_is_refused(tls_server: TlsServer, tmp_path: Path) -> None:
    """Without a cacert, the system's authorities decide; with one, only that one."""
    trustme.CA().cert_pem.write_to_path(tmp_path / "other.pem")
    for cacert in (None, str(tmp_path / "other.pem")):
        with publisher_of(tls_server.url(), cacert=cacert, clientcert=tls_server.clientcert) as publisher:
            _, reason = failure(publisher, MESSAGE)

        assert f"could not connect to messaging server amqps://localhost:{tls_server.node.tls_port}//: " in reason
        assert "certificate verify failed" in reason


def test_amqp_1_0_over_tls_is_the_same(tls_server: TlsServer) -> None:
    """The certificate is the login there too, and a missing one is named."""
    pytest.importorskip("proton", reason="python-qpid-proton is not installed")
    url = tls_server.url().replace("ssl://", "qpids://")
    with tls_publisher(tls_server, url) as publisher:
        publisher.publish(MESSAGE)
    with publisher_of(url, cacert=tls_server.cacert) as publisher:
        _, reason = failure(publisher, MESSAGE)

    assert "client certificate that it trusts" in reason
    assert "[messaging] clientcert" in reason


def test_a_missing_client_certificate_is_a_temporary_failure(tls_server: TlsServer) -> None:
    """The server refuses the connection."""
    with publisher_of(tls_server.url(), cacert=tls_server.cacert) as publisher:
        failure(publisher, MESSAGE)


def test_nothing_is_sent_in_clear_text(tls_server: TlsServer) -> None:
    """Not even a greeting to a server that does not speak TLS."""
    with socket.create_server(("127.0.0.1", 0)) as plain:
        received: list[bytes] = []
        listener = threading.Thread(target=listen_once, args=(plain, received))
        listener.start()
        with publisher_of(f"ssl://localhost:{plain.getsockname()[1]}", cacert=tls_server.cacert) as publisher:
            failure(publisher, MESSAGE)
        listener.join()

    assert b"\x16\x03" == received[0][:2]  # the first bytes of a TLS handshake


def test_a_frozen_server_over_tls_fails_the_message_after_the_timeout(tls_server: TlsServer) -> None:
    """The connection is replaced when the server resumes."""
    with tls_publisher(tls_server, tls_server.url(), timeout_seconds=PATIENT_SECONDS) as publisher:
        publisher.publish(MESSAGE)
        with paused(tls_server.node):
            took, reason = failure(publisher, MESSAGE)

        publisher.publish(MESSAGE)

    assert took < IN_TIME_SECONDS
    assert "no answer within 4 s" in reason


def test_a_certificate_file_that_disappeared_is_a_temporary_failure(tmp_path: Path) -> None:
    """It may come back; nothing is sent until then."""
    with publisher_of("ssl://localhost:1", cacert=str(tmp_path / "gone.pem")) as publisher:
        failure(publisher, MESSAGE)


def listen_once(server: socket.socket, received: list[bytes]) -> None:
    connection, _ = server.accept()
    with connection:
        received.append(connection.recv(1024))
