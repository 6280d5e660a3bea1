"""Mails for people over a real SMTP server: what the notifier makes of the rendered parts that it gets."""

import json
from datetime import timedelta

import pytest
from pulp_notifier_email import EmailNotifier

from pulp_notifiers.errors import TemporaryFailure
from pulp_notifiers.event_types import sample
from pulp_notifiers.notifier import ListenerInfo, SendContext
from pulp_notifiers.settings import Settings
from pulp_notifiers.testing.contract import NotifierContract
from pulp_notifiers.testing.plugins import LoadedNotifier
from pulp_notifiers.testing.smtp import SmtpReceiver
from tests.support.mails import LISTENER, parts_of

EVENT = sample("repo.sync.finish", "pulp3-failed-404").event
READABLE = {"format": "html", "addresses": ["ops@example.com"]}
LEGACY = {"subject": "Pulp", "addresses": ["ops@example.com"]}


@pytest.fixture
def send(receiver):
    """Return what sends the event with options and a context, some time after it occurred."""
    section = {"enabled": "true", "host": "127.0.0.1", "port": str(receiver.port), "from": "pulp@example.com"}
    now = [EVENT.occurred_at]
    loaded = LoadedNotifier("email", EmailNotifier(clock=lambda: now[0]), Settings({"email": section}).section)

    def sending(options, late=timedelta(0), **context):
        now[0] = EVENT.occurred_at + late
        config = loaded.parse(options)
        context = SendContext(7, listener=ListenerInfo(*LISTENER), **context)
        loaded.send(EVENT, config, "ops@example.com", attempt=1, context=context)

    yield sending
    loaded.close()


def only(receiver):
    [mail] = receiver.wait_for(1)
    return mail.message


def text_of(message, subtype="plain"):
    return message.get_body((subtype,)).get_content().replace("\r\n", "\n")


def test_the_rendered_parts_arrive(receiver, send):
    """As text and HTML in one mail, with the ids of delivery, listener and event."""
    parts = parts_of(EVENT)
    send(READABLE, rendered=parts)

    message = only(receiver)
    assert parts["subject"] == message["Subject"]
    assert (parts["text"], parts["html"]) == (text_of(message).strip(), text_of(message, "html").strip())
    assert (LISTENER[0], str(EVENT.id)) == (message["X-Pulp-Listener"], message["X-Pulp-Event"])
    assert message["References"] == message["In-Reply-To"]


def test_a_repeated_attempt_sends_the_same_bytes(receiver, send):
    """ALERTS 20: the server's answer to the first was lost."""
    receiver.drop("message", times=1)

    with pytest.raises(TemporaryFailure):
        send(READABLE, rendered=parts_of(EVENT))
    send(READABLE, timedelta(hours=1), rendered=parts_of(EVENT), attempt=2)

    first, second = receiver.wait_for(2)
    assert first.content == second.content


def test_a_mail_that_waited_for_the_server_has_the_time_of_the_attempt(receiver, send):
    """Filters distrust old dates; the text has the time of the event."""
    send(READABLE, timedelta(days=2), rendered=parts_of(EVENT))

    assert EVENT.occurred_at.replace(microsecond=0) + timedelta(days=2) == only(receiver)["Date"].datetime


def test_a_failed_template_is_named_in_the_mail(receiver, send):
    """The default goes out, in both parts with one line that says why."""
    send(READABLE, rendered=parts_of(EVENT), problem="The template mine failed: payload.x is missing.")

    message = only(receiver)
    assert "\n\nThe template mine failed: payload.x is missing.\n\n-- \n" in text_of(message)
    assert "The template mine failed: payload.x is missing.</p></body>" in text_of(message, "html").replace("\n", "")


@pytest.mark.parametrize("options", [READABLE, {**READABLE, "format": "text"}])
def test_without_rendered_parts_the_mail_has_the_event(receiver, send, options):
    """No mail is lost because there is no template."""
    send(options)

    message = only(receiver)
    assert EVENT.type == message["Subject"]
    assert EVENT.body() == json.loads(text_of(message))


@pytest.mark.parametrize("options", [LEGACY, {**LEGACY, "format": "legacy"}])
def test_a_legacy_listener_gets_the_mail_of_pulp_2(receiver, send, options):
    """Whatever the engine knows about the attempt, and however late it is."""
    send(options, timedelta(days=2))

    message = only(receiver)
    assert "Pulp" == message["Subject"]
    assert EVENT.body() == json.loads(message.get_content())
    assert {"Date", "From", "To", "Subject", "Message-ID", "Auto-Submitted", "MIME-Version", "Content-Type",
            "Content-Transfer-Encoding"} == set(message.keys())  # fmt: skip


def test_a_template_that_a_legacy_listener_names_is_used(receiver, send):
    """Only an administrator of the own API can name one; the subject stays that of the listener."""
    send(LEGACY, rendered=parts_of(EVENT))

    message = only(receiver)
    assert "Pulp" == message["Subject"]
    assert "multipart/alternative" == message.get_content_type()


def test_a_legacy_listener_whose_template_fails_gets_the_event_and_why(receiver, send):
    """It has no default."""
    send(LEGACY, problem="There is no template mine.")

    assert text_of(only(receiver)).endswith("}\n\nThere is no template mine.\n")


@pytest.mark.parametrize(
    ("parts", "problem"), [({"text": "x"}, []), ({"subject": "x", "html": "y"}, ["text"]), ({}, ["text"])]
)
def test_a_template_must_have_a_text(parts, problem):
    """Some mail programs show nothing else, and filters distrust HTML alone."""
    assert problem == list(LoadedNotifier("email", EmailNotifier).template_problems(parts))


def test_the_packaged_template_has_every_part():
    """The format legacy has no template."""
    loaded = LoadedNotifier("email", EmailNotifier)

    assert {"email": loaded.template_parts().keys()} == {
        name: template.parts.keys() for name, template in loaded.packaged_templates().items()
    }
    assert "email" == loaded.default_template(loaded.parse(READABLE))
    assert "email" == loaded.default_template(loaded.parse({**READABLE, "format": "text"}))
    assert loaded.default_template(loaded.parse(LEGACY)) is None


class TestReadableMails(NotifierContract):
    """The notifier keeps its contract in the format html, without anything rendered."""

    notifier = EmailNotifier
    options = {"format": "html", "addresses": ["a@example.com", "b@example.com"]}
    failing_options = ({"format": "html", "addresses": ["nobody@example.com"]},)
    invalid_options = (({"format": "pdf"}, ["format", "addresses"]),)

    @pytest.fixture(autouse=True)
    def _receiver(self):
        with SmtpReceiver() as self.receiver:
            self.receiver.refuse("RCPT", "550 5.1.1 No such user", address="nobody@example.com")
            self.settings = {"email": {"enabled": "true", "host": "127.0.0.1", "port": str(self.receiver.port)}}
            yield

    def received(self, count):
        """Return the event's id of each mail."""
        return [str(mail.message["X-Pulp-Event"]) for mail in self.receiver.wait_for(count)]
