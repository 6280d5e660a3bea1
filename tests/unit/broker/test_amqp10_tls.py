"""Connecting over TLS to an AMQP 1.0 server, an imitation of qpidd."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import trustme

from pulp_notifiers.broker import Broker, Deadline, StreamMessage, StreamOpener, broker_urls
from pulp_notifiers.errors import TemporaryFailure
from pulp_notifiers.task_stream.document import FORM

pytest.importorskip("proton", reason="python-qpid-proton is not installed")

from tests.support.imitated_qpidd import ImitatedQpidd

SECONDS = 60.0


@dataclass(frozen=True)
class TlsServer:
    """An imitation whose certificate is for localhost, and the files that a client needs."""

    peer: ImitatedQpidd
    cacert: str
    clientcert: str

    def failure(self, form: str, cacert: str | None = None, clientcert: str | None = None) -> str:
        """Return why no connection can be opened."""
        broker = Broker(broker_urls(form.replace("PORT", str(self.peer.port))), cacert, clientcert, SECONDS)
        with pytest.raises(TemporaryFailure) as raised:
            broker.connect(Deadline(SECONDS))
        return raised.value.reason


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[TlsServer]:
    """Yield one for all tests of this module."""
    folder = tmp_path_factory.mktemp("tls")
    ca = trustme.CA()
    ca.cert_pem.write_to_path(folder / "ca.pem")
    own = ca.issue_cert("localhost")
    own.cert_chain_pems[0].write_to_path(folder / "server.pem")
    own.private_key_pem.write_to_path(folder / "server.key")
    ca.issue_cert("pulp.example", common_name="pulp").private_key_and_cert_chain_pem.write_to_path(folder / "pulp.pem")
    with ImitatedQpidd(folder / "server.pem", folder / "server.key", folder / "ca.pem") as peer:
        yield TlsServer(peer, str(folder / "ca.pem"), str(folder / "pulp.pem"))


@pytest.mark.parametrize(
    ("form", "with_certificate", "user"),
    [
        ("qpids://guest:guest@localhost:PORT", False, "guest"),
        ("qpids://localhost:PORT", True, "pulp"),
        ("qpids://guest:guest@localhost:PORT", True, "guest"),
        ("qpid+ssl://localhost:PORT", False, "anonymous"),
    ],
)
def test_the_login_is_the_user_of_the_url_or_else_the_certificate(
    server: TlsServer, form: str, with_certificate: bool, user: str
) -> None:
    """Or anonymous, without either; messages of several TLS records arrive."""
    urls = broker_urls(form.replace("PORT", str(server.peer.port)))
    broker = Broker(urls, server.cacert, server.clientcert if with_certificate else None, SECONDS)
    link = StreamOpener(broker, FORM, SECONDS)()
    try:
        assert user in server.peer.clients()
        link.send([StreamMessage("tasks.1", b"x" * 100_000)] * 10, Deadline(SECONDS))
        taken = 0
        while taken < 10:
            taken += len(link.read_confirms(SECONDS).taken)
    finally:
        link.close(SECONDS)


def test_a_certificate_that_is_not_trusted_is_refused(server: TlsServer) -> None:
    """Its authority is unknown to the system, or it is for another name."""
    reason = server.failure("qpids://localhost:PORT")
    assert re.search(r"the server's certificate is not trusted: .*; set \[messaging\] cacert to", reason)

    reason = server.failure("amqp10s://127.0.0.1:PORT", server.cacert)
    assert "the server's certificate is not trusted: IP address mismatch" in reason
    assert "write the name in it as the host of the URL" in reason


def test_clear_text_to_a_port_of_tls_says_so(server: TlsServer) -> None:
    """The server answers with an alert, or not at all."""
    reason = server.failure("qpid://localhost:PORT", server.cacert)

    assert re.search(r"expects TLS on this port; write qpids://|without an answer; it may expect TLS", reason)


@pytest.mark.parametrize("option", ["cacert", "clientcert"])
def test_a_file_that_cannot_be_used_is_named(server: TlsServer, option: str, tmp_path: Path) -> None:
    """It is missing, or holds something else."""
    (tmp_path / "text.pem").write_text("no certificate", encoding="ascii")
    for name in ("missing.pem", "text.pem"):
        reason = server.failure(
            "qpids://localhost:PORT", **({"cacert": server.cacert} | {option: str(tmp_path / name)})
        )

        assert f"[messaging] {option} {tmp_path / name} cannot be used: " in reason
