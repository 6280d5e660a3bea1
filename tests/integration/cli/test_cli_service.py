"""The service as the command line tool starts it, and the commands that ask it."""

import json
import re
import signal
import subprocess
import sys
import threading
from contextlib import contextmanager

import pytest

from pulp_notifiers import App, Event, ListenerDraft
from pulp_notifiers.cli import main
from pulp_notifiers.testing.http import HttpReceiver
from tests.support.migrated import new_state

COMMAND = [sys.executable, "-c", "import sys; from pulp_notifiers.cli import main; sys.exit(main())"]
TIMEOUT_SECONDS = 30
ADMIN_PASSWORD = "pass-word-1"


class Service:
    """A process that runs until it is stopped, and what it writes to standard error."""

    def __init__(self, *arguments):
        self.process = subprocess.Popen([*COMMAND, *arguments], stderr=subprocess.PIPE, text=True)
        self.log = ""
        self._written = threading.Condition()
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def _read(self):
        for line in self.process.stderr:
            with self._written:
                self.log += line
                self._written.notify_all()

    def wait_for(self, pattern):
        """Wait for a pattern in the log, and return its first match."""
        with self._written:
            assert self._written.wait_for(lambda: re.search(pattern, self.log), TIMEOUT_SECONDS), self.log
            return re.search(pattern, self.log)

    def end(self, number=signal.SIGTERM):
        """Send a signal and return the exit code."""
        self.process.send_signal(number)
        exit_code = self.process.wait(TIMEOUT_SECONDS)
        self._reader.join()
        return exit_code

    def clean_up(self):
        """Kill the process, whatever the test did."""
        self.process.kill()
        self.process.wait()
        self._reader.join()
        self.process.stderr.close()


@contextmanager
def running(*arguments):
    """Run a process until the block ends."""
    service = Service(*arguments)
    try:
        yield service
    finally:
        service.clean_up()


@pytest.fixture(autouse=True)
def settings(tmp_path, monkeypatch):
    """Settings of this test alone, and an upgraded database."""
    new_state(tmp_path / "state", "admin", ADMIN_PASSWORD)
    file = tmp_path / "server.conf"
    file.write_text(f"[notifiers]\nstate_directory = {tmp_path / 'state'}\n")
    monkeypatch.setenv("PULP_NOTIFIERS_CONF", str(file))
    monkeypatch.setenv("PULP_NOTIFIERS_ADMIN_PASSWORD", ADMIN_PASSWORD)
    monkeypatch.setenv("PULP_NOTIFIERS_CLIENT_USERNAME", "admin")
    monkeypatch.setenv("PULP_NOTIFIERS_CLIENT_PASSWORD", ADMIN_PASSWORD)
    return monkeypatch


@contextmanager
def serving(settings, *arguments):
    """Run the service, and let commands use it."""
    with running("serve", "--bind", "127.0.0.1:0", *arguments) as service:
        settings.setenv("PULP_NOTIFIERS_CLIENT_URL", service.wait_for(r"Serving on (http://\S+)")[1])
        yield service


@pytest.fixture(scope="module")
def shared_url(tmp_path_factory):
    """A service for tests that do not change it."""
    with pytest.MonkeyPatch.context() as environment:
        state = tmp_path_factory.mktemp("shared") / "state"
        new_state(state, "admin", ADMIN_PASSWORD)
        environment.setenv("PULP_NOTIFIERS_STATE_DIRECTORY", str(state))
        environment.setenv("PULP_NOTIFIERS_ADMIN_PASSWORD", ADMIN_PASSWORD)
        service = Service("serve", "--bind", "127.0.0.1:0")
    try:
        yield service.wait_for(r"Serving on (http://\S+)")[1]
    finally:
        service.clean_up()


@pytest.fixture
def shared(shared_url, settings):
    """Let commands use the shared service."""
    settings.setenv("PULP_NOTIFIERS_CLIENT_URL", shared_url)


@pytest.fixture
def inbox(shared, capsys):
    """A receiver of all repository events of the shared service."""
    with HttpReceiver() as receiver:
        created = printed(capsys, "listener", "http", "create", "--event-type", "*", "--url", receiver.url)
        yield receiver
        printed(capsys, "listener", "delete", created.split()[1])


def printed(capsys, *arguments):
    """Return what a command prints."""
    capsys.readouterr()
    exit_code = main(arguments)
    output = capsys.readouterr()
    assert 0 == exit_code, output
    return output.out


def test_an_event_is_fired_delivered_and_shown(inbox, capsys):
    """The command line is enough for that."""
    fired = printed(capsys, "event", "fire", "repo.sync.finish", "--payload", '{"repo_id": "zoo"}')
    (request,) = inbox.wait_for(1)
    event_id = fired.split()[1]
    listed = printed(capsys, "delivery", "list", "--event", event_id)
    (document,) = json.loads(printed(capsys, "delivery", "list", "--event", event_id, "--json"))
    identity = document["pulp_href"].split("/")[-2]
    shown = printed(capsys, "delivery", "show", identity)

    assert f"Event {event_id} fired; deliveries: 1\n" == fired
    assert {"event_type": "repo.sync.finish", "payload": {"repo_id": "zoo"}, "call_report": None} == request.json()
    assert re.search(rf"^{identity} +(pending|delivered) +repo.sync.finish +[0-9a-f]+ +http ", listed, re.MULTILINE)
    assert re.search(rf"^event +{event_id}$", shown, re.MULTILINE)
    assert "Attempt  Started" in shown
    assert event_id == json.loads(printed(capsys, "delivery", "show", identity, "--json"))["event"]


def test_payload_and_call_report_are_read_from_files_and_standard_input(inbox, capsys, tmp_path):
    """Reports can be longer than a command line may be."""
    payload = tmp_path / "payload.json"
    payload.write_text('{"repo_id": "zoo"}')

    subprocess.run(
        [*COMMAND, "event", "fire", "repo.sync.start", "--payload", f"@{payload}", "--call-report", "-"],
        input='{"task_id": "1"}',
        text=True,
        check=True,
        stdout=subprocess.DEVNULL,
    )
    (request,) = inbox.wait_for(1)

    assert {"repo_id": "zoo"} == request.json()["payload"]
    assert {"task_id": "1"} == request.json()["call_report"]


def test_a_list_that_is_cut_says_so(inbox, capsys):
    """On standard error, so that scripts do not read it as a delivery."""
    for _ in range(2):
        printed(capsys, "event", "fire", "repo.sync.finish")

    assert 0 == main(["delivery", "list", "--limit", "1"])

    output = capsys.readouterr()
    assert 2 == len(output.out.splitlines())
    assert re.fullmatch(r"1 of \d+ deliveries; --limit shows more\.\n", output.err)


@pytest.mark.parametrize(
    ("arguments", "exit_code", "text"),
    [
        (["event", "fire", "no type"], 65, "event_type: "),
        (["event", "fire", "x", "--payload", "[]"], 65, "JSON object"),
        (["event", "fire", "x", "--payload", "{"], 65, "not JSON"),
        (["event", "fire", "x", "--payload", "@/no/such/file"], 65, "cannot be read"),
        (["delivery", "show", "999"], 65, "There is no delivery '999'."),
        (["delivery", "list", "--listener", "nonsense"], 65, "listener: "),
        (["delivery", "list", "--state", "lost"], 64, "lost"),
        (["delivery", "list", "--limit", "0"], 64, "0"),
        (["-p", "wrong", "delivery", "list"], 77, "does not have permission"),
    ],
)
def test_a_refusal_is_printed_on_standard_error(shared, capsys, arguments, exit_code, text):
    """Each kind has its exit code."""
    assert exit_code == main(arguments)

    output = capsys.readouterr()
    assert "" == output.out
    assert text in output.err


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_the_service_cleanly(settings, number):
    """One from systemd, and Ctrl-C."""
    with serving(settings) as service:
        exit_code = service.end(number)

    assert 0 == exit_code
    assert "Traceback" not in service.log


def test_a_worker_delivers_the_events_of_a_service_without_one(settings, capsys):
    """They share nothing but the database."""
    with HttpReceiver() as receiver:
        with serving(settings, "--no-worker"):
            printed(capsys, "listener", "http", "create", "--event-type", "*", "--url", receiver.url)
            printed(capsys, "event", "fire", "repo.sync.finish")
        assert () == receiver.requests
        with running("worker") as worker:
            receiver.wait_for(1)
            exit_code = worker.end()

    assert 0 == exit_code
    assert "Traceback" not in worker.log


def test_the_first_start_creates_an_administrator_and_prints_the_password_once(settings, capsys, tmp_path):
    """The password works, and the next start does not print it."""
    settings.setenv("PULP_NOTIFIERS_STATE_DIRECTORY", str(tmp_path / "first"))
    settings.delenv("PULP_NOTIFIERS_ADMIN_PASSWORD")

    with serving(settings) as service:
        password = service.wait_for(r"Created the user admin with the password (\S+)")[1]
        settings.setenv("PULP_NOTIFIERS_CLIENT_PASSWORD", password)
        printed(capsys, "listener", "list")
    with serving(settings) as again:
        printed(capsys, "listener", "list")

    assert password not in again.log
    assert 1 == service.log.count(password)


def test_an_unknown_environment_variable_is_logged(settings):
    """It may be a misspelt setting, which would have no effect."""
    settings.setenv("PULP_NOTIFIERS_WORKER_THREDS", "4")

    with serving(settings) as service:
        assert 0 == service.end()

    warned = [line for line in service.log.splitlines() if "WARNING" in line and "is not a setting" in line]
    assert ["PULP_NOTIFIERS_WORKER_THREDS"] == [re.search(r"PULP_NOTIFIERS_\w+", line)[0] for line in warned]


def test_deliveries_do_not_wait_until_the_server_is_loaded(tmp_path, settings):
    """What is owed from before arrives even if importing FastAPI never ends, and the start can still be stopped."""
    (tmp_path / "fastapi.py").write_text("import threading\nthreading.Event().wait()\n")
    settings.setenv("PYTHONPATH", str(tmp_path))

    with HttpReceiver() as receiver:
        with App.from_settings() as app:
            app.listeners.create(ListenerDraft("http", {"url": receiver.url}, ("repo.sync.finish",)))
            app.fire(Event("repo.sync.finish", {"repo_id": "zoo"}))
        with running("serve", "--bind", "127.0.0.1:0") as service:
            receiver.wait_for(1)
            exit_code = service.end()

    assert 0 == exit_code
    assert "Serving on" not in service.log


@pytest.mark.parametrize(
    ("command", "variable", "value"),
    [
        ("serve", "PULP_NOTIFIERS_POLL_SECONDS", "never"),
        ("serve", "PULP_NOTIFIERS_OAUTH_ENABLED", "perhaps"),
        ("serve", "PULP_NOTIFIERS_CLIENT_URL", "nowhere"),
        ("serve", "PULP_NOTIFIERS_BIND", "192.0.2.1:1"),
        ("worker", "PULP_NOTIFIERS_REST_MAX_CONNECTIONS", "many"),
    ],
)
def test_wrong_settings_end_the_start_with_one_sentence(settings, command, variable, value):
    """Those of the service itself, without which it cannot work."""
    settings.setenv(variable, value)

    with running(command) as service:
        exit_code = service.process.wait(TIMEOUT_SECONDS)

    assert 78 == exit_code
    assert variable.rpartition("_")[2].lower() in service.log
    assert "Traceback" not in service.log


@pytest.mark.parametrize("bind", ["24818", "host:port", "127.0.0.1:65536", ":1"])
def test_a_malformed_address_is_a_usage_error(capsys, bind):
    """Nothing is started."""
    assert 64 == main(["serve", "--bind", bind])
