"""The commands tail and wait over AMQP 1.0, as processes with real servers."""

import signal
from contextlib import closing
from uuid import uuid4

import pytest

from pulp_notifiers.cli.watch.broker import broker_of
from tests.harness.proton_broker import ProtonBroker
from tests.support.qpid_pulp import QpidPulp, proton, qpid_url
from tests.support.watching import CONTENT, environment_for, publish_until_shown, watching


@pytest.fixture(params=["rabbitmq", "proton_broker"])
def server(request):
    """Return each AMQP 1.0 server in turn."""
    return request.getfixturevalue(request.param)


@pytest.fixture
def pulp(server):
    """Return a publisher of tasks."""
    with closing(QpidPulp(server)) as publisher:
        yield publisher


@pytest.fixture
def environment(server, tmp_path):
    """Return an environment whose settings name the server."""
    return environment_for(qpid_url(server, "qpid"), tmp_path)


def test_tail_prints_a_line_for_each_change(pulp, environment):
    """Of the task that was asked for, and passes over messages that hold none."""
    task = str(uuid4())
    with watching(environment, "tail", "--task", task) as tail:
        publish_until_shown(tail, task, lambda: pulp.report(task, "waiting"))
        pulp.report(str(uuid4()), "running")
        pulp.send(task, proton.Message(body=["a list"]))
        pulp.send(task, proton.Message(body={"body": b"no base64"}))
        pulp.report(task, "running", progress_report=CONTENT)
        pulp.report(task, "error", error={"description": "It is gone."})
        tail.wait_for(lambda tail: "It is gone." in tail.output)

        tail.process.send_signal(signal.SIGINT)
        assert 0 == tail.ended()

    expected = ["waiting   sync zoo", "running   sync zoo   75 % 30/40 content", "error     sync zoo  It is gone."]
    assert [f"{task}  {text}" for text in expected] == [line.split("  ", 1)[1] for line in tail.output.splitlines()]
    assert "Ignoring messages that hold no task" in tail.errors
    assert 1 == len(tail.errors.splitlines())


def test_wait_ends_with_its_task(pulp, environment):
    """With the exit code for the task's last state."""
    task = str(uuid4())
    with watching(environment, "wait", task) as wait:
        publish_until_shown(wait, task, lambda: pulp.report(task, "running"))
        pulp.report(str(uuid4()), "finished")
        pulp.report(task, "error", error={"description": "It is gone."})

        assert 1 == wait.ended()
        assert f"Task {task} ended as error: It is gone." == wait.errors.splitlines()[-1]


def test_wait_survives_a_restart_of_the_server(tmp_path):
    """It reports the outage once and its end once, and sees the end of its task."""
    if reason := ProtonBroker.available():
        pytest.skip(reason)
    task = str(uuid4())
    with ProtonBroker() as server, watching(environment_for(qpid_url(server), tmp_path), "wait", task) as wait:
        with closing(QpidPulp(server)) as pulp:
            publish_until_shown(wait, task, lambda: pulp.report(task, "running"))
        server.restart()
        wait.wait_for(lambda wait: "Reconnected after" in wait.errors)
        with closing(QpidPulp(server)) as pulp:
            pulp.report(task, "finished")

        assert 0 == wait.ended()
        assert ["Lost the", "Reconnected after"] == [" ".join(line.split()[:2]) for line in wait.errors.splitlines()]


@pytest.mark.parametrize(
    ("url", "arguments", "enabled"),
    [
        ("qpid://127.0.0.1:1", [], "false"),
        ("qpid://127.0.0.1:1", [], "true"),
        ("amqp://127.0.0.1:1", ["--broker", "qpid://127.0.0.1:1"], "true"),
    ],
)
def test_a_missing_library_is_an_error_that_says_what_to_install(tmp_path, url, arguments, enabled):
    """AMQP 1.0 needs one that the others do not. It is no mistake in a setting if the server is given by --broker."""
    missing = tmp_path / "proton.py"
    missing.write_text("raise ModuleNotFoundError('No module named proton', name='proton')\n")
    environment = {
        **environment_for(url, tmp_path),
        "PYTHONPATH": str(tmp_path),
        "PULP_NOTIFIERS_MESSAGING_EVENT_NOTIFICATIONS_ENABLED": enabled,
    }
    with watching(environment, "tail", *arguments) as tail:
        assert 74 == tail.ended()
        assert "is not allowed" not in tail.errors
        assert "pip install 'pulp-notifiers[qpid]'" in tail.errors
        assert "Traceback" not in tail.errors


def test_a_server_that_cannot_be_reached_is_an_error(tmp_path):
    """The address may be wrong."""
    with watching(environment_for("", tmp_path), "tail", "--broker", "qpid://joe:hidden@127.0.0.1:1") as tail:
        assert 74 == tail.ended()
        assert tail.errors.startswith("Could not connect to messaging server qpid://127.0.0.1:1")
        assert "Check --broker, or [messaging] event_notification_url" in tail.errors
        assert "hidden" not in tail.errors


@pytest.mark.parametrize(
    "text", ["event_notifications_enabled = true", "event_notification_url = qpid://localhost:5672/"]
)
def test_pulps_default_server_is_read_if_somebody_chose_it(tmp_path, text):
    """By switching the stream on, or by writing it down."""
    file = tmp_path / "server.conf"
    file.write_text(f"[messaging]\nurl = a mistake that only listeners notice ://\n{text}\n")

    assert ["qpid://localhost:5672/"] == broker_of(None, {"PULP_NOTIFIERS_CONF": str(file)}).urls


def test_a_message_in_the_other_protocol_is_passed_over_without_the_library(rabbitmq, tmp_path):
    """RabbitMQ hands over what was published in AMQP 1.0 as it was encoded; the notice says what decodes it."""
    missing = tmp_path / "proton.py"
    missing.write_text("raise ModuleNotFoundError('No module named proton', name='proton')\n")
    environment = {**environment_for(rabbitmq.url, tmp_path), "PYTHONPATH": str(tmp_path)}
    with closing(QpidPulp(rabbitmq)) as pulp, watching(environment, "tail") as tail:
        while "Ignoring" not in tail.errors:
            pulp.report("one", "running")
            tail.read(0.1)

        assert "published over AMQP 1.0" in tail.errors
        assert "pip install 'pulp-notifiers[qpid]'" in tail.errors
