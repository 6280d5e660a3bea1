"""How the source logs in."""

import pulp3_troubles
import pytest
from fake_pulp3 import VIEWER
from pulp3_running import findings, options, polled, run
from pulp_source_pulp3 import Pulp3Config, Pulp3Source

from pulp_notifiers.errors import PermanentFailure


def test_it_logs_in_once(pulp, intake):
    """Each use of the password costs the server 0.2 s of CPU."""
    with run(pulp, intake):
        polled(intake, 5)

    assert 1 == sum(seen.method == "POST" for seen in pulp.requests)
    assert {"none", "basic", "session"} == {seen.auth for seen in pulp.requests}


def test_it_logs_in_again_after_the_session_expired(pulp, zoo, intake):
    """Nothing fails, and nothing is lost."""
    with run(pulp, intake):
        polled(intake)
        pulp.expire_sessions()
        pulp.world.run("sync.completed", zoo)
        intake.wait_until(lambda: len(intake.reports) == 3)

    assert 2 == sum(seen.method == "POST" for seen in pulp.requests)


def test_a_token_needs_no_login(pulp, intake):
    """The token goes with each request."""
    with intake.running(Pulp3Source(), Pulp3Config(url=pulp.url, token=VIEWER.token, interval=0.1)):
        polled(intake)

    assert {"bearer"} == {seen.auth for seen in pulp.requests}


def test_a_wrong_password_is_a_failure_that_names_the_user(pulp, intake):
    """The failure does not contain the password."""
    config = options(pulp).model_copy(update={"username": "nobody-else"})
    with pytest.raises(PermanentFailure, match="refuses the login of nobody-else") as failed:
        Pulp3Source().run(config, intake)

    assert VIEWER.password not in failed.value.reason


@pytest.mark.parametrize(
    ("credentials", "remedy"),
    [
        ({}, "give the source a username and password, or a token"),
        ({"token": "forged"}, "it does not accept the source's token"),
        ({"username": "notifier", "password": "forged"}, "check username and password of the source"),
    ],
)
def test_a_check_says_how_to_fix_the_login(pulp, credentials, remedy):
    """The remedy depends on how the source logs in."""
    *_, found = Pulp3Source().check(Pulp3Config(url=pulp.url, **credentials))

    assert (False, "login") == (found.passed, found.subject)
    assert remedy in found.finding


def test_a_token_that_a_proxy_refuses_is_reported(pulp):
    """The proxy refuses it before Pulp's status can be read."""
    pulp.misbehave(pulp3_troubles.status(401), path="/status/")

    [found] = Pulp3Source().check(Pulp3Config(url=pulp.url, token="forged"))
    assert "it does not accept the source's token" in found.finding


def test_a_proxy_that_asks_for_credentials_is_not_taken_for_pulp(pulp):
    """Pulp shows its status to anybody."""
    pulp.misbehave(pulp3_troubles.status(401), path="/status/")

    assert "the proxy in front of the server" in findings(pulp)["server"].finding


@pytest.mark.parametrize("number", [400, 403])
def test_a_proxys_refusal_is_not_taken_for_an_old_pulp(pulp, number):
    """A proxy that misses a client certificate answers like this, and its page says so."""
    pulp.misbehave(pulp3_troubles.page_of_proxy(number), path="/status/")

    finding = findings(pulp)["server"].finding
    assert f"answers HTTP {number} (Sorry)" in finding
    assert "cert and key of the source, and the proxy in front of the server" in finding
    assert "pulpcore" not in finding
