"""The catalogue of event types on the command line."""

import json
import re

import pytest

from pulp_notifiers.cli import main
from pulp_notifiers.event_types import known_types, sample
from pulp_notifiers.rest.v3.event_types import EventTypeDocument
from pulp_notifiers.testing.http import Answer, HttpReceiver

COLLECTION = "/pulp/api/v3/notifications/event-types/"
DOCUMENTS = {known.name: EventTypeDocument.of(known).model_dump(mode="json", by_alias=True) for known in known_types()}


@pytest.fixture
def server(settings):
    """A server that answers with its catalogue."""

    def answer(request):
        name = request.path.partition("?")[0].removeprefix(COLLECTION).rstrip("/")
        if not name:
            page = {"count": len(DOCUMENTS), "next": None, "results": list(DOCUMENTS.values())}
            return Answer(body=json.dumps(page).encode())
        if name in DOCUMENTS:
            return Answer(body=json.dumps(DOCUMENTS[name]).encode())
        return Answer(404, body=b'{"detail": "Not found."}')

    with HttpReceiver(answer) as receiver:
        yield receiver


def ran(server, capsys, *arguments):
    """Return exit code and output of a command."""
    exit_code = main(["--url", server.url, "event-type", *arguments])
    output = capsys.readouterr()
    return exit_code, output.out + output.err


def test_event_types_are_listed_with_what_they_mean(server, capsys):
    """In the order of the catalogue."""
    exit_code, output = ran(server, capsys, "list")

    assert 0 == exit_code
    assert [re.split(" {2,}", line) for line in output.splitlines()[1:]] == [
        [known.name, known.description] for known in known_types()
    ]


def test_an_event_type_is_shown_with_its_fields_and_samples(server, capsys):
    """Fields have the names that conditions use."""
    exit_code, output = ran(server, capsys, "show", "repo.sync.finish")

    assert 0 == exit_code
    for field in ("payload.result", "payload.content_summary.added.*.count", "report.error.description"):
        assert re.search(rf"^{re.escape(field)} +\w+", output, re.MULTILINE), field
    for one in DOCUMENTS["repo.sync.finish"]["samples"]:
        assert re.search(rf"^{one['name']} +{re.escape(one['description'])}$", output, re.MULTILINE)


def test_the_body_of_a_sample_is_printed(server, capsys):
    """As JSON, unless another format is asked for."""
    body = sample("repo.sync.finish", "pulp3-failed-404").event.body()
    exit_code, output = ran(server, capsys, "show", "repo.sync.finish", "--sample", "pulp3-failed-404")

    assert (0, body) == (exit_code, json.loads(output))
    assert "event_type: " in ran(server, capsys, "show", "task.error", "--sample", "pulp2", "--format", "yaml")[1]


def test_scripts_get_what_the_rest_api_shows(server, capsys):
    """All of it."""
    assert (0, DOCUMENTS["task.error"]) == (0, json.loads(ran(server, capsys, "show", "task.error", "--json")[1]))
    assert list(DOCUMENTS.values()) == json.loads(ran(server, capsys, "list", "--json")[1])


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["show", "repo.sync"], "There is no event-type 'repo.sync'. Look it up with event-type list."),
        (["show", ".."], "There is no event-type '..'. Look it up with event-type list."),
        (["show", "a/b"], "There is no event-type 'a/b'. Look it up with event-type list."),
        (["show", "task.skipped", "--sample", "x"], "task.skipped has no such sample. It has pulp3-skipped, pulp2."),
    ],
)
def test_a_wrong_name_is_refused_with_the_way_to_the_right_one(server, capsys, arguments, sentence):
    """The exit code is not that of success."""
    exit_code, output = ran(server, capsys, *arguments)

    assert 0 != exit_code
    assert sentence in output
