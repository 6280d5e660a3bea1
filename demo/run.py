"""Show the path of events: register listeners, fire events, and print what the receivers got.

Everything is real and runs on this machine: the service with its embedded database, an HTTP server, an SMTP server, a
separate RabbitMQ (or kombu's in-memory broker if RabbitMQ is not installed), and an AMQP 1.0 broker for the task-status
stream if it can be built. All of it is removed at the end.
"""

import json
import os
import shlex
import subprocess
import sys
import tempfile
import textwrap
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import requests
from kombu import Connection, Exchange, Queue

from demo import task_stream
from pulp_notifiers.app import App
from pulp_notifiers.errors import PulpNotifiersError
from pulp_notifiers.event_types import sample
from pulp_notifiers.rest import RestServer
from pulp_notifiers.settings import Settings
from pulp_notifiers.testing.http import HttpReceiver
from pulp_notifiers.testing.smtp import ReceivedMail, SmtpReceiver
from tests.harness.rabbitmq import RabbitMQ

EVENTS = json.loads(Path(__file__).with_name("events.json").read_text())
PASSWORD = "demo-password"
DEADLINE_SECONDS = 20.0
WISH = "listener email create --name production --only-failures --repo 'prod-*' --addresses ops@example.com"
"""The command with which the documentation begins."""


def say(text: str) -> None:
    """Print without buffering, so that the reader can follow."""
    print(text, flush=True)


def heading(text: str) -> None:
    """Print the heading of a step."""
    say(f"\n=== {text} ===")


def shown(text: str, lines: int = 24) -> None:
    """Print a received text, indented and shortened to fit a screen."""
    kept = [line if len(line) <= 110 else f"{line[:107]}..." for line in text.splitlines()]
    if len(kept) > lines:
        kept[lines:] = [f"... and {len(kept) - lines} more lines"]
    say(textwrap.indent("\n".join(kept), "    "))


@contextmanager
def broker() -> Iterator[str]:
    """Start a broker and yield its URL."""
    missing = RabbitMQ.available()
    if missing:
        say(f"{missing}: using an in-memory broker instead.")
        yield "memory://"
        return
    with RabbitMQ() as node:
        say(f"RabbitMQ listens on port {node.port}.")
        yield node.url


@contextmanager
def stream_broker() -> Iterator[int | None]:
    """Start a broker for the task-status stream and yield its port; None if there is none."""
    reason = task_stream.missing()
    if reason:
        say(f"Without the task-status stream: {reason}.")
        yield None
        return
    with task_stream.broker() as port:
        say(f"Qpid Proton's example broker listens on port {port}.")
        yield port


@contextmanager
def service(state: Path, mail: SmtpReceiver, broker_url: str, stream_port: int | None) -> Iterator[RestServer]:
    """Run the service like ``pulp-notifiers serve``."""
    stream = {
        "event_notifications_enabled": "true",
        "event_notification_url": f"qpid://127.0.0.1:{stream_port}/",
    }
    settings = Settings(
        {
            "notifiers": {"state_directory": str(state), "bind": "127.0.0.1:0"},
            "email": {"enabled": "true", "host": mail.host, "port": str(mail.port)},
            "messaging": {"url": broker_url, **(stream if stream_port else {})},
        }
    )
    with App.from_settings(settings) as app:
        app.accounts.ensure_admin(PASSWORD)
        app.worker.start()
        with RestServer(app) as server:
            yield server


class Client:
    """Sends the requests that an administrator would send with curl."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._session = requests.Session()
        self._session.auth = ("admin", PASSWORD)
        self._session.trust_env = False

    def register(self, notifier_type: str, config: dict[str, object], event_types: list[str]) -> None:
        """Register a listener through Pulp 2's API."""
        body = {"notifier_type_id": notifier_type, "notifier_config": config, "event_types": event_types}
        answer = self._session.post(f"{self._url}/pulp/api/v2/events/", json=body, timeout=10)
        answer.raise_for_status()
        say(f"POST /pulp/api/v2/events/ -> {answer.status_code} {answer.reason}: {answer.text}")

    def fire(self, event: dict[str, object]) -> str:
        """Fire an event like Pulp 2's ``http`` notifier, and return its id."""
        answer = self._session.post(f"{self._url}/pulp/api/v3/notifications/events/", json=event, timeout=10)
        answer.raise_for_status()
        say(f"{event['event_type']:22} -> {answer.status_code} {answer.text}")
        return str(answer.json()["id"])

    def report(self, tasks: list[dict[str, object]]) -> None:
        """Report changes of tasks."""
        answer = self._session.post(f"{self._url}/pulp/api/v3/notifications/tasks/", json=tasks, timeout=10)
        answer.raise_for_status()
        say(f"POST /pulp/api/v3/notifications/tasks/ -> {answer.status_code} {answer.text}")

    def backlog(self) -> dict[str, int]:
        """Return the numbers of pending and dead deliveries."""
        answer = self._session.get(f"{self._url}/pulp/api/v3/notifications/status/", timeout=10)
        backlog: dict[str, int] = answer.json()["backlog"]
        return backlog


def command(url: str, line: str) -> None:
    """Run a command of ``pulp-notifiers`` as admin."""
    say(f"$ pulp-notifiers {line}")
    login = {"URL": url, "USERNAME": "admin", "PASSWORD": PASSWORD}
    environ = {**os.environ, **{f"PULP_NOTIFIERS_CLIENT_{name}": value for name, value in login.items()}}
    program = [sys.executable, "-m", "pulp_notifiers", *shlex.split(line)]
    subprocess.run(program, env=environ, check=True, timeout=DEADLINE_SECONDS)


def failed_syncs() -> list[dict[str, object]]:
    """Return the same recorded failure of a sync twice: of a production repository and of another one."""
    event = sample("repo.sync.finish", "pulp3-failed-404").event
    body = {"event_type": event.type, "call_report": event.call_report}
    return [{**body, "payload": {**event.payload, "repo_id": name}} for name in ("lab-x", "prod-rhel-9-appstream")]


def show_mail(mail: ReceivedMail) -> None:
    """Print what people read of a mail: subject and text."""
    part = mail.message.get_body(("plain",))
    text = "" if part is None else str(part.get_content())
    shown(f"To: {mail.message['To']}\nSubject: {mail.message['Subject']}\n\n{text}", lines=24)


def show_wish(client: Client, url: str, mail: SmtpReceiver) -> None:
    """Register the first listener of the documentation, and show the mail that arrives and why another does not."""
    heading("Mail me when a sync of a production repository fails")
    command(url, WISH)
    say("Now a sync of lab-x fails, and one of prod-rhel-9-appstream:")
    other, production = failed_syncs()
    missed = client.fire(other)
    client.fire(production)
    [failure] = mail.wait_for(1, DEADLINE_SECONDS)
    heading("The mail server got this mail, as text and HTML; this is the text")
    show_mail(failure)
    heading("Why is there no mail about lab-x?")
    command(url, f"explain {missed[:8]}")


def show_messages(connection: Connection, queue: Queue, count: int) -> None:
    """Print the AMQP messages in a bound queue."""
    with connection.SimpleQueue(queue) as messages:
        for number in range(count):
            message = messages.get(timeout=DEADLINE_SECONDS)
            message.ack()
            body = json.loads(bytes(message.body) if not isinstance(message.body, str) else message.body)
            properties = message.properties
            say(f"  {message.delivery_info['routing_key']}  message_id={properties.get('message_id')}")
            if number == 0:
                shown(json.dumps(body, indent=2), lines=12)


def show_stream(client: Client, port: int) -> bool:
    """Print what the script in Pulp 2's documentation prints; return whether that is everything."""
    reports: list[dict[str, object]] = [event["call_report"] for event in EVENTS]
    heading(f"Reporting {len(reports)} task changes; {task_stream.SCRIPT.name} reads them from Proton's broker")
    with task_stream.Script(port, DEADLINE_SECONDS) as script:
        client.report(reports)
        lines = script.lines(len(reports))
    for number, line in enumerate(lines):
        shown(line if number else textwrap.fill(line, 110))
    return len(lines) == len(reports)


def main() -> int:
    """Run the demo; return 0 if every receiver got everything."""
    began = time.monotonic()
    with ExitStack() as stack:
        state = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="pulp-notifiers-demo-")))
        heading("Receivers")
        web = stack.enter_context(HttpReceiver())
        mail = stack.enter_context(SmtpReceiver())
        say(f"An HTTP server listens on {web.url}, an SMTP server on port {mail.port}.")
        broker_url = stack.enter_context(broker())
        stream_port = stack.enter_context(stream_broker())
        server = stack.enter_context(service(state, mail, broker_url, stream_port))
        connection = stack.enter_context(Connection(broker_url))
        queue = Queue("demo", Exchange("amq.topic", "topic", durable=True), "pulp.server.#", durable=True)
        # RabbitMQ always has this exchange; the in-memory broker does not.
        connection.default_channel.exchange_declare("amq.topic", "topic", durable=True, auto_delete=False)
        queue(connection.default_channel).declare()
        client = Client(server.url)

        show_wish(client, server.url, mail)

        heading("Registering listeners through Pulp 2's API")
        client.register("http", {"url": f"{web.url}hook", "username": "katello", "password": "hunter2"}, ["*"])
        client.register("email", {"subject": "Pulp synced", "addresses": ["admin@example.com"]}, ["repo.sync.finish"])
        client.register("amqp", {}, ["*"])

        heading(f"Firing {len(EVENTS)} recorded events over REST")
        for event in EVENTS:
            client.fire(event)

        finished = [event for event in EVENTS if event["event_type"] == "repo.sync.finish"]
        posts = web.wait_for(len(EVENTS), DEADLINE_SECONDS)
        mails = mail.wait_for(1 + len(finished), DEADLINE_SECONDS)[1:]

        heading(f"The HTTP server got {len(posts)} POSTs; this is the last one")
        shown(f"{posts[-1].method} {posts[-1].path}\n{posts[-1].headers}\n{json.dumps(posts[-1].json(), indent=2)}")
        heading(f"The mail server got {len(mails)} mails more; this is the first one, as Pulp 2 sent it")
        shown(mails[0].content.decode("ascii") if isinstance(mails[0].content, bytes) else mails[0].content, lines=34)
        heading(f"The queue bound to amq.topic with pulp.server.# got {len(EVENTS)} messages")
        show_messages(connection, queue, len(EVENTS))

        is_complete = stream_port is None or show_stream(client, stream_port)

        heading("State of the deliveries")
        deadline = time.monotonic() + DEADLINE_SECONDS
        while (backlog := client.backlog())["pending"] and time.monotonic() < deadline:
            time.sleep(0.05)
        say(f"pending deliveries: {backlog['pending']}, dead letters: {backlog['dead']}")
    say(f"\nDone in {time.monotonic() - began:.1f} s.")
    return 1 if backlog["pending"] or backlog["dead"] or not is_complete else 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except (PulpNotifiersError, OSError, requests.RequestException, TimeoutError) as error:
        sys.exit(f"The demo failed: {error}")
