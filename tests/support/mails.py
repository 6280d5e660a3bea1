"""Mails about events, rendered from the packaged template as the engine does it."""

from datetime import UTC, datetime
from email.message import EmailMessage
from functools import cache

from pulp_notifier_email import EmailConfig, EmailNotifier, Identity, render_readable

from pulp_notifiers.event import Event
from pulp_notifiers.event_types import about
from pulp_notifiers.templating import TextForm, compile_text, event_facts, listener_facts, template_facts

LISTENER = ("6563a1f0c0ffee0000000001", "production")
ADDRESS = "ops@example.com"
SENDER = "Pulp <pulp@example.com>"


def parts_of(event: Event, listener_name: str = LISTENER[1]) -> dict[str, str]:
    """Return the rendered subject, text and HTML of the packaged template."""
    listener = listener_facts(LISTENER[0], listener_name, "", {})
    facts = template_facts(event_facts(event), listener, about(event), ADDRESS, attempt=1)
    return {
        name: compile_text(text, TextForm(EmailNotifier.template_parts[name])).render(facts)
        for name, text in _packaged().items()
    }


def mail_about(event: Event, now: datetime | None = None, listener_name: str = LISTENER[1]) -> EmailMessage:
    """Return the mail about an event, in the format html."""
    config = EmailConfig.model_validate({"format": "html", "addresses": [ADDRESS]})
    identity = Identity(event, "1", LISTENER[0], listener_name, about(event))
    return render_readable(
        parts_of(event, listener_name), identity, config, ADDRESS, SENDER, now=now or datetime.now(UTC)
    )


@cache
def _packaged() -> dict[str, str]:
    notifier = EmailNotifier()
    [name] = {notifier.default_template(EmailConfig.model_validate({"format": "html", "addresses": [ADDRESS]}))}
    return dict(notifier.packaged_templates()[name or ""].parts)
