"""A wrong setting stops only what it is about; everything else is served."""

import errno
import json
import os
import socket
import subprocess
import sys
import time
from pathlib import Path

import pytest

from pulp_notifiers import legacy
from pulp_notifiers.app import App
from pulp_notifiers.celery import tags_header
from pulp_notifiers.celery.reporter import Reporter
from pulp_notifiers.errors import InvalidSetting
from pulp_notifiers.event import Event, utc_now
from pulp_notifiers.records import DeliveryState, ListenerChange, ListenerDraft, RegisteredSource
from pulp_notifiers.settings import Settings
from pulp_notifiers.store import schema
from pulp_notifiers.testing.http import HttpReceiver
from pulp_notifiers.testing.smtp import SmtpReceiver
from tests.support.running import running_app, wait_for_failure
from tests.support.service import Service
from tests.support.stored import execute
from tests.support.stream import REPORT

STATUS = "/pulp/api/v3/notifications/status/"
TASKS = "/pulp/api/v3/notifications/tasks/"
MAIL = {"subject": "news", "addresses": ["ops@example.com", "dev@example.com"], "format": "html"}
ENABLED = {"event_notifications_enabled": "true"}


def errors(log):
    """Return the lines of a log at the level ERROR."""
    return [line for line in log.splitlines() if " ERROR " in line]


def until(ask, holds):
    """Return an answer once it satisfies a condition."""
    deadline = time.monotonic() + 60
    while not holds(answer := ask()):
        assert time.monotonic() < deadline, answer
        time.sleep(0.02)
    return answer


def command(service, *arguments):
    """Return what a command prints."""
    program = [sys.executable, "-m", "pulp_notifiers", *arguments]
    return subprocess.run(program, env=dict(service.environ), check=True, capture_output=True, text=True).stdout


def add_sources(state):
    """Add sources that cannot work: of a missing type, with options that no longer fit, and with damaged ones."""
    with App.from_settings(Settings({"notifiers": {"state_directory": str(state)}})) as app:
        for number, (name, source_type) in enumerate({"gone": "vanished", "old": "pulp3", "damaged": "pulp3"}.items()):
            options = {"password": "hidden", "nonsense": 1}
            source_id = f"5f0c1e2d3a4b5c6d7e8f901{number}"
            app.store.sources.add(RegisteredSource(name, source_type, options, utc_now(), id=source_id))
    damage = schema.sources.update().where(schema.sources.c.name == "damaged").values(sealed_config="?")
    execute(f"sqlite:///{state / 'notifiers.db'}", damage)


def test_a_service_with_wrong_settings_serves_the_rest_and_delivers_once_they_are_right(tmp_path):
    """One ERROR line for each mistake, the same sentence in the status, and mail that waits without being given up."""
    mistakes = {
        "EMAIL_PORT": "smtp",
        "EMAIL_ENABLED": "true",
        "MESSAGING_URL": "carrier-pigeon://loft",
        "MESSAGING_EVENT_NOTIFICATIONS_ENABLED": "true",
        "MESSAGING_EVENT_NOTIFICATION_URL": "amqp://pulp:hidden@broker:port",
    }
    add_sources(tmp_path / "state")
    with HttpReceiver() as receiver, SmtpReceiver() as mailbox:
        with Service(tmp_path, **mistakes) as service:
            service.register("http", {"url": receiver.url}, "*")
            service.register("email", MAIL, "*")
            service.register("amqp", {}, "*")
            assert 4 == service.fire("repo.sync.finish", repo_id="zoo")["deliveries"]
            service.call("POST", TASKS, 202, json={"task_id": "t", "state": "running"})
            receiver.wait_for(1)
            waiting = until(
                lambda: service.deliveries(state="pending"), lambda found: all(each["last_error"] for each in found)
            )
            status = until(lambda: service.call("GET", STATUS), lambda found: "waiting" not in str(found["sources"]))
            shown = command(service, "status")
            assert 0 == service.stop()
        log = service.log.read_text()
        right = {"EMAIL_ENABLED": "true", "EMAIL_PORT": str(mailbox.port), "EMAIL_HOST": mailbox.host}
        with Service(tmp_path, **right) as service:
            mails = mailbox.wait_for(2)
            delivered = until(lambda: service.deliveries(state="delivered"), lambda found: len(found) == 3)

    stream = status["stream"]
    problems = {one["type"]: one["problem"] for one in status["notifiers"]}
    assert {"amqp", "email"} == problems.keys()
    assert "PULP_NOTIFIERS_EMAIL_PORT ([email] port) = 'smtp' is not allowed" in problems["email"]
    assert "PULP_NOTIFIERS_MESSAGING_URL ([messaging] url) is not allowed: kombu has no transport" in problems["amqp"]
    assert "([messaging] event_notification_url) is not allowed: the port is not a number" in stream["problem"]
    assert (True, False, 1) == (stream["enabled"], stream["connected"], stream["dropped"])
    for problem in (*problems.values(), stream["problem"]):
        assert 1 == len([line for line in errors(log) if problem in line]), log
        assert problem in shown
    assert ["damaged", "gone", "old"] == [one["name"] for one in status["sources"] if one["state"] == "failing"]
    for source in status["sources"]:
        assert 1 == len([line for line in errors(log) if source["problem"] in line]), log
        assert source["problem"] in shown
    assert 6 == len(errors(log)), log
    assert 3 == len(waiting)
    assert all(problems[each["notifier_type"]] == each["last_error"] for each in waiting)
    assert {"ops@example.com", "dev@example.com"} == {mail.recipients[0] for mail in mails}
    assert {1} == {each["attempt_count"] for each in delivered}
    assert "hidden" not in log + shown + json.dumps(status)


@pytest.fixture
def nothing_on_the_default_port():
    """Keep the port of Pulp 2's default URL, so that connections to it are refused."""
    with socket.socket() as ipv4, socket.socket(socket.AF_INET6) as ipv6:
        ipv6.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, 1)
        try:
            ipv4.bind(("127.0.0.1", 5672))
            ipv6.bind(("::1", 5672))
        except OSError as error:
            if error.errno == errno.EADDRINUSE:
                pytest.skip("a messaging server runs at localhost:5672; stop it for this test")
        yield


@pytest.mark.usefixtures("nothing_on_the_default_port")
def test_a_service_whose_stream_has_no_server_says_so_once_and_delivers(tmp_path):
    """The URL is not set, so it is Pulp 2's default; nobody has reported a task yet."""
    with HttpReceiver() as receiver, SmtpReceiver() as mailbox:
        right = {"EMAIL_ENABLED": "true", "EMAIL_PORT": str(mailbox.port), "EMAIL_HOST": mailbox.host}
        with Service(tmp_path, MESSAGING_EVENT_NOTIFICATIONS_ENABLED="true", **right) as service:
            service.register("http", {"url": receiver.url}, "*")
            service.register("email", MAIL, "*")
            until(service.log.read_text, lambda log: "Task changes cannot be published" in log)
            for number in range(3):
                service.fire("repo.sync.finish", repo_id="zoo", number=number)
                service.call("POST", TASKS, 202, json={"task_id": "t", "state": "running"})
            receiver.wait_for(3)
            mailbox.wait_for(6)
            stream = service.call("GET", STATUS)["stream"]
            assert 0 == service.stop()
        log = service.log.read_text()

    assert (True, False, None) == (stream["enabled"], stream["connected"], stream["problem"])
    assert stream["outage_since"] is not None
    (line,) = errors(log)
    assert "could not connect to messaging server qpid://localhost" in line
    assert "[messaging] event_notification_url is not set, and this is Pulp 2's default: start a server there" in line
    assert line.endswith("or event_notifications_enabled to false, and restart.")


def test_a_service_that_started_without_the_server_of_its_stream_publishes_once_it_runs(tmp_path, proton_broker):
    """Without a restart, and the end of a task that was reported meanwhile too."""
    url = f"qpid://127.0.0.1:{proton_broker.port}"
    streaming = {"MESSAGING_EVENT_NOTIFICATIONS_ENABLED": "true", "MESSAGING_EVENT_NOTIFICATION_URL": url}
    proton_broker.stop()
    with Service(tmp_path, **streaming) as service:
        until(service.log.read_text, lambda log: "Task changes cannot be published" in log)
        service.call("POST", TASKS, 202, json={"task_id": "t", "state": "finished"})
        proton_broker.start()
        stream = until(lambda: service.call("GET", STATUS)["stream"], lambda found: found["outage_since"] is None)
        shown = command(service, "status")
        assert 0 == service.stop()

    assert (True, 0, 1) == (stream["connected"], stream["dropped"], stream["late"])
    assert "task-status stream     connected" in shown
    (line,) = errors(service.log.read_text())
    assert "Connection refused. Fix that on the server (connecting is tried again), or correct " in line
    assert line.endswith("[messaging] event_notification_url and restart.")


@pytest.mark.parametrize(
    ("library", "remedy"),
    [
        ("raise ModuleNotFoundError('No module named proton', name='proton')", "pip install 'pulp-notifiers[qpid]'"),
        (
            "raise ImportError('libssl.so.1.1 is missing')",
            "cannot be loaded (libssl.so.1.1 is missing); install it again",
        ),
    ],
)
def test_a_service_without_the_library_of_its_servers_serves_the_rest(tmp_path, monkeypatch, library, remedy):
    """It says what to install, once for the stream and once for amqp listeners, whose deliveries wait."""
    (tmp_path / "proton.py").write_text(library)
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    qpid = {"MESSAGING_URL": "amqp10s://h", "MESSAGING_EVENT_NOTIFICATIONS_ENABLED": "true"}
    with HttpReceiver() as receiver, Service(tmp_path, **qpid) as service:
        service.register("http", {"url": receiver.url}, "*")
        service.register("amqp", {}, "*")
        service.fire("repo.sync.finish", repo_id="zoo")
        service.call("POST", TASKS, 202, json={"task_id": "t", "state": "running"})
        receiver.wait_for(1)
        (waiting,) = until(
            lambda: service.deliveries(state="pending"), lambda found: len(found) == 1 and found[0]["last_error"]
        )
        status = service.call("GET", STATUS)
        assert 0 == service.stop()

    (notifier,) = status["notifiers"]
    assert ("amqp", 0) == (notifier["type"], waiting["attempt_count"])
    assert notifier["problem"] == waiting["last_error"]
    assert 1 == status["stream"]["dropped"]
    for problem in (notifier["problem"], status["stream"]["problem"]):
        assert remedy in problem
        assert 1 == len([line for line in errors(service.log.read_text()) if problem in line])
    assert 2 == len(errors(service.log.read_text()))


def settings(folder, **sections):
    """Return settings of a file."""
    return Settings({"notifiers": {"state_directory": str(folder)}, **sections}, Path("my.conf"))


@pytest.mark.parametrize(
    ("messaging", "sentence"),
    [
        ({"event_notification_url": "carrier-pigeon://loft"}, "event_notification_url is not allowed: kombu has no"),
        (
            {"event_notification_url": "amqp://h:port"},
            "event_notification_url is not allowed: the port is not a number",
        ),
        ({"event_notification_url": "amqp://h;amqp://u@:0"}, "event_notification_url is not allowed: the port is"),
        ({"event_notification_url": ""}, "event_notification_url is not allowed: name a messaging server"),
        ({"event_notification_url": ";"}, "event_notification_url is not allowed: name a messaging server"),
        (
            {"event_notification_url": "amqps://h", "cacert": "/no/ca"},
            "cacert = '/no/ca' is not allowed: the file cannot",
        ),
        (
            {"event_notification_url": "amqps://h", "clientcert": "/"},
            "clientcert = '/' is not allowed: the file cannot",
        ),
        ({"event_notification_url": "qpids://h", "cacert": __file__}, "does not hold certificates in PEM form"),
        ({"event_notification_url": "amqps://h", "clientcert": __file__}, "does not hold an unencrypted key and its"),
        ({"event_notification_url": "consul://h"}, "event_notification_url is not allowed: the library that kombu's"),
        ({"event_notifications_last_states": "-1"}, "event_notifications_last_states = '-1' is not allowed"),
        (
            {"amqp10_address": "here", "event_notification_url": "qpid://h"},
            "amqp10_address = 'here' is not allowed: write {exchange}",
        ),
        ({"event_notifications_enabled": "perhaps"}, "event_notifications_enabled = 'perhaps' is not allowed"),
    ],
)
def test_a_stream_that_cannot_be_used_drops_changes_and_nothing_else(tmp_path, caplog, messaging, sentence):
    """Its caller is not disturbed; listeners of task events and amqp listeners get what they are owed."""
    with HttpReceiver() as receiver, App(settings(tmp_path, messaging={**ENABLED, **messaging})) as app:
        app.listeners.create(ListenerDraft("http", {"url": receiver.url}, ("task.*",)))
        app.worker.start()

        assert [1, 0] == [app.task_changed(REPORT), app.task_changed(REPORT)]

        receiver.wait_for(1)
        app.registry.log_problems()
        assert app.stream.flush(0)
        health, counts = app.stream.health, app.stream.counts
    app.stream.publish(REPORT)
    assert (True, False, 2, 0) == (health.enabled, health.connected, counts.dropped, counts.published)
    assert "my.conf: [messaging] " in health.problem
    assert sentence in health.problem
    assert [f"The task-status stream cannot be used, and every task change is dropped: {health.problem}"] == [
        record.getMessage() for record in caplog.records if record.levelname == "ERROR"
    ]


@pytest.mark.parametrize(
    ("notifier_type", "config", "section", "mistake", "sentence"),
    [
        ("email", MAIL, "email", {"port": "smtp", "enabled": "true"}, "port = 'smtp' is not allowed"),
        ("email", MAIL, "email", {"enabled": "perhaps"}, "enabled = 'perhaps' is not allowed"),
        ("email", MAIL, "email", {"username": "pulp"}, "username and password belong together"),
        ("email", MAIL, "email", {"cacert": "/no/ca"}, "cacert = '/no/ca' is not allowed"),
        ("http", {"url": "http://x.example/"}, "http", {"certificate_dirs": "here"}, "here is not an absolute path"),
        ("http", {"url": "http://x.example/"}, "http", {"timeout": "5"}, "timeout is not a setting"),
        ("amqp", {}, "messaging", {"url": "carrier-pigeon://loft"}, "url is not allowed: kombu has no transport"),
        ("amqp", {}, "messaging", {"url": "ssl://h", "cacert": "/no/ca"}, "cacert = '/no/ca' is not allowed"),
        ("amqp", {}, "messaging", {"topic_exchange": "x" * 256}, "topic_exchange = "),
    ],
)
def test_deliveries_of_a_notifier_with_a_wrong_setting_wait_for_the_right_one(
    tmp_path, caplog, notifier_type, config, section, mistake, sentence
):
    """However often they are tried: max_attempts is 1. The stream and other notifiers do not notice."""
    quick = {"state_directory": str(tmp_path), "max_attempts": "1", "poll_seconds": "0.05"}
    with App(Settings({"notifiers": quick, section: mistake}, Path("my.conf"))) as app:
        listener = app.listeners.create(ListenerDraft(notifier_type, config, ("repo.sync.finish",)))
        app.fire(Event("repo.sync.finish", {"repo_id": "zoo"}))
        app.worker.start()
        failed = wait_for_failure(app)
        shown = app.listeners.get(listener.id)
        assert app.stream.health.problem is None

    assert (DeliveryState.PENDING, 0) == (failed.state, failed.attempts)
    assert "my.conf: [" in failed.last_error
    assert sentence in failed.last_error
    assert "restart" in failed.last_error
    assert config == shown.config
    lines = [record.getMessage() for record in caplog.records if record.levelname == "ERROR"]
    assert [f"Notifier {notifier_type} cannot be used: {failed.last_error}"] == lines


def test_a_listener_whose_options_cannot_be_decrypted_holds_up_no_other(tmp_path, caplog):
    """What it is owed waits, and arrives when its options are given again."""
    with HttpReceiver() as broken, HttpReceiver() as sound, running_app(tmp_path) as app:
        drafts = [ListenerDraft("http", {"url": receiver.url}, ("repo.sync.finish",)) for receiver in (broken, sound)]
        damaged, _ = map(app.listeners.create, drafts)
        url = app.own.resolved_database_url()
        execute(url, schema.listeners.update().where(schema.listeners.c.id == damaged.id).values(sealed_config="?"))
        with running_app(tmp_path) as app_after_restart:
            assert 2 == app_after_restart.fire(Event("repo.sync.finish", {"repo_id": "zoo"}))
            sound.wait_for(1)
            waiting = wait_for_failure(app_after_restart)
            app_after_restart.listeners.update(damaged.id, ListenerChange(config={"url": broken.url}))
            broken.wait_for(1)

    assert (damaged.id, 0) == (waiting.listener_id, waiting.attempts)
    lines = [record.getMessage() for record in caplog.records if record.levelname == "ERROR"]
    assert [f"Listener {damaged.id} cannot be used: {waiting.last_error}"] == lines


def test_what_listeners_lack_is_logged_once_and_shown(tmp_path, caplog):
    """However often listeners are read again: a notifier that is not installed, and options that are damaged."""
    with running_app(tmp_path) as app:
        listener = app.listeners.create(ListenerDraft("http", {"url": "http://x.example/"}, ("repo.sync.finish",)))
        url = app.own.resolved_database_url()
    damage = {"sealed_config": "?", "notifier_type": "vanished"}
    execute(url, schema.listeners.update().where(schema.listeners.c.id == listener.id).values(**damage))
    with running_app(tmp_path) as app:
        app.log_problems()
        for number in range(3):
            app.listeners.create(ListenerDraft("http", {"url": "http://x.example/"}, ("repo.sync.start",)))
            assert 1 == app.fire(Event("repo.sync.finish", {"repo_id": f"zoo{number}"}))
        notifiers, listeners = app.unusable_notifiers(), app.unusable_listeners()
        app.listeners.delete(listener.id)
        assert ({}, {}) == (app.unusable_notifiers(), app.unusable_listeners())

    assert ["vanished"] == [*notifiers]
    assert "No notifier 'vanished' is installed. Install its plugin, or delete what needs it." == notifiers["vanished"]
    assert [listener.id] == [*listeners]
    lines = [record.getMessage() for record in caplog.records if record.levelname == "ERROR"]
    assert lines == [
        f"Listener {listener.id} cannot be used: {listeners[listener.id]}",
        f"Notifier vanished cannot be used: {notifiers['vanished']}",
    ]


def test_what_is_wrong_with_one_use_of_the_messaging_section_does_not_harm_the_other(tmp_path):
    """Each looks only at its own settings, and at the certificates only if it uses TLS."""
    bad_stream = {"event_notification_url": "carrier-pigeon://loft", **ENABLED}
    bad_listeners = {"url": "carrier-pigeon://loft", "topic_exchange": "x" * 256, "event_notification_url": "tcp://h"}
    bad_certificate = {"url": "tcp://h", "event_notification_url": "amqps://h", "cacert": "/no/ca", **ENABLED}
    unused = {"auth_enabled": "perhaps", "event_notification_url": "tcp://h", **ENABLED}
    off = {"event_notifications_last_states": "-1", "event_notification_url": "", "event_notifications_enabled": "no"}
    found = []
    for number, messaging in enumerate((bad_stream, {**bad_listeners, **ENABLED}, bad_certificate, unused, off)):
        with App(settings(tmp_path / str(number), messaging=messaging)) as app:
            found.append((app.stream.health.problem is None, app.registry.get("amqp").problem is None))

    assert [(False, True), (True, False), (False, True), (True, True), (True, True)] == found


@pytest.mark.filterwarnings("ignore:.* is deprecated since Pulp 2.7:DeprecationWarning")
def test_code_of_pulp_2_and_celery_tasks_do_not_notice_what_cannot_be_used(tmp_path, monkeypatch, caplog):
    """Events are stored, also for a notifier whose setting is wrong, and changes of tasks reach listeners."""
    monkeypatch.setenv("PULP_NOTIFIERS_CONF", str(tmp_path / "my.conf"))
    (tmp_path / "my.conf").write_text(
        f"[notifiers]\nstate_directory = {tmp_path}\n[messaging]\nurl = what://h\n"
        "event_notifications_enabled = yes\nevent_notification_url = what://h\n"
    )
    try:
        legacy.EventListenerManager().create("amqp", {}, ["*"])
        legacy.EventFireManager().fire_repo_sync_started("zoo")
        legacy.TopicPublishManager.publish(Event("repo.sync.start", {"repo_id": "zoo"}))
        with App.from_settings() as app:
            app.listeners.create(ListenerDraft("http", {"url": "http://x.example/"}, ("task.*",)))
            reporter = Reporter(app, tags_header)
            reporter.report(REPORT)
            reporter.flush(60)
            owed = [(delivery.notifier_type, delivery.state) for delivery in app.deliveries.list()[1]]
            assert 1 == app.stream.counts.dropped
    finally:
        legacy.close()

    assert [("http", "pending"), ("amqp", "pending"), ("amqp", "pending")] == owed
    assert "Traceback" not in caplog.text


def test_a_forked_child_of_a_process_with_an_unusable_stream_counts_what_it_drops_itself(tmp_path):
    """As with a stream that works."""
    with App(settings(tmp_path, messaging={"event_notification_url": "", **ENABLED})) as app:
        app.stream.publish(REPORT)
        reading, writing = os.pipe()
        child = os.fork()
        if not child:
            app.stream.publish(REPORT)
            os.write(writing, b"%d" % app.stream.counts.dropped)
            os._exit(0)
        os.waitpid(child, 0)
        assert (b"1", 1) == (os.read(reading, 10), app.stream.counts.dropped)
        os.close(reading)
        os.close(writing)


@pytest.mark.parametrize("own", [{"max_attempts": "many"}, {"bind": "nowhere"}, {"database_url": "mysql://h/d"}])
def test_a_wrong_setting_of_the_service_itself_ends_the_start(tmp_path, own):
    """Nothing could be served without it."""
    with pytest.raises(InvalidSetting):
        App.from_settings(Settings({"notifiers": {"state_directory": str(tmp_path), **own}}))
