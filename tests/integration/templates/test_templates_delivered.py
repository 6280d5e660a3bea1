"""Messages from templates, from the event to a real receiver."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from pulp_notifiers.app import App
from pulp_notifiers.event import Event
from pulp_notifiers.records import ErrorKind, Listener, ListenerDraft, Template, TemplateChange, TemplateDraft
from pulp_notifiers.settings import Settings
from pulp_notifiers.template_files import write_template
from pulp_notifiers.testing.http import HttpReceiver, ReceivedRequest
from pulp_notifiers.testing.smtp import SmtpReceiver
from tests.support.waiting import wait_until

CHAT = {"json": {"text": "{{ about.name }} {{ labels.team }}"}, "headers": {"X-Kind": "{{ event.type }}"}}


@pytest.fixture
def mailbox() -> Iterator[SmtpReceiver]:
    """Yield a mail server."""
    with SmtpReceiver() as receiver:
        yield receiver


@pytest.fixture
def app(tmp_path: Path, mailbox: SmtpReceiver) -> Iterator[App]:
    """Yield an app with a folder of templates, whose worker runs."""
    (tmp_path / "templates").mkdir()
    sections = {
        "state_directory": str(tmp_path),
        "template_dir": str(tmp_path / "templates"),
        "poll_seconds": "0.05",
    }
    email = {"enabled": "true", "host": mailbox.host, "port": str(mailbox.port), "from": "pulp@example.com"}
    with App(Settings({"notifiers": sections, "email": email})) as app:
        app.store.upgrade()
        app.worker.start()
        yield app


@pytest.fixture
def receiver() -> Iterator[HttpReceiver]:
    """Yield a receiver."""
    with HttpReceiver() as receiver:
        yield receiver


def register(app: App, receiver: HttpReceiver, template: str | None) -> Listener:
    labels = {"team": "ops"}
    draft = ListenerDraft("http", {"url": receiver.url + "?a=1"}, ("#",), labels=labels, template=template)
    return app.listeners.create(draft)


def sent(app: App, receiver: HttpReceiver, repo_id: str = "zoo") -> ReceivedRequest:
    """Fire an event and return the request that carries it."""
    before = len(receiver.requests)
    app.fire(Event("repo.sync.finish", {"repo_id": repo_id, "result": "success"}))
    return receiver.wait_for(before + 1)[before]


def test_the_chosen_template_makes_the_request(app: App, receiver: HttpReceiver) -> None:
    """A change of it counts for the next event, and values cannot add headers, keys or parameters."""
    app.templates.create(TemplateDraft("chat", "http", CHAT))
    register(app, receiver, "chat")

    request = sent(app, receiver)
    assert {"text": "zoo ops"} == request.json()
    assert ("application/json", "repo.sync.finish") == (request.headers["Content-Type"], request.headers["X-Kind"])
    assert "/?a=1" == request.path

    nasty = 'zoo"}\r\nX-Evil: 1&b=2'
    parts = {"json": None, "body": "{{ payload.repo_id }}", "query": {"repo": "{{ payload.repo_id }}"}}
    headers = {"X-Kind": "{{ payload.repo_id }}", "Content-Type": "text/markdown"}
    app.templates.update("chat", TemplateChange({**parts, "headers": headers}))
    request = sent(app, receiver, nasty)
    assert nasty.encode() == request.body
    assert ("text/markdown", 'zoo"} X-Evil: 1&b=2') == (request.headers["Content-Type"], request.headers["X-Kind"])
    assert "X-Evil" not in request.headers
    assert "/?a=1&repo=zoo%22%7D%20X-Evil%3A%201%26b%3D2" == request.path


def test_a_template_that_broke_after_an_upgrade_still_delivers(app: App, receiver: HttpReceiver) -> None:
    """With Pulp 2's body and a header that says why; it is counted on the listener."""
    now = app.store.clock()
    old = Template("chat", "http", {"body": "{{ payload|gone_filter }}"}, created_at=now, changed_at=now)
    app.store.templates.add(old)
    listener = register(app, receiver, "chat")

    request = sent(app, receiver)

    assert {"event_type", "payload", "call_report"} == {*request.json()}
    assert "gone_filter" in request.headers["Pulp-Template-Problem"]
    (errors,) = app.listener_errors.of([listener.id])
    assert (ErrorKind.TEMPLATE, 1, request.headers["Pulp-Event-Id"]) == (errors.kind, errors.count, errors.event_id)
    assert "gone_filter" in errors.problem


def test_a_header_that_cannot_be_sent_is_a_failure_of_the_template(app: App, receiver: HttpReceiver) -> None:
    """For that event only."""
    app.templates.create(
        TemplateDraft("chat", "http", {"headers": {"X-Repo": "{{ payload.repo_id }}"}}, "", ("repo.#",))
    )
    register(app, receiver, "chat")

    refused, accepted = sent(app, receiver, "Löwen"), sent(app, receiver, "zoo")

    assert "X-Repo" not in refused.headers
    assert "printable ASCII" in refused.headers["Pulp-Template-Problem"]
    assert ("zoo", None) == (accepted.headers["X-Repo"], accepted.headers.get("Pulp-Template-Problem"))


def test_templates_in_files_are_used_as_they_are_now(app: App, receiver: HttpReceiver, tmp_path: Path) -> None:
    """A file that becomes wrong changes nothing, and the status says so; a stored template comes first."""
    folder = tmp_path / "templates" / "chat"
    facts = {"notifier_type": "http", "description": "", "event_types": ["#"]}
    write_template(folder, {**facts, "parts": {"body": "one"}})
    wait_until(lambda: "chat" in app.template_files.all())
    register(app, receiver, "chat")
    assert b"one" == sent(app, receiver).body

    write_template(folder, {**facts, "parts": {"body": "two"}})
    wait_until(lambda: "two" == app.template_files.all()["chat"].parts["body"])
    assert b"two" == sent(app, receiver).body

    (folder / "body.txt").write_text("{{ payload.")
    wait_until(lambda: "chat" in app.unusable_templates())
    assert b"two" == sent(app, receiver).body

    app.templates.create(TemplateDraft("chat", "http", {"body": "stored"}))
    assert b"stored" == sent(app, receiver).body


def test_a_repeated_attempt_sends_the_same_bytes(app: App) -> None:
    """Except for the number of the attempt."""
    app.templates.create(
        TemplateDraft("chat", "http", {"json": {"all": "{{ about|tojson }}"}, "query": {"t": "{{ event.id }}"}})
    )
    with HttpReceiver([503]) as receiver:
        register(app, receiver, "chat")
        app.fire(Event("repo.sync.finish", {"repo_id": "zoo"}))

        first, second = receiver.wait_for(2)

    assert (first.path, first.body) == (second.path, second.body)
    assert "zoo" == json.loads(first.body)["all"]["name"]


def test_a_changed_default_of_mails_counts_at_once(app: App, mailbox: SmtpReceiver) -> None:
    """If it fails, the mail is the notifier's own with a line that says why; if it is deleted, without the line."""
    draft = ListenerDraft("email", {"addresses": ["ops@example.com"]}, ("#",), name="nights")
    app.listeners.create(draft)

    def mail() -> tuple[str, str]:
        before = len(mailbox.mails)
        app.fire(Event("repo.sync.finish", {"repo_id": "zoo", "result": "success"}))
        message = mailbox.wait_for(before + 1)[before].message
        text = message.get_body(("plain",))
        assert text is not None
        return str(message["Subject"]), text.get_content().strip()

    app.templates.create(TemplateDraft("email", "email", {"subject": "ours {{ about.name }}", "text": "short"}))
    assert ("ours zoo", "short") == mail()

    stored = app.store.templates.get("email")
    assert stored is not None
    app.store.templates.change("email", lambda found: replace(found, parts={"text": "{{ event|gone_filter }}"}))
    subject, text = mail()
    assert "zoo" in subject
    assert "gone_filter" in text

    app.templates.delete("email")
    subject, text = mail()
    assert "zoo" in subject
    assert "gone_filter" not in text
