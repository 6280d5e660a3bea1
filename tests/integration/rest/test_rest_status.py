"""The status of the service."""

from contextlib import AbstractContextManager
from datetime import UTC, datetime
from pathlib import Path

from pulp_notifiers import __version__
from tests.harness.rabbitmq import RabbitMQ
from tests.support.patient import publish, reach
from tests.support.rest import EVENTS, OWN, RestService, rest_service
from tests.support.waiting import wait_until

STATUS = f"{OWN}status/"
STREAM_OFF = {
    "enabled": False,
    "connected": False,
    "outage_since": None,
    "problem": None,
    "published": 0,
    "late": 0,
    "dropped": 0,
    "remembered": 0,
    "unrenderable": 0,
}


def streaming(directory: Path, url: str) -> AbstractContextManager[RestService]:
    """Run a service that publishes to the task-status stream."""
    messaging = {"event_notifications_enabled": "true", "event_notification_url": url}
    return rest_service(directory, messaging=messaging)


def test_the_status_needs_no_credentials(service: RestService) -> None:
    """A load balancer can request it."""
    answer = service.request("GET", STATUS, login=None)

    assert answer.status == 200
    assert {
        "version": __version__,
        "database": {"dialect": "sqlite", "reachable": True},
        "worker": {"running": False, "threads": 16},
        "stream": STREAM_OFF,
        "notifiers": [],
        "listeners": [],
        "templates": [],
        "backlog": {"pending": 0, "dead": 0, "oldest_pending_seconds": None},
        "sources": [],
    } == answer.json()


def test_the_status_has_the_number_and_age_of_pending_deliveries(service: RestService) -> None:
    """The age is that of the oldest one."""
    service.request("POST", EVENTS, {"notifier_type_id": "http", "event_types": ["*"]})
    service.request("POST", f"{OWN}events/", {"event_type": "repo.sync.start", "payload": {}})

    backlog = service.request("GET", STATUS, login=None).json()["backlog"]

    assert (backlog["pending"], backlog["dead"]) == (1, 0)
    assert 0 <= backlog["oldest_pending_seconds"] < 60


def test_the_status_shows_whether_the_worker_of_this_process_runs(service: RestService) -> None:
    """It does not run unless it is started."""
    service.app.worker.start()

    assert service.request("GET", STATUS, login=None).json()["worker"]["running"] is True


def test_the_status_does_not_contain_the_address_of_the_messaging_server(tmp_path: Path) -> None:
    """It needs no credentials, so it must not."""
    with streaming(tmp_path, "tcp://pulp:hidden@mq.example.com:5671/zoo;ssl://pulp:hidden@mq2.example.com") as service:
        answer = service.request("GET", STATUS, login=None)

    assert {**STREAM_OFF, "enabled": True} == answer.json()["stream"]
    assert b"example.com" not in answer.body


def test_the_status_counts_the_published_changes_of_the_stream(tmp_path: Path, rabbitmq: RabbitMQ) -> None:
    """The first change has opened the connection."""
    with streaming(tmp_path, rabbitmq.url) as service:
        reach(service.app.stream, 1)
        stream = service.request("GET", STATUS, login=None).json()["stream"]

    assert stream["connected"]
    assert 1 == stream["published"]


def test_the_status_shows_since_when_changes_are_not_published(tmp_path: Path) -> None:
    """The messaging server is unreachable."""
    started = datetime.now(UTC)
    with streaming(tmp_path, "tcp://127.0.0.1:1") as service:
        publish(service.app.stream, range(3), flush=False)
        wait_until(lambda: service.app.stream.counts.remembered and service.app.stream.counts.dropped == 2)
        stream = service.request("GET", STATUS, login=None).json()["stream"]

    assert not stream["connected"]
    assert (0, 2, 1) == (stream["published"], stream["dropped"], stream["remembered"])
    assert started <= datetime.fromisoformat(stream["outage_since"]) <= datetime.now(UTC)


def test_the_status_says_which_settings_of_the_stream_to_correct(tmp_path: Path) -> None:
    """Changes are dropped and counted from the start; the sentence repeats no address."""
    with streaming(tmp_path, "tcp://pulp:hidden@mq.example.com:port") as service:
        publish(service.app.stream, range(3))
        answer = service.request("GET", STATUS, login=None)

    stream = answer.json()["stream"]
    assert (True, False, 3) == (stream["enabled"], stream["connected"], stream["dropped"])
    assert stream["outage_since"] is not None
    assert "[messaging] event_notification_url is not allowed: the port is not a number" in stream["problem"]
    assert b"hidden" not in answer.body
    assert b"example.com" not in answer.body


def test_the_status_says_why_a_notifier_cannot_be_used(tmp_path: Path) -> None:
    """What is wrong with one says nothing about the others."""
    with rest_service(tmp_path, email={"port": "smtp"}) as service:
        service.app.registry.log_problems()
        notifiers = service.request("GET", STATUS, login=None).json()["notifiers"]
        listed = service.request("GET", f"{OWN}notifiers/").json()["results"]

    (unusable,) = notifiers
    assert "email" == unusable["type"]
    assert "[email] port = 'smtp' is not allowed" in unusable["problem"]
    (email,) = [one for one in listed if one["type"] == "email"]
    assert unusable["problem"] == email["problem"]
    assert {"format", "subject", "addresses", "thread"} == email["schema"]["properties"].keys()


def test_the_status_says_what_listeners_lack(service: RestService) -> None:
    """A notifier that is installed, or options that can be decrypted."""
    listeners = [service.request("POST", EVENTS, {"notifier_type_id": "http", "event_types": ["*"]}) for _ in range(2)]
    missing, damaged = (answer.json()["id"] for answer in listeners)
    service.execute(f"UPDATE listeners SET notifier_type = 'vanished' WHERE id = '{missing}'")
    service.execute(f"UPDATE listeners SET sealed_config = '?' WHERE id = '{damaged}'")

    found = service.request("GET", STATUS, login=None).json()

    (notifier,), (listener,) = found["notifiers"], found["listeners"]
    assert "vanished" == notifier["type"]
    assert "No notifier 'vanished' is installed. Install its plugin" in notifier["problem"]
    assert damaged == listener["id"]
    assert "cannot be decrypted" in listener["problem"]


def test_the_status_is_503_if_the_database_is_unavailable(service: RestService) -> None:
    """The document has the same keys; what needs the database is null."""
    service.execute("ALTER TABLE deliveries RENAME TO gone")

    answer = service.request("GET", STATUS, login=None)

    assert answer.status == 503
    document = answer.json()
    assert {
        "version",
        "database",
        "worker",
        "stream",
        "notifiers",
        "listeners",
        "templates",
        "backlog",
        "sources",
    } == document.keys()
    assert {"dialect": "sqlite", "reachable": False} == document["database"]
    assert (None, None) == (document["backlog"], document["sources"])
