"""Which servers get to see the password."""

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
    """Return a folder with the certificate of an authority, one that it issued for 127.0.0.1, and one of another."""
    folder = tmp_path_factory.mktemp("pulp3-certificates")
    authority = trustme.CA()
    authority.cert_pem.write_to_path(str(folder / "ca.pem"))
    trustme.CA().cert_pem.write_to_path(str(folder / "other-ca.pem"))
    authority.issue_cert("127.0.0.1").private_key_and_cert_chain_pem.write_to_path(str(folder / "server.pem"))
    authority.issue_cert("other.example").private_key_and_cert_chain_pem.write_to_path(str(folder / "other-name.pem"))
    ended = authority.issue_cert("127.0.0.1", not_after=datetime(2020, 1, 1, tzinfo=UTC))
    ended.private_key_and_cert_chain_pem.write_to_path(str(folder / "ended.pem"))
    return folder


def test_a_server_of_a_private_authority_is_watched(certificates, intake):
    """If the authority is named."""
    trusted = {"ca_path": str(certificates / "ca.pem")}
    with FakePulp3(certificate=certificates / "server.pem") as pulp, run(pulp, intake, ADMIN, **trusted):
        polled(intake)

    assert pulp.url.startswith("https://")


@pytest.mark.parametrize(
    ("ca_path", "told"),
    [(None, "name the authority's"), ("other-ca.pem", "name the authority's"), ("missing.pem", "check ca_path")],
)
def test_a_server_that_cannot_be_verified_is_not_asked(certificates, ca_path, told):
    """Whoever it is, it must not get the password."""
    with FakePulp3(certificate=certificates / "server.pem") as pulp:
        found = findings(pulp, ca_path=ca_path and str(certificates / ca_path))

    assert ["server"] == list(found)
    assert told in found["server"].finding
    assert [] == pulp.requests


@pytest.mark.parametrize(
    ("certificate", "remedy"),
    [
        ("other-name.pem", "a name that stands in the certificate"),
        ("ended.pem", "have the server's certificate renewed"),
    ],
)
def test_what_is_wrong_with_a_certificate_decides_what_mends_it(certificates, certificate, remedy):
    """Naming an authority would not help here."""
    with FakePulp3(certificate=certificates / certificate) as pulp:
        found = findings(pulp, ca_path=str(certificates / "ca.pem"))

    assert remedy in found["server"].finding
    assert "authority" not in found["server"].finding


@pytest.mark.parametrize("files", [{"cert": "ca.pem"}, {"cert": "other-ca.pem", "key": "server.pem"}, {"cert": "."}])
def test_files_that_are_no_client_certificate_are_told(certificates, files):
    """By the options that name them."""
    with FakePulp3(certificate=certificates / "server.pem") as pulp:
        given = {name: str(certificates / file) for name, file in files.items()}
        found = findings(pulp, ca_path=str(certificates / "ca.pem"), **given)

    assert "check ca_path, cert and key" in found["server"].finding


def test_a_redirect_is_not_followed(pulp, intake):
    """The password would go with it."""
    pulp.misbehave(pulp3_troubles.redirected("https://elsewhere.example/"))

    with pytest.raises(PermanentFailure, match="redirects are not followed"):
        Pulp3Source().run(options(pulp), intake)
