"""Mails for people, from the event to the mail server: rendered by the engine, sent by the worker."""

import json
import subprocess
import sys
from collections import defaultdict
from email.message import EmailMessage

import pytest

from pulp_notifiers.event import Event
from pulp_notifiers.event_types import sample
from pulp_notifiers.records import ListenerChange, ListenerDraft
from pulp_notifiers.testing.smtp import SmtpReceiver
from tests.support.running import running_app, wait_for_failure, wait_until_idle
from tests.support.service import Service

ADDRESSES = ("ops@example.com",)
FAILED = sample("repo.sync.finish", "pulp3-failed-404").event
SENT = [
    (FAILED, "[FAILED] rhel-9-appstream on pulp.example.com"),
    (sample("repo.sync.finish", "pulp3-rpm").event, "[CHANGED] prod-rhel-9-baseos on pulp.example.com"),
    (sample("repo.publish.finish", "pulp3-file-publish").event, "[PUBLISHED] iso-images on pulp.example.com"),
    (sample("repo.version.created", "pulp3-upload").event, "[NEW VERSION] iso-images on pulp.example.com"),
    (sample("task.error", "pulp2").event, "[TASK FAILED] zoo: pulp.server.managers.repo.sync.sync on pulp.example.com"),
    (Event("my.own.type", {"colour": "red"}), "[EVENT] my.own.type"),
]  # fmt: skip


@pytest.fixture
def receiver():
    with SmtpReceiver() as receiver:
        yield receiver


@pytest.fixture
def app(tmp_path, receiver):
    email = {"enabled": "true", "host": receiver.host, "port": str(receiver.port), "from": "pulp@example.com"}
    with running_app(tmp_path, email=email) as app:
        yield app


def draft(**fields) -> ListenerDraft:
    return ListenerDraft("email", {"addresses": ADDRESSES}, ("#",), **{"name": "production", **fields})


def again(event: Event, **payload) -> Event:
    """Return the same event as another one, with its own id."""
    return Event(event.type, {**event.payload, **payload}, event.call_report, occurred_at=event.occurred_at)


def text_of(message: EmailMessage, subtype: str = "plain") -> str:
    part = message.get_body((subtype,))
    assert part is not None
    return str(part.get_content()).replace("\r\n", "\n")


def test_events_of_every_kind_become_mails_for_people(app, receiver):
    """With the listener's name and the command that stops it; an event of an unknown type too."""
    app.listeners.create(draft())
    for event, _ in SENT:
        app.fire(event)

    assert 0 == wait_until_idle(app).dead
    messages = {str(mail.message["X-Pulp-Event"]): mail.message for mail in receiver.wait_for(len(SENT))}
    for event, subject in SENT:
        message = messages[str(event.id)]
        assert subject == message["Subject"]
        for subtype in ("plain", "html"):
            text = text_of(message, subtype)
            assert "pulp-notifiers listener disable production" in text
            assert str(event.id) in text


def test_mails_about_one_repository_are_one_thread(app, receiver):
    """Failed, failed again, finished; another repository, and another listener, have threads of their own."""
    app.listeners.create(draft())
    finished = sample("repo.sync.finish", "pulp3-nothing-new").event
    for event in (FAILED, again(FAILED), again(finished, repo_id=FAILED.payload["repo_id"]), finished):
        app.fire(event)
    wait_until_idle(app)
    app.listeners.create(draft(name="other"))
    app.listeners.update(app.listeners.list()[0].id, ListenerChange(enabled=False))
    app.fire(again(FAILED))
    wait_until_idle(app)

    messages = [mail.message for mail in receiver.wait_for(5)]
    threads = defaultdict(list)
    for message in messages:
        threads[message["References"]].append(message["Subject"].partition("] ")[2])
    appstream = "rhel-9-appstream on pulp.example.com"
    assert [[appstream], [appstream] * 3, ["zoo on pulp.example.com"]] == sorted(threads.values())
    assert all(message["References"] == message["In-Reply-To"] for message in messages)
    assert 5 == len({message["Message-ID"] for message in messages})


def test_an_attempt_that_is_repeated_by_the_worker_sends_the_same_mail(app, receiver):
    """ALERTS 20: the server took the mail, and its answer was lost."""
    receiver.drop("message", times=1)
    app.listeners.create(draft())
    app.fire(again(FAILED))

    assert wait_for_failure(app).last_error.startswith("Error sending mail. ")
    assert 0 == wait_until_idle(app).dead
    first, second = receiver.wait_for(2)
    assert first.content == second.content


def test_a_listener_of_pulp_2_keeps_its_mails_whatever_is_changed_in_the_own_api(app, receiver):
    """Until its format is changed."""
    config = {"subject": "Pulp", "addresses": [*ADDRESSES]}
    listener = app.pulp2_listeners.create("email", config, ["repo.sync.finish"])
    app.listeners.update(listener.id, ListenerChange(name="renamed", description="x", labels={"team": "a"}))
    app.fire(FAILED)
    wait_until_idle(app)
    [mail] = receiver.wait_for(1)
    assert FAILED.body() == json.loads(mail.message.get_content())
    assert f"<{FAILED.id}." in mail.message["Message-ID"]
    assert config == app.pulp2_listeners.get(listener.id).config

    app.listeners.update(listener.id, ListenerChange(config={"format": "text"}))
    app.fire(again(FAILED))
    wait_until_idle(app)

    message = receiver.wait_for(2)[1].message
    assert "Pulp" == message["Subject"]
    assert text_of(message).startswith("HTTP 404 File not found: ")


def test_hostile_names_and_errors_arrive_as_text(app, receiver):
    """ALERTS 19, stored and delivered: one mail with one recipient, and no dead letter."""
    hostile = "zoo\r\nBcc: evil@example.com\r\n\r\n<script>=?utf-8?q?=0D=0ABcc:_x=40y?=\0\x1b[31m\u202e\ud800"
    hostile += "\u6f22" * 5000
    app.listeners.create(draft())
    payload = {"repo_id": hostile, "server": hostile, "result": "failed", "error_message": hostile, "domain": hostile}
    app.fire(Event("repo.sync.finish", payload, {"traceback": [hostile] * 100}))

    assert 0 == wait_until_idle(app).dead
    [mail] = receiver.wait_for(1)
    head, _, body = mail.content.partition(b"\r\n\r\n")
    assert ADDRESSES == mail.recipients
    assert mail.content.isascii()
    assert max(map(len, head.split(b"\r\n"))) <= 78
    assert max(map(len, body.split(b"\r\n"))) <= 76
    assert (None, True) == (mail.message["Bcc"], mail.message["Subject"].startswith("[FAILED] "))
    assert "<script>" not in text_of(mail.message, "html")


def test_one_command_and_a_process_of_its_own_send_a_mail(tmp_path, receiver):
    """The command line creates the listener, REST fires the event, the service sends."""
    mail = {"EMAIL_ENABLED": "true", "EMAIL_HOST": receiver.host, "EMAIL_PORT": str(receiver.port)}
    with Service(tmp_path, **mail) as service:
        command = ["listener", "email", "create", "--event-type", "repo.sync.finish", "--addresses", "ops@example.com"]
        subprocess.run(
            [sys.executable, "-m", "pulp_notifiers", *command], env=service.environ, check=True, capture_output=True
        )
        body = {"event_type": "repo.sync.finish", "payload": dict(FAILED.payload)}
        assert service.session.post(f"{service.url}/pulp/api/v3/notifications/events/", json=body).ok

        message = receiver.wait_for(1)[0].message
    assert "[FAILED] rhel-9-appstream on pulp.example.com" == message["Subject"]
    assert "HTTP 404 File not found: " in text_of(message, "html")
