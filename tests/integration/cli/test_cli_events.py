"""Events and their deliveries, as the command line sends and asks for them."""

import os
import sys

import pytest

from pulp_notifiers.cli import main
from pulp_notifiers.testing.http import Answer, HttpReceiver


@pytest.mark.parametrize(
    ("payload", "text"),
    [
        ("[" * 5000, "This is not JSON: "),
        ('{"a": ' + "[" * 100 + "]" * 100 + "}", "This is nested more than 100 levels deep."),
        ('{"a": 1, "a": 2}', "This is not JSON: an object has the same key twice."),
        ('{"a": {"b": 1, "b": 1}}', "This is not JSON: an object has the same key twice."),
    ],
)
def test_a_payload_that_the_server_would_refuse_is_not_sent(settings, capsys, payload, text):
    """The exit code is that of wrong data."""
    with HttpReceiver() as server:
        exit_code = main(["--url", server.url, "event", "fire", "a", "--payload", payload])

    assert (65, 0) == (exit_code, len(server.requests))
    assert text in capsys.readouterr().err


def test_a_payload_may_be_as_deep_as_the_server_accepts(settings, capsys):
    """One level is that of the request."""
    payload = '{"a": ' + "[" * 98 + "]" * 98 + "}"
    with HttpReceiver([Answer(201, body=b'{"id": "1", "deliveries": 0}')]) as server:
        exit_code = main(["--url", server.url, "event", "fire", "a", "--payload", payload])

    assert (0, 1) == (exit_code, len(server.requests))


@pytest.mark.parametrize(
    ("options", "expected"),
    [
        ([], "Event 1 fired; deliveries: 2\n"),
        (["--json"], '{\n  "id": "1",\n  "deliveries": 2\n}\n'),
        (["--format", "yaml"], 'id: "1"\ndeliveries: 2\n'),
    ],
)
def test_a_fired_event_is_printed_in_the_chosen_format(settings, capsys, options, expected):
    """A script needs its id."""
    with HttpReceiver([Answer(201, body=b'{"id": "1", "deliveries": 2}')]) as server:
        assert 0 == main(["--url", server.url, "event", "fire", "a", *options])

    assert expected == capsys.readouterr().out


def test_an_event_id_that_is_not_text_names_no_event(settings, capsys):
    """The server need not be asked."""
    with HttpReceiver() as server:
        exit_code = main(["--url", server.url, "delivery", "list", "--event", "\udcff"])

    assert os.EX_DATAERR == exit_code
    assert "There is no event '\\udcff'. Look it up with event list.\n" == capsys.readouterr().err
    assert not server.requests


def test_a_payload_from_a_closed_standard_input_is_an_error(settings, capsys, monkeypatch):
    """Such as after <&- in a shell."""
    monkeypatch.setattr(sys, "stdin", None)

    assert 65 == main(["--url", "http://127.0.0.1:1", "event", "fire", "a", "--payload", "-"])

    assert "- cannot be read: standard input is closed." in capsys.readouterr().err
