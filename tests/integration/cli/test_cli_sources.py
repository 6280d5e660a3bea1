"""Sources and the status from the command line, with real services and a real plugin."""

import json
import os
import re
import signal
import subprocess
import sys
import time

import pytest

from pulp_notifiers.cli import main
from pulp_notifiers.testing.http import Answer, HttpReceiver
from tests.support.service import Service
from tests.support.trial_source import trial_source

PATIENCE_SECONDS = 60.0
UP = ["--type", "trial", "--config", "url=http://up/"]


@pytest.fixture(scope="module")
def plugin(tmp_path_factory):
    """Install the source type ``trial`` for every process that the tests start."""
    with trial_source(tmp_path_factory.mktemp("plugin")) as site, pytest.MonkeyPatch.context() as environment:
        environment.setenv("PYTHONPATH", os.pathsep.join([str(site), *filter(None, [os.environ.get("PYTHONPATH")])]))
        yield site


@pytest.fixture(scope="module")
def shared(plugin, tmp_path_factory):
    """One service, which runs its sources."""
    with Service(tmp_path_factory.mktemp("shared")) as service:
        yield service


@pytest.fixture
def service(shared, monkeypatch):
    """The shared service without sources; commands use it."""
    for name, value in shared.environ.items():
        monkeypatch.setenv(name, value)
    yield shared
    for source in shared.call("GET", "/pulp/api/v3/notifications/sources/")["results"]:
        assert 204 == shared.session.delete(f"{shared.url}{source['pulp_href']}", timeout=30).status_code


def ran(capsys, *arguments):
    """Return exit code and output of a command."""
    capsys.readouterr()
    exit_code = main(arguments)
    output = capsys.readouterr()
    return exit_code, output.out + output.err


def printed(capsys, *arguments):
    """Return what a successful command prints."""
    exit_code, output = ran(capsys, *arguments)
    assert 0 == exit_code, output
    return output


def wait_for(capsys, pattern, *arguments):
    """Repeat a command until it prints a pattern, and return the first match."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not (found := re.search(pattern, output := printed(capsys, *arguments), re.MULTILINE)):
        assert time.monotonic() < deadline, output
        time.sleep(0.1)
    return found


def test_a_source_is_added_run_shown_changed_and_removed(service, capsys):
    """The command line is enough for that."""
    added = printed(capsys, "source", "add", "zoo", *UP, "--config", "password=hush", "--config", "retries=5")

    assert added.startswith("Source zoo added.\nWarning: every user of this machine can see --config password")
    wait_for(capsys, r"^zoo +trial +running +1\.2 s$", "source", "list")
    shown = printed(capsys, "source", "show", "zoo")
    assert re.search(r"^password +\*\*\*\*\*$", shown, re.MULTILINE)
    assert re.search(r"^lag_seconds +1\.25$", shown, re.MULTILINE)
    assert {"url": "http://up/", "password": "*****", "retries": "5"} == json.loads(
        printed(capsys, "source", "show", "zoo", "--json")
    )["config"]
    updated = printed(capsys, "source", "update", "zoo", "--config", "url=http://down/", "--config", "retries:=null")
    assert updated.startswith("Source zoo updated.\nWarning: the stored secret of password was removed")
    wait_for(capsys, r"^zoo +trial +failing +The server is down: start it\.$", "source", "list")
    assert {"url": "http://down/"} == json.loads(printed(capsys, "source", "show", "zoo", "--json"))["config"]
    assert "Source zoo removed.\n" == printed(capsys, "source", "remove", "zoo")
    assert [] == json.loads(printed(capsys, "source", "list", "--json"))


def test_lists_and_truth_values_are_shown_as_json(service, capsys):
    """In the form that ``KEY:=`` accepts."""
    printed(capsys, "source", "add", "zoo", *UP, "--config", 'domains:=["default", "lab"]', "--config", "verify:=true")

    shown = printed(capsys, "source", "show", "zoo")

    assert re.search(r'^domains +\["default", "lab"\]$', shown, re.MULTILINE)
    assert re.search(r"^verify +true$", shown, re.MULTILINE)


def test_the_list_shows_what_is_wrong_with_a_source(service, capsys):
    """In a sentence of its plugin."""
    printed(capsys, "source", "add", "down", "--type", "trial", "--config", "url=http://down/")

    wait_for(capsys, r"^down +trial +failing +The server is down: start it\.$", "source", "list")


def test_a_test_prints_a_table_and_fails_if_a_check_fails(service, capsys):
    """Whether it tests a source, or options without a source."""
    printed(capsys, "source", "add", "zoo", *UP)

    wrong = ran(capsys, "source", "test", "zoo")
    right = ran(capsys, "source", "test", *UP, "--config", "password=right")
    as_json = ran(capsys, "source", "test", "zoo", "--json")

    assert 1 == wrong[0]
    assert [
        ["Result", "Check", "Finding"],
        ["ok", "the server", "http://up/ answers"],
        ["FAILED", "the login", "The password is wrong: correct it."],
    ] == [re.split(r" {2,}", line) for line in wrong[1].splitlines()]
    assert 0 == right[0]
    assert "logged in" in right[1]
    assert (1, False) == (as_json[0], json.loads(as_json[1])["passed"])


def test_the_types_of_the_server_are_listed_with_their_options(service, capsys):
    """Required options are listed first."""
    listed = printed(capsys, "source", "types")

    assert ["trial", "trial-source", "1.0", "url", "password, domains, retries, verify"] in [
        re.split(r" {2,}", line) for line in listed.splitlines()
    ]
    assert "trial" in {one["type"] for one in json.loads(printed(capsys, "source", "types", "--json"))}


@pytest.mark.parametrize(
    ("arguments", "exit_code", "text"),
    [
        (["add", "a b", *UP], 65, "name: "),
        (["add", "x", "--type", "nothing"], 65, "type: No source type 'nothing' is installed."),
        (["add", "x", "--type", "trial", "--config", "retries=many"], 65, "config.retries: "),
        (["add", "x"], 64, "--type"),
        (["show", "nobody"], 65, "There is no source 'nobody'. Look it up with source list."),
        (["remove", "nobody"], 65, "There is no source 'nobody'."),
        (["test", "nobody"], 65, "There is no source 'nobody'."),
        (["update", "nobody", "--config", "a=b"], 65, "There is no source 'nobody'."),
        (["-p", "mistyped", "list"], 77, "does not have permission"),
    ],
)
def test_what_the_server_refuses_is_printed(service, capsys, arguments, exit_code, text):
    """Each kind has its exit code."""
    refused, output = ran(capsys, "source", *arguments)

    assert exit_code == refused
    assert text in output


def test_the_status_needs_no_user(service, capsys, monkeypatch):
    """No password is asked for."""
    printed(capsys, "source", "add", "zoo", *UP)
    monkeypatch.setenv("PULP_NOTIFIERS_CLIENT_PASSWORD", "")

    wait_for(capsys, r"^zoo +running +1\.2 s$", "status")
    shown = printed(capsys, "status")
    document = json.loads(printed(capsys, "status", "--json"))

    assert re.search(r"^database +sqlite, reachable$", shown, re.MULTILINE)
    assert re.search(r"^worker +running, 16 threads$", shown, re.MULTILINE)
    parts = {"version", "database", "worker", "stream", "notifiers", "listeners", "templates", "backlog", "sources"}
    assert parts == document.keys()
    assert re.search(r"^task-status stream +off$", shown, re.MULTILINE)


@pytest.mark.parametrize(
    ("connected", "outage_since", "shown"),
    [
        (True, None, "connected"),
        (False, None, "not connected"),
        (True, "2026-11-23T16:32:01Z", "not published since 2026-11-23T16:32:01Z; its log says why"),
    ],
)
def test_the_status_of_a_service_without_its_database_is_shown(capsys, connected, outage_since, shown):
    """With the exit code of an input or output error."""
    document = {
        "version": "1",
        "database": {"dialect": "postgresql", "reachable": False},
        "worker": {"running": False, "threads": 4},
        "stream": {
            "enabled": True,
            "connected": connected,
            "outage_since": outage_since,
            "published": 12,
            "late": 2,
            "dropped": 3,
            "remembered": 1,
            "unrenderable": 0,
        },
        "backlog": None,
        "sources": None,
    }
    with HttpReceiver([Answer(503, body=json.dumps(document).encode())]) as server:
        exit_code, output = ran(capsys, "status", "--url", server.url)

    assert 74 == exit_code
    assert re.search(r"^database +postgresql, not reachable$", output, re.MULTILINE)
    assert re.search(r"^worker +not in this process$", output, re.MULTILINE)
    assert re.search(rf"^task-status stream +{shown}$", output, re.MULTILINE)
    assert re.search(r"^published, dropped +12, 3$", output, re.MULTILINE)
    assert re.search(r"^sent late, to be sent +2, 1$", output, re.MULTILINE)


def test_another_answer_with_503_is_an_error(capsys):
    """It may come from a proxy."""
    with HttpReceiver([Answer(503, body=b'{"error": "no upstream"}')]) as server:
        exit_code, output = ran(capsys, "status", "--url", server.url)

    assert 70 == exit_code
    assert "failed with status 503" in output


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_sources_run_without_a_service(plugin, tmp_path, number):
    """In a process that ends cleanly, after which another one can take them at once."""
    with Service(tmp_path, arguments=["--no-sources"]) as service:
        new = {"name": "zoo", "type": "trial", "config": {"url": "http://up/"}}
        service.call("POST", "/pulp/api/v3/notifications/sources/", 201, json=new)
        command = [sys.executable, "-m", "pulp_notifiers", "source", "run"]
        runner = subprocess.Popen(command, env=dict(service.environ), stderr=subprocess.PIPE, text=True)
        try:
            shown = wait_until(service, "running")
            runner.send_signal(number)
            _, log = runner.communicate(timeout=PATIENCE_SECONDS)
        finally:
            runner.kill()
            runner.communicate()

        assert str(runner.pid) == shown["holder"].split(":")[1]
        assert (0, True) == (runner.returncode, "Traceback" not in log), log
        assert "waiting" == wait_until(service, "waiting")["state"]


def test_a_source_to_run_must_exist(plugin, tmp_path):
    """Otherwise the process would wait for a mistyped name."""
    command = [sys.executable, "-m", "pulp_notifiers", "source", "run", "zoo"]
    environ = dict(Service(tmp_path).environ)
    ended = subprocess.run(command, env=environ, stderr=subprocess.PIPE, text=True, check=False)

    assert (65, True) == (ended.returncode, "No source has the name 'zoo'" in ended.stderr), ended.stderr


def wait_until(service, state):
    """Return the document of the only source when it is in a state."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while (shown := service.call("GET", "/pulp/api/v3/notifications/sources/zoo/"))["state"] != state:
        assert time.monotonic() < deadline, shown
        time.sleep(0.05)
    return shown
