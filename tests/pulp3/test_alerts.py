"""Mails about failed syncs of some repositories of a real Pulp 3, with the commands of the documentation."""

import json
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from pulp_notifiers.testing.smtp import SmtpReceiver
from tests.harness.pulp3 import Pulp3
from tests.support.pages import PAGES, command_lines
from tests.support.service import Service

PATIENCE_SECONDS = 120.0
API = "/pulp/api/v3/notifications/"
ROLES = ("core.task_viewer", "file.filerepository_viewer", "file.fileremote_viewer")


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


def watch(service: Service, pulp3: Pulp3) -> None:
    """Add the server as a source, and return when the source polls it."""
    pulp3.api.create_user("alerts-watcher", "watches-1-syncs", ROLES)
    config = {"url": pulp3.url, "username": "alerts-watcher", "password": "watches-1-syncs", "interval": 0.5}
    added = {"name": "pulp", "type": "pulp3", "config": {**config, "server": "pulp.example.com"}}
    service.call("POST", f"{API}sources/", 201, json=added)
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not service.call("GET", f"{API}sources/pulp/")["facts"].get("polls"):
        assert time.monotonic() < deadline, service.log.read_text()
        time.sleep(0.1)


def failed_events(service: Service, count: int) -> dict[str, str]:
    """Return the ids of the events about failed syncs by repository, once there are so many."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while True:
        listed = command(service, "event", "list", "--type", "repo.sync.finish", "--result", "failed", "--json")
        found = {event["repo_id"]: event["id"] for event in _results(json.loads(listed))}
        if len(found) >= count:
            return found
        assert time.monotonic() < deadline, service.log.read_text()
        time.sleep(0.2)


def _results(document):
    return document["results"] if isinstance(document, dict) else document


def test_a_failed_sync_of_a_matching_repository_is_mailed_and_explain_says_why(
    pulp3: Pulp3, service: Service, mailbox: SmtpReceiver
) -> None:
    """The one of another repository is not, and explain says why not."""
    command(service, *printed_command())
    watch(service, pulp3)

    begun = [
        pulp3.api.sync(pulp3.api.create_repository(name, pulp3.remote.url(f"no-such-{name}")))
        for name in ("lab-x", "prod-x")
    ]
    assert ["failed", "failed"] == [pulp3.api.wait(task)["state"] for task in begun]
    events = failed_events(service, 2)
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
