"""The examples in the documentation are correct."""

import importlib.util
import json
import re
import subprocess
import sys
from configparser import ConfigParser
from datetime import UTC, datetime
from email import message_from_bytes, policy
from uuid import UUID

import click
import pytest
from pulp_notifier_email import EmailConfig, render
from pulp_notifier_http.config import HttpConfig
from pulp_notifier_http.failures import Answer, answer_failure
from pulp_notifier_http.request import render as render_request

from pulp_notifiers.errors import PermanentFailure, TemporaryFailure
from pulp_notifiers.event import Event
from pulp_notifiers.plugin_host import LoadedNotifier, NotifierRegistry
from pulp_notifiers.rest.v3.deliveries import DeliveryDocument, DeliveryWithAttempts
from pulp_notifiers.rest.v3.events import FiredEvent
from pulp_notifiers.rest.v3.listener_documents import ListenerDocument
from pulp_notifiers.rest.v3.pages import Page
from pulp_notifiers.rest.v3.sources import ChecksDocument, SourceDocument
from pulp_notifiers.rest.v3.status import StatusDocument
from pulp_notifiers.rest.v3.stored_events import DecisionPage, EventDocument
from pulp_notifiers.rest.v3.tasks import TakenReports
from pulp_notifiers.settings import Settings
from pulp_notifiers.testing.http import HttpReceiver
from tests.support.pages import DOCS, PAGES, ROOT, SOURCES, blocks, command_lines, reference_text, sections
from tests.support.rest import rest_service

EXAMPLES = DOCS / "examples"
EXAMPLE_EVENT = Event(
    "repo.sync.start",
    {"repo_id": "zoo"},
    id=UUID("8d5f3c1e-2f0b-4a57-9c1e-6b7d4e8f9a0b"),
    occurred_at=datetime(2026, 11, 23, 9, 30, tzinfo=UTC),
)
"""The event in the examples of the wire format."""


def example(name):
    """Return the text of an example file."""
    return (EXAMPLES / name).read_text(encoding="utf-8")


def loaded(name):
    """Return an example file as a module."""
    spec = importlib.util.spec_from_file_location(name, EXAMPLES / f"{name}.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.name)
def test_every_json_example_can_be_parsed(path):
    """Blocks and the bodies of curl commands are checked."""
    bodies = [words[words.index("-d") + 1] for words in command_lines(path) if words[:1] == ["curl"] and "-d" in words]

    for text in [*blocks(path, "json"), *(body for body in bodies if not body.startswith("$"))]:
        json.loads(text)


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.name)
def test_every_configuration_example_is_valid(path):
    """The owner of each section accepts its keys and values."""
    known = sections()
    for text in blocks(path, "ini"):
        parser = ConfigParser(interpolation=None)
        parser.read_string(text)
        settings = Settings({name: dict(parser[name]) for name in parser.sections()})
        for name in parser.sections():
            assert set(parser[name]) <= set(reference_text.keys(known[name]))
            settings.section(name, known[name])


@pytest.fixture(scope="module")
def server_url(tmp_path_factory):
    """A service, which knows the options of its notifiers."""
    with rest_service(tmp_path_factory.mktemp("rest")) as service:
        yield f"http://127.0.0.1:{service.server.port}"


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.name)
def test_every_command_line_can_be_parsed(path, server_url, monkeypatch, tmp_path):
    """Commands and options that a reader should type exist."""
    # template export creates it.
    (tmp_path / "email").mkdir()
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("PULP_NOTIFIERS_CLIENT_URL", server_url)
    monkeypatch.setenv("PULP_NOTIFIERS_CLIENT_USERNAME", "admin")
    monkeypatch.setenv("PULP_NOTIFIERS_CLIENT_PASSWORD", "admin")
    for words in command_lines(path):
        start = next((place for place, word in enumerate(words) if word.endswith("bin/pulp-notifiers")), None)
        start = 0 if words[:1] == ["pulp-notifiers"] else start
        if start is None or "file" in words:
            continue
        rest, path_words = words[start + 1 :], []
        while rest and isinstance(reference_text.find_command(" ".join(path_words))[0], click.Group):
            path_words.append(rest.pop(0))
        command, _ = reference_text.find_command(" ".join(path_words))
        command.make_context(" ".join(path_words), rest)


def test_the_http_request_is_the_one_that_is_sent():
    """It is the same byte for byte, except for the host."""
    with HttpReceiver() as receiver:
        notifier = NotifierRegistry().get("http")
        notifier.send(EXAMPLE_EVENT, notifier.parse({"url": f"{receiver.url}hook?site=a"}), "", 1)
        notifier.close()

    [request] = receiver.requests
    head, _, body = example("http-request.txt").rstrip("\n").partition("\n\n")
    first, *headers = head.split("\n")
    host = f"127.0.0.1:{receiver.port}"
    assert first == f"{request.method} {request.path} HTTP/1.1"
    assert headers == [
        f"{name}: {value.replace(host, 'receiver.example.com')}" for name, value in request.headers.items()
    ]
    assert body == request.body.decode()


def test_http_statuses_mean_what_the_table_says():
    """Every status in the table is checked, and some of each kind that are not."""
    request = render_request(EXAMPLE_EVENT, HttpConfig(url="http://receiver.example.com/"), 1)
    rows = re.findall(r"   \* - ([\d, ]+\d)[^\n]*\n     - (\w+) failure", PAGES["notifiers"].read_text())
    named = {int(status): meaning for statuses, meaning in rows for status in statuses.split(", ")}
    others = {404: "permanent", 410: "permanent", 500: "temporary", 503: "temporary"}
    kinds = {"temporary": TemporaryFailure, "permanent": PermanentFailure}

    found = {status: type(answer_failure(Answer(status), request)) for status in named | others}

    assert {status: kinds[meaning] for status, meaning in (named | others).items()} == found
    assert {401, 403, 407, 408, 425, 429, 300, 301, 302, 303, 304, 305, 307, 308} == set(named)


def test_the_mail_is_the_one_that_is_sent():
    """It is the same byte for byte."""
    config = EmailConfig(subject="Synchronisation begins", addresses=("ops@example.com",))

    mail = render(EXAMPLE_EVENT, config, "ops@example.com", "pulp@pulp.example.com")

    assert example("mail.txt") == mail.as_bytes().decode().replace("\r\n", "\n")
    assert message_from_bytes(mail.as_bytes(), policy=policy.default)["Message-ID"].startswith(f"<{EXAMPLE_EVENT.id}.")


def test_the_event_has_all_keys_of_pulp_2_and_the_tables_describe_each():
    """The payload has 16 keys and the call report 17."""
    event = json.loads(example("event.json"))
    page = PAGES["wire-format"].read_text()

    assert ["event_type", "payload", "call_report"] == list(event)
    assert (16, 17) == (len(event["payload"]), len(event["call_report"]))
    assert [] == [key for key in (*event["payload"], *event["call_report"]) if f"``{key}``" not in page]


@pytest.mark.parametrize(
    ("name", "model"),
    [
        ("status", StatusDocument),
        ("fired", FiredEvent),
        ("source", SourceDocument),
        ("source-checks", ChecksDocument),
        ("listener-v3", ListenerDocument),
        ("reported", TakenReports),
        ("deliveries", Page[DeliveryDocument]),
        ("delivery", DeliveryWithAttempts),
        ("events", Page[EventDocument]),
        ("explained", DecisionPage),
    ],
)
def test_examples_of_answers_have_the_keys_of_real_answers(name, model):
    """No key is missing and none is extra."""
    shown = json.loads(example(f"{name}.json"))

    assert shown.keys() == model.model_validate(shown).model_dump(mode="json").keys()
    assert shown.keys() == model.model_fields.keys()


@pytest.mark.parametrize(
    ("program", "output"),
    [
        ("fire.py", "0 deliveries are on disk\n"),
        ("listener.py", "http listener registered, 0 deliveries so far\n"),
        ("report.py", ""),
    ],
)
def test_the_example_programs_run(program, output, tmp_path):
    """They fire an event, register a listener and report a task."""
    environ = {"PULP_NOTIFIERS_STATE_DIRECTORY": str(tmp_path), "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-W", "error", EXAMPLES / program]

    ended = subprocess.run(command, env=environ, capture_output=True, text=True, check=True, timeout=300)

    assert output == ended.stdout


def test_the_example_of_a_pulp_2_notifier_works(capsys):
    """It prints the event."""
    notifier = LoadedNotifier("print", loaded("print_notifier"))

    notifier.send(EXAMPLE_EVENT, notifier.parse({"prefix": ">"}), "", 1)

    assert "> repo.sync.start zoo\n" == capsys.readouterr().out


def test_the_tests_of_the_example_source_pass():
    """They are run as a reader would run them."""
    environ = {"PYTHONPATH": f"{EXAMPLES}:{ROOT}"}
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", EXAMPLES / "tests"]

    ended = subprocess.run(command, env=environ, cwd=ROOT, capture_output=True, text=True, check=False, timeout=300)

    assert 0 == ended.returncode, ended.stdout
