"""The source against a server that misbehaves."""

import logging
import threading
from contextlib import suppress
from functools import partial

import pulp3_troubles
import pytest
import trustme
from fake_pulp3 import ADMIN, NOBODY, VIEWER, FakePulp3, User
from pulp3_intake import WatchIntake
from pulp3_world import World
from pulp_source_pulp3 import Pulp3Config, Pulp3Source

from pulp_notifiers.errors import PermanentFailure, TemporaryFailure
from pulp_notifiers.event import utc_now
from pulp_notifiers.source import Check


@pytest.fixture(autouse=True)
def _bare_environment(monkeypatch):
    for name in ("http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)
        monkeypatch.delenv(name.upper(), raising=False)


@pytest.fixture
def pulp():
    """Return a running server on which one sync was run."""
    with FakePulp3() as running:
        zoo = running.world.add_repository("zoo")
        running.world.run("sync.completed", zoo)
        running.world.clock.advance(1)
        yield running


@pytest.fixture
def zoo(pulp):
    """Return its repository."""
    [repository] = pulp.world.repositories.values()
    return repository


@pytest.fixture
def intake():
    """Return an intake that remembers nothing."""
    return WatchIntake()


def options(pulp, user=VIEWER, **more):
    """Return the options of a source that watches a server."""
    given = {"url": pulp.url, "username": user.name, "password": user.password, "interval": 0.1, **more}
    return Pulp3Config(**given)


def run(pulp, intake, user=VIEWER, **more):
    """Return a context in which a source runs that has polled once already."""
    return intake.running(Pulp3Source(), options(pulp, user, **more))


def failure(pulp, intake, happens, **more):
    """Return what ends a source that has polled once when something happens."""
    try:
        with run(pulp, intake, **more):
            polled(intake)
            happens()
            with suppress(AssertionError):
                intake.wait_until(lambda: False)  # which raises as soon as the source has ended
    except (PermanentFailure, TemporaryFailure) as failed:
        return failed
    raise AssertionError("it did not fail")


def polled(intake, times=1):
    """Wait until a source has told so many polls from now on."""
    until = len(intake.told) + times
    intake.wait_until(lambda: len(intake.told) >= until)


def findings(pulp, user=VIEWER, **more):
    """Return what a check found, by subject."""
    return {check.subject: check for check in Pulp3Source().check(options(pulp, user, **more))}


def test_a_sync_is_told_from_beginning_to_end(pulp, zoo, intake):
    """Each state once, however often it is seen; what was over before is not told."""
    with run(pulp, intake):
        polled(intake)
        task = pulp.world.dispatch("sync.completed", zoo)
        polled(intake, 2)
        pulp.world.start(task)
        polled(intake, 2)
        pulp.world.finish(task)
        polled(intake, 2)

    assert [(task.id, state) for state in ("waiting", "running", "finished")] == intake.states()
    assert ["repo.sync.start", "repo.sync.finish"] == [event.type for event in intake.events]
    assert 1 == pulp.most_in_flight


def test_it_logs_in_once(pulp, intake):
    """The password costs the server 0.2 s of work each time."""
    with run(pulp, intake):
        polled(intake, 5)

    assert 1 == sum(seen.method == "POST" for seen in pulp.requests)
    assert {"none", "basic", "session"} == {seen.auth for seen in pulp.requests}


def test_it_logs_in_again_when_the_session_has_ended(pulp, zoo, intake):
    """Without a failure, and without losing anything."""
    with run(pulp, intake):
        polled(intake)
        pulp.expire_sessions()
        pulp.world.run("sync.completed", zoo)
        intake.wait_until(lambda: len(intake.reports) == 3)

    assert 2 == sum(seen.method == "POST" for seen in pulp.requests)


def test_a_token_needs_no_login(pulp, intake):
    """It goes with each request."""
    with intake.running(Pulp3Source(), Pulp3Config(url=pulp.url, token=VIEWER.token, interval=0.1)):
        polled(intake)

    assert {"bearer"} == {seen.auth for seen in pulp.requests}


@pytest.mark.parametrize(
    "trouble",
    [
        pulp3_troubles.status(500),
        pulp3_troubles.status(503, retry_after="30"),
        pulp3_troubles.page_of_proxy(502),
        pulp3_troubles.page_of_proxy(200),
        pulp3_troubles.truncated,
        pulp3_troubles.cut_off,
        pulp3_troubles.reset,
        pulp3_troubles.with_body(b"[]"),
        pulp3_troubles.with_body(b'{"results": [{"pulp_href": 3}]}'),
        pulp3_troubles.with_body(b"\xff\xfe"),
    ],
)
def test_a_server_in_trouble_is_asked_again_later(pulp, zoo, intake, trouble):
    """What happened meanwhile is told then."""

    def happens():
        pulp.misbehave(trouble, path="pulp_id__in")
        pulp.world.run("sync.completed", zoo)

    failed = failure(pulp, intake, happens)
    before = len(intake.reports)
    with run(pulp, intake):
        polled(intake, 2)

    assert 0 == before
    assert ["waiting", "running", "finished"] == [report.state for report in intake.reports]
    assert isinstance(failed, TemporaryFailure)
    assert "/pulp/api/v3/tasks/" in failed.reason
    assert VIEWER.password not in failed.reason


def test_a_server_that_asks_for_a_pause_gets_it(pulp, intake):
    """The failure carries the seconds."""
    trouble = pulp3_troubles.status(503, retry_after="30")
    failed = failure(pulp, intake, lambda: pulp.misbehave(trouble))

    assert 30 == failed.retry_after


def test_a_slow_server_is_not_waited_for_without_end(pulp, intake):
    """The time is over although the connection is open."""
    over = threading.Event()
    hang = partial(pulp.misbehave, pulp3_troubles.unchanged, path="/tasks/", until=over, times=99)
    failed = failure(pulp, intake, hang, timeout=3)
    over.set()

    assert isinstance(failed, TemporaryFailure)
    assert "did not answer within 3 s" in failed.reason


def test_a_wrong_password_is_told(pulp, intake):
    """With the name of the user, not with the password."""
    config = options(pulp).model_copy(update={"username": "nobody-else"})
    with pytest.raises(PermanentFailure, match="refuses the login of nobody-else") as failed:
        Pulp3Source().run(config, intake)

    assert VIEWER.password not in failed.value.reason


def test_a_user_without_rights_is_told(pulp, zoo, intake):
    """The server itself shows an empty list, as if nothing had ever happened."""
    with pytest.raises(PermanentFailure, match=r"grant it the role core\.task_viewer"):
        Pulp3Source().run(options(pulp, NOBODY), intake)

    assert not findings(pulp, NOBODY)["tasks"].passed


def test_what_happens_before_the_rights_are_granted_is_told(pulp, zoo, intake):
    """The watch begins when it is first tried."""
    with pytest.raises(PermanentFailure):
        Pulp3Source().run(options(pulp, NOBODY), intake)
    pulp.world.clock.advance(1)
    pulp.world.run("sync.completed", zoo)
    with run(pulp, intake):
        polled(intake)

    assert 3 == len(intake.reports)


def test_rights_that_are_taken_away_are_told(pulp, zoo, intake):
    """And no task counts as deleted because of it."""

    def happens():
        pulp.world.dispatch("sync.completed", zoo)
        intake.wait_until(lambda: len(intake.reports) == 1)
        pulp.users[VIEWER.name] = User(VIEWER.name, VIEWER.password, frozenset())

    failed = failure(pulp, intake, happens)

    assert "shows the account no task any more" in failed.reason
    assert 1 == sum(key.startswith("task:") for key in intake.remembered())


def test_an_account_that_sees_no_repositories_is_told(pulp, zoo):
    """Events could not name them."""
    pulp.users["half"] = User("half", "half's", frozenset({"tasks"}))

    found = findings(pulp, pulp.users["half"])

    assert (True, False) == (found["tasks"].passed, found["repositories"].passed)
    assert "file.filerepository_viewer" in found["repositories"].finding


def test_an_administrator_of_an_empty_server_is_enough(intake):
    """Where no task has ever run."""
    with FakePulp3() as pulp, run(pulp, intake, ADMIN):
        polled(intake)
        pulp.world.clock.advance(2)
        pulp.world.run("sync.completed", pulp.world.add_repository("zoo"))
        intake.wait_until(lambda: len(intake.reports) == 3)

    assert ["waiting", "running", "finished"] == [report.state for report in intake.reports]


def test_a_check_says_what_it_found(pulp, zoo):
    """In the order of the looking."""
    found = findings(pulp)

    assert ["server", "version", "clock", "login", "domains", "tasks", "repositories"] == list(found)
    assert "pulpcore 3.123.1" == found["version"].finding
    assert not found["clock"].passed  # the fake's is that of a day in 2026


@pytest.mark.parametrize(
    ("credentials", "remedy"),
    [
        ({}, "give the source a username and password, or a token"),
        ({"token": "forged"}, "it does not accept the source's token"),
        ({"username": "notifier", "password": "forged"}, "check the source's username and password"),
    ],
)
def test_a_check_says_what_mends_the_login(pulp, credentials, remedy):
    """Which depends on how the source is to log in."""
    *_, found = Pulp3Source().check(Pulp3Config(url=pulp.url, **credentials))

    assert (False, "login") == (found.passed, found.subject)
    assert remedy in found.finding


def test_a_proxy_that_asks_for_credentials_is_not_taken_for_pulp(pulp):
    """Pulp shows its status to everybody."""
    pulp.misbehave(pulp3_troubles.status(401), path="/status/")

    assert "the proxy before the server" in findings(pulp)["server"].finding


def test_clocks_that_differ_by_less_than_can_be_seen_agree(pulp):
    """The server tells whole seconds only."""
    pulp.world.clock.now = utc_now()

    assert Check("clock", True, "The server's clock is that of this machine.") == findings(pulp)["clock"]


def test_a_check_of_nothing_says_so():
    """One finding, and nothing after it."""
    with FakePulp3() as pulp:
        config = options(pulp)

    [found] = Pulp3Source().check(config)

    assert (False, "server") == (found.passed, found.subject)
    assert "refused the connection" in found.finding


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


def test_a_server_that_is_too_old_is_told(pulp, intake):
    """With the version that is needed."""
    status = b'{"versions": [{"component": "core", "version": "3.49.1"}], "domain_enabled": false}'
    pulp.misbehave(pulp3_troubles.with_body(status), path="/status/")

    with pytest.raises(PermanentFailure, match=r"3\.49\.1, and watching needs 3\.71"):
        Pulp3Source().run(options(pulp), intake)


def test_deleted_tasks_are_counted_and_logged(pulp, zoo, intake, caplog):
    """Their end cannot be known any more."""
    with caplog.at_level(logging.WARNING), run(pulp, intake):
        polled(intake)
        task = pulp.world.dispatch("sync.completed", zoo)
        intake.wait_until(lambda: len(intake.reports) == 1)
        pulp.world.purge(task)
        intake.wait_until(lambda: intake.told[-1]["vanished"] == 1)

    assert [] == [key for key in intake.remembered() if task.id in key]
    assert "Source tried did not see the end of 1 tasks before they were deleted from the server" in caplog.text


@pytest.mark.parametrize("domains", ["all", ("default", "aviary")])
def test_every_domain_is_watched(intake, domains):
    """With a cursor each, and its name in the events."""
    with FakePulp3(World(domain_enabled=True)) as pulp:
        pulp.world.add_domain("aviary")
        repositories = [pulp.world.add_repository("zoo", domain=name) for name in ("default", "aviary")]
        with run(pulp, intake, ADMIN, domains=domains):
            polled(intake)
            pulp.world.clock.advance(2)
            for repository in repositories:
                pulp.world.run("sync.completed", repository)
            intake.wait_until(lambda: len(intake.reports) == 6)

    assert {"default", "aviary"} == {event.payload["domain"] for event in intake.events}
    assert {"cursor:default", "cursor:aviary"} <= intake.remembered().keys()


def test_a_domain_that_is_new_is_watched_from_its_beginning(intake):
    """It is found within a minute."""
    clock = iter(range(0, 10**9, 20))
    source = Pulp3Source(seconds=lambda: next(clock))
    with FakePulp3(World(domain_enabled=True)) as pulp, intake.running(source, options(pulp, ADMIN)):
        polled(intake)
        pulp.world.clock.advance(2)
        pulp.world.add_domain("aviary")
        intake.wait_until(lambda: "cursor:aviary" in intake.remembered())
        pulp.world.clock.advance(2)
        pulp.world.run("sync.completed", pulp.world.add_repository("zoo", domain="aviary"))
        intake.wait_until(lambda: len(intake.reports) == 3)

    assert {"aviary"} == {event.payload["domain"] for event in intake.events}


def test_a_domain_that_is_deleted_stops_nothing(intake):
    """The others are watched on."""
    with FakePulp3(World(domain_enabled=True)) as pulp:
        pulp.world.add_domain("aviary")
        zoo = pulp.world.add_repository("zoo")
        with run(pulp, intake, ADMIN):
            polled(intake)
            pulp.world.clock.advance(2)
            del pulp.world.domains["aviary"]
            polled(intake)
            pulp.world.run("sync.completed", zoo)
            intake.wait_until(lambda: len(intake.reports) == 3)

    assert 1 == intake.told[-1]["domains"]


@pytest.mark.parametrize("trouble", [pulp3_troubles.status(500), pulp3_troubles.status(403)])
def test_a_version_that_cannot_be_read_stops_nothing(pulp, zoo, intake, trouble):
    """Its event comes without counts, after some tries where these might help."""
    source = Pulp3Source()
    with intake.running(source, options(pulp)):
        polled(intake)
    pulp.misbehave(trouble, path="/versions/2/", times=99)
    for _ in range(2):
        pulp.world.clock.advance(1)
        pulp.world.run("upload.completed", zoo)
    for _ in range(4):
        with suppress(TemporaryFailure), intake.running(source, options(pulp)), suppress(AssertionError):
            intake.wait_until(lambda: len(intake.events) == 2)

    made = {event.payload["repo_version"]: event.payload["added_count"] for event in intake.events}
    assert (None, 1) == (made[2], made[3])


def test_a_version_that_could_not_be_read_once_is_read_later(pulp, zoo, intake):
    """An outage takes nothing from its event."""
    source = Pulp3Source()
    with intake.running(source, options(pulp)):
        polled(intake)
    pulp.misbehave(pulp3_troubles.page_of_proxy(503), path="/versions/2/")
    pulp.world.run("upload.completed", zoo)
    with pytest.raises(TemporaryFailure), intake.running(source, options(pulp)), suppress(AssertionError):
        intake.wait_until(lambda: False)
    with intake.running(source, options(pulp)):
        intake.wait_until(lambda: len(intake.events) == 1)

    assert 1 == intake.events[0].payload["added_count"]


def test_domains_that_are_hidden_are_told(intake):
    """They could be named instead."""
    hidden = pytest.raises(PermanentFailure, match=r"grant it the role core\.domain_viewer")
    with FakePulp3(World(domain_enabled=True)) as pulp, hidden:
        Pulp3Source().run(options(pulp), intake)


def test_an_unfinished_task_is_told_from_where_it_was(pulp, zoo, intake):
    """When the watch begins while it runs."""
    task = pulp.world.start(pulp.world.dispatch("sync.completed", zoo))
    with run(pulp, intake):
        polled(intake)
        pulp.world.finish(task)
        intake.wait_until(lambda: len(intake.reports) == 1)

    assert [(task.id, "finished")] == intake.states()
    assert ["repo.sync.finish"] == [event.type for event in intake.events]


def test_since_goes_back(pulp, zoo, intake):
    """To a time of creation."""
    with run(pulp, intake, since=pulp.world.clock.now.replace(hour=0)):
        polled(intake)

    assert ["waiting", "running", "finished"] == [report.state for report in intake.reports]


def sync_of_many(pulp, zoo, intake, **more):
    """Return the payload of a sync that added a and b and removed f0.iso and x, and the questions for content."""
    with run(pulp, intake, **more):
        polled(intake)
        pulp.world.finish(pulp.world.start(pulp.world.dispatch("sync.completed", zoo)), ["a", "b"], ["f0.iso", "x"])
        intake.wait_until(lambda: len(intake.events) == 2)
    return intake.events[-1].payload, [seen for seen in pulp.requests if seen.rest.startswith("content/")]


@pytest.mark.parametrize(
    ("option", "included"),
    [("content", {}), ("", {"repo.sync.finish": ["content"]}), ("content", {"repo.sync.finish": ["content", "more"]})],
)
def test_the_names_of_what_changed_are_sent_on_demand(pulp, zoo, option, included):
    """Of the source's option, or of a listener; up to a bound, and asked for once."""
    payload, asked = sync_of_many(pulp, zoo, WatchIntake(included=included), include=option, content_limit=3)

    expected = {"added": {"file.file": ["a", "b"]}, "removed": {"file.file": ["f0.iso"]}, "truncated": True}
    assert expected == payload["content"]
    assert 2 == len(asked)


def test_names_that_nobody_asks_for_are_not_fetched(pulp, zoo):
    """Nor does the event have the key; what listeners of other events ask for does not count."""
    intake = WatchIntake(included={"repo.version.created": ["content"], "repo.sync.finish": ["other"]})
    payload, asked = sync_of_many(pulp, zoo, intake)

    assert "content" not in payload
    assert [] == asked


def test_listeners_get_the_names_in_an_upload_too(pulp, zoo):
    """Its event is that of a new version; a sync beside it is told without them."""
    intake = WatchIntake(included={"repo.version.created": ["content"]})
    with run(pulp, intake):
        polled(intake)
        pulp.world.run("upload.completed", zoo)
        pulp.world.run("sync.completed", zoo)
        intake.wait_until(lambda: len(intake.events) == 3)

    found = {event.type: event.payload.get("content") for event in intake.events}
    assert {"added": {"file.file": ["f0.iso"]}, "removed": {}, "truncated": False} == found["repo.version.created"]
    assert None is found["repo.sync.finish"]


@pytest.mark.parametrize("made", ["sync.completed.nothing-new", "sync.failed.404"])
def test_a_sync_without_a_new_version_has_no_names(pulp, zoo, made):
    """The key is there, since somebody asked, and is null."""
    intake = WatchIntake(included={"repo.sync.finish": ["content"]})
    with run(pulp, intake):
        polled(intake)
        pulp.world.run(made, zoo)
        intake.wait_until(lambda: len(intake.events) == 2)

    assert None is intake.events[-1].payload["content"]
    assert [] == [seen for seen in pulp.requests if seen.rest.startswith("content/")]


def test_a_clock_that_steps_back_loses_nothing(pulp, zoo, intake):
    """Nor is told twice what was told before."""
    seconds = [0.0]
    with intake.running(Pulp3Source(seconds=lambda: seconds[0]), options(pulp)):
        polled(intake)
        for _ in range(8):
            pulp.world.run("sync.completed", zoo)
            pulp.world.clock.advance(30)
            seconds[0] += 30
            polled(intake, 2)
        before = len(intake.reports)
        pulp.world.clock.advance(-200)
        polled(intake, 3)
        relics = len(intake.reports)
        task = pulp.world.run("sync.completed", zoo)
        intake.wait_until(lambda: (task.id, "finished") in intake.states())

    assert (24, 24) == (before, relics)
    assert 27 == len(intake.reports)


def test_a_deep_backlog_is_not_asked_for_at_once(pulp, zoo, intake):
    """The oldest, those in work, and others in turn."""
    with run(pulp, intake, interval=0.1):
        polled(intake)
        tasks = [pulp.world.dispatch("sync.completed", zoo) for _ in range(700)]
        pulp.world.clock.advance(61)
        intake.wait_until(lambda: len(intake.reports) == 700)
        pulp.requests.clear()
        pulp.world.finish(pulp.world.start(tasks[650]))
        pulp.world.start(tasks[400])
        intake.wait_until(lambda: len(intake.reports) == 703)
        polled(intake, 2)

    asked = [len(seen.query["pulp_id__in"].split(",")) for seen in pulp.requests if "pulp_id__in" in seen.query]
    assert 90 >= max(asked)
    assert {(tasks[650].id, "finished"), (tasks[400].id, "running")} <= set(intake.states())
