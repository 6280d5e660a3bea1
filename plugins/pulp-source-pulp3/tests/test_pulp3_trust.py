"""Which servers get to see the password."""

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


def test_a_redirect_is_not_followed(pulp, intake):
    """The password would go with it."""
    pulp.misbehave(pulp3_troubles.redirected("https://elsewhere.example/"))

    with pytest.raises(PermanentFailure, match="redirects are not followed"):
        Pulp3Source().run(options(pulp), intake)
