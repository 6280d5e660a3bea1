"""Mails about failed syncs of some repositories of a real Pulp 3, with the commands of the documentation."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from pulp_notifiers.testing.smtp import SmtpReceiver
from tests.harness.pulp3 import Pulp3
from tests.support.pages import PAGES, command_lines
from tests.support.pulp3_watched import watch
from tests.support.service import Service
from tests.support.waiting import wait_until

PATIENCE_SECONDS = 120.0


@pytest.fixture
def mailbox() -> Iterator[SmtpReceiver]:
    """Yield a mail server."""
    with SmtpReceiver() as receiver:
        yield receiver


@pytest.fixture
def service(mailbox: SmtpReceiver, tmp_path: Path) -> Iterator[Service]:
    """Yield a service that sends mails."""
    mail = {"EMAIL_ENABLED": "true", "EMAIL_HOST": mailbox.host, "EMAIL_PORT": str(mailbox.port)}
    with Service(tmp_path, EMAIL_FROM="pulp@pulp.example.com", **mail) as running:
        yield running


def command(service: Service, *words: str) -> str:
    """Run the command line and return what it prints."""
    program = [sys.executable, "-m", "pulp_notifiers", *words]
    ended = subprocess.run(program, env=service.environ, capture_output=True, text=True, check=False, timeout=60)
    assert 0 == ended.returncode, ended.stderr
    return ended.stdout


def printed_command() -> list[str]:
    """Return the one-line command with which the page about Pulp 3 creates the listener."""
    [words] = [words for words in command_lines(PAGES["pulp-3"]) if "--only-failures" in words]
    return words[1:]


def failed_syncs(service: Service) -> dict[str, str]:
    """Return the ids of the events about failed syncs, by repository."""
    listed = command(service, "event", "list", "--type", "repo.sync.finish", "--result", "failed", "--json")
    return {event["repo_id"]: event["id"] for event in json.loads(listed)}


def test_a_failed_sync_of_a_matching_repository_is_mailed_and_explain_says_why(
    pulp3: Pulp3, service: Service, mailbox: SmtpReceiver
) -> None:
    """The one of another repository is not, and explain says why not."""
    command(service, *printed_command())
    watch(service, pulp3, "alerts-watcher")

    begun = [
        pulp3.api.sync(pulp3.api.create_repository(name, pulp3.remote.url(f"no-such-{name}")))
        for name in ("lab-x", "prod-x")
    ]
    assert ["failed", "failed"] == [pulp3.api.wait(task)["state"] for task in begun]
    wait_until(lambda: len(failed_syncs(service)) == 2, service.log.read_text, PATIENCE_SECONDS)
    events = failed_syncs(service)
    service.wait_until_idle()

    [mail] = mailbox.mails
    message = mail.message
    assert ("[FAILED] prod-x on pulp.example.com", "multipart/alternative") == (
        message["Subject"],
        message.get_content_type(),
    )
    text, html = (message.get_body((kind,)).get_content() for kind in ("plain", "html"))
    assert text.startswith("HTTP 404")
    assert pulp3.remote.url("no-such-prod-x") in text
    assert "prod-x" in html
    assert "lab-x" not in text + html
    got, missed = (
        " ".join(command(service, "explain", events[name], "--listener", "production").split())
        for name in ("prod-x", "lab-x")
    )
    assert "production matched" in got
    assert 'payload.repo_id is "lab-x"' in missed
    assert "Its condition is false" in missed
