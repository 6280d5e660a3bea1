"""What Pulp 2's e-mail notifier did, and what its successor does instead: vectors/notifier_email.json."""

import json
from pathlib import Path

import pytest

from pulp_notifiers.errors import InvalidConfig, SwitchedOff, TemporaryFailure

FILE = Path(__file__).parents[3] / "tests" / "legacy" / "vectors" / "notifier_email.json"
VECTORS = {vector["id"]: vector for vector in json.loads(FILE.read_text())["vectors"]}


def test_every_vector_has_a_test():
    """The tests below are named after the vectors."""
    tested = {
        name.removeprefix("test_vector_").replace("_", "-") for name in globals() if name.startswith("test_vector_")
    }

    assert VECTORS.keys() == tested


def test_vector_disabled(receiver, sending):
    """Mail is off by default, and nothing connects."""
    vector = VECTORS["disabled"]
    notifier = sending(receiver.port, enabled="")
    config = notifier.loaded.parse(vector["given"]["config"])

    with pytest.raises(SwitchedOff):
        notifier.loaded.send(None, config, "a@example.com", attempt=1)

    assert vector["expect"]["smtp_connections"] == receiver.connections


def test_vector_missing_subject(receiver, sending):
    """REST accepts a listener without a subject, and the notifier refuses it."""
    vector = VECTORS["missing-subject"]

    with pytest.raises(InvalidConfig, match="subject: Field required"):
        sending(receiver.port).loaded.parse(vector["given"]["config"])

    assert vector["expect"]["smtp_connections"] == receiver.connections


def test_vector_smtp_connect_error(receiver, sending):
    """The reason starts with Pulp 2's log line."""
    message = VECTORS["smtp-connect-error"]["expect"]["log"]["message"]
    receiver.refuse("greeting", "421 4.3.2 Not now")

    with pytest.raises(TemporaryFailure) as caught:
        sending(receiver.port).send()

    expected = message.replace("localhost", receiver.host).replace("25", str(receiver.port))
    assert caught.value.reason.startswith(expected)


def test_vector_smtp_refused(receiver, sending):
    """It is a failure like any other, and does not end a thread."""
    receiver.stop()

    with pytest.raises(TemporaryFailure, match="SMTP connection failed to .*: Connection refused"):
        sending(receiver.port).send()


def test_vector_smtp_send_error(receiver, sending):
    """The reason starts with Pulp 2's log line, and the session is ended with QUIT."""
    vector = VECTORS["smtp-send-error"]
    receiver.refuse("RCPT", "451 4.2.1 Mailbox busy")
    notifier = sending(receiver.port)

    with pytest.raises(TemporaryFailure) as caught:
        notifier.send()
    notifier.loaded.close()

    assert caught.value.reason.startswith(vector["expect"]["log"]["message"])
    assert vector["expect"]["quit_called"] == ("QUIT" in receiver.commands)


def test_vector_subject_newline(receiver, sending):
    """The successor refuses a line break in the subject."""
    with pytest.raises(InvalidConfig, match="subject: .* a mail header cannot carry"):
        sending(receiver.port).loaded.parse(VECTORS["subject-newline"]["given"]["config"])

    assert 0 == receiver.connections
