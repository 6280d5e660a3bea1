"""The password only goes to servers that can be verified."""

import os
from datetime import UTC, datetime

import pulp3_troubles
import pytest
import trustme
from fake_pulp3 import ADMIN, FakePulp3
from pulp3_running import findings, options, polled, run
from pulp_source_pulp3 import Pulp3Source

from pulp_notifiers.errors import PermanentFailure


@pytest.fixture(scope="session")
def certificates(tmp_path_factory):
    """Return a folder with the certificate of an authority, some that it issued, and one of another authority."""
    folder = tmp_path_factory.mktemp("pulp3-certificates")
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(folder / "ca.pem"))
    trustme.CA().cert_pem.write_to_path(str(folder / "other-ca.pem"))
    authority.issue_cert("127.0.0.1").private_key_and_cert_chain_pem.write_to_path(str(folder / "server.pem"))
    authority.issue_cert("other.example").private_key_and_cert_chain_pem.write_to_path(str(folder / "other-name.pem"))
    ended = authority.issue_cert("127.0.0.1", not_after=datetime(2020, 1, 1, tzinfo=UTC))
    ended.private_key_and_cert_chain_pem.write_to_path(str(folder / "ended.pem"))
    return folder


def test_a_server_with_a_private_authority_is_watched(certificates, intake):
    """The option ca_path names the authority."""
    trusted = {"ca_path": str(certificates / "ca.pem")}
    with FakePulp3(certificate=certificates / "server.pem") as pulp, run(pulp, intake, ADMIN, **trusted):
        polled(intake)

    assert pulp.url.startswith("https://")


@pytest.mark.parametrize(
    ("ca_path", "remedy"),
    [(None, "set ca_path to the authority's"), ("other-ca.pem", "set ca_path to"), ("missing.pem", "check ca_path")],
)
def test_a_server_that_cannot_be_verified_gets_no_request(certificates, ca_path, remedy):
    """It must not get the password."""
    with FakePulp3(certificate=certificates / "server.pem") as pulp:
        found = findings(pulp, ca_path=ca_path and str(certificates / ca_path))

    assert ["server"] == list(found)
    assert remedy in found["server"].finding
    assert [] == pulp.requests


@pytest.mark.parametrize("option", ["ca_path", "cert", "key"])
@pytest.mark.parametrize("kind", ["missing", "empty", "fifo", "directory"])
def test_a_file_that_cannot_be_used_never_blocks_and_has_one_finding(certificates, tmp_path, kind, option, caplog):
    """Only the log says whether it is missing or unsuitable."""
    path = tmp_path / "file"
    {"missing": lambda: None, "empty": path.touch, "fifo": lambda: os.mkfifo(path), "directory": path.mkdir}[kind]()
    files = {
        "ca_path": certificates / "ca.pem",
        "cert": certificates / "server.pem",
        "key": certificates / "server.pem",
    }
    given = {name: str(file) for name, file in {**files, option: path}.items()}
    with FakePulp3(certificate=certificates / "server.pem") as pulp:
        found = findings(pulp, **given)

        assert [] == pulp.requests
    assert "cannot be used; check ca_path, cert and key. The service's log says why." in found["server"].finding
    assert str(path) in caplog.text


@pytest.mark.parametrize(
    ("certificate", "remedy"),
    [
        ("other-name.pem", "a host name that is in the certificate"),
        ("ended.pem", "renew the server's certificate"),
    ],
)
def test_the_remedy_depends_on_what_is_wrong_with_the_certificate(certificates, certificate, remedy):
    """Naming an authority would not help here."""
    with FakePulp3(certificate=certificates / certificate) as pulp:
        found = findings(pulp, ca_path=str(certificates / "ca.pem"))

    assert remedy in found["server"].finding
    assert "authority" not in found["server"].finding


@pytest.mark.parametrize("files", [{"cert": "ca.pem"}, {"cert": "other-ca.pem", "key": "server.pem"}, {"cert": "."}])
def test_unusable_client_certificates_are_reported_with_their_options(certificates, files):
    """The finding names the options of the files."""
    with FakePulp3(certificate=certificates / "server.pem") as pulp:
        given = {name: str(certificates / file) for name, file in files.items()}
        found = findings(pulp, ca_path=str(certificates / "ca.pem"), **given)

    assert "check ca_path, cert and key" in found["server"].finding


def test_a_redirect_is_not_followed(pulp, intake):
    """The password would go with it."""
    pulp.misbehave(pulp3_troubles.redirected("https://elsewhere.example/"))

    with pytest.raises(PermanentFailure, match="redirects are not followed"):
        Pulp3Source().run(options(pulp), intake)
