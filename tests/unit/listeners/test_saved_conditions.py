"""A condition is checked when it is saved: its names, and against recorded events of the listener's types."""

import logging
from dataclasses import replace
from typing import Any

import pytest

from pulp_notifiers.errors import InvalidListener
from pulp_notifiers.listeners import OwnListeners, Pulp2Listeners
from pulp_notifiers.records import ListenerChange, ListenerDraft
from tests.support.dispatching import Mail
from tests.support.memory import Clock, ListenerTable, NotifierTable

FAILED = "payload.result == 'failed'"


@pytest.fixture
def table() -> ListenerTable:
    return ListenerTable()


@pytest.fixture
def listeners(table: ListenerTable) -> OwnListeners:
    return OwnListeners(table, NotifierTable(mail=Mail), clock=Clock())


def draft(when: Any, *event_types: str, **fields: Any) -> ListenerDraft:
    """Return a draft with a condition."""
    return ListenerDraft("mail", {"addresses": ["a"]}, event_types or ("repo.sync.finish",), when=when, **fields)


def problems(listeners: OwnListeners, *arguments: Any, **fields: Any) -> dict[str, list[str]]:
    """Return what is wrong with a draft."""
    with pytest.raises(InvalidListener) as refused:
        listeners.create(draft(*arguments, **fields))
    return refused.value.problems


@pytest.mark.parametrize(
    ("when", "types"),
    [
        (FAILED, ("repo.sync.finish",)),
        (
            "payload.result == 'failed' and payload.repo_id is glob('prod-*')",
            ("repo.sync.finish", "repo.publish.finish"),
        ),
        ("report is not none and report.error is none", ("repo.#", "task.*")),
        ("payload.anything.at.all == 3", ("my.own.type",)),
        ("payload.anything == 3", ("#.done",)),
        ("event.source == 'pulp3' or listener.name == 'x'", ("#",)),
        ("labels.team == 'a' and listener.labels.team == 'a'", ("*",)),
        ("labels.other is defined", ("*",)),
        ("payload.resolt == 'failed'", ()),
    ],
)
def test_a_condition_whose_names_exist_is_accepted(listeners, when, types):
    """Those of types that nobody knows are not checked."""
    if types:
        assert when == listeners.create(draft(when, *types, labels={"team": "a"})).when
    else:
        assert "event_types" in problems(listeners, when, "a b")


@pytest.mark.parametrize(
    ("when", "types", "sentence"),
    [
        ("payload.resolt == 'failed'", ("*",), "payload has no resolt in repo.sync.start"),
        ("payload.resolt == 'failed'", ("*",), "Did you mean result?"),
        ("payload.result == 'x'\n or payload.resolt == 'y'", ("*",), "Line 2, column 5: payload has no resolt in"),
        ("report['tags'][0]['nope'] == 'x'", ("*",), "Line 1, column 1: report.tags[] has no fields in"),
        ("event.id != 'a' and listener.naem == 'x'", ("my.type",), "Line 1, column 21: listener has no naem. Did you"),
        ("listener.labels.taem == 'a'", ("*",), "Line 1, column 1: labels has no taem."),
        ("event.typ == 'x'", ("my.type",), "Line 1, column 1: event has no typ. Did you mean type?"),
        ("payload.result = 'failed'", ("*",), "Line 1, column 16: `=` does not compare; write == here."),
        ("payload.result == 'failed'\n and and", ("*",), "Line 2, column 6: "),
        ("labels.taem == 'a'", ("*",), "labels has no taem. The labels of the listener are: team."),
        ("listener.labels.taem == 'a'", ("my.type",), "labels has no taem."),
        ("payload.result > 3", ("repo.sync.finish",), "It can be evaluated for none of the events that the listener"),
        ("payload.repo_id", ("repo.sync.finish",), "The condition gives a text, not true or false"),
        ("'failed'", ("#",), "neither true nor false"),
        ("payload.result is globb('x')", ("#",), "glob"),
        ("payload.result == 'a\0'", ("#",), "It contains the character U+0000, which cannot be stored."),
        ("  ", ("#",), "The condition is empty"),
        (3, ("#",), "A condition must be a text."),
        (f"payload.result == '{'x' * 3000}'", ("#",), "at most 2,048 are allowed"),
    ],
)
def test_a_wrong_condition_is_refused_with_its_place_and_what_would_be_right(listeners, table, when, types, sentence):
    """Together with all other problems; nothing is saved."""
    found = problems(listeners, when, *types, labels={"team": "a"}, name="a b")

    assert sentence in " ".join(found["when"])
    assert {"when", "name"} == found.keys()
    assert {} == table.kept


def test_a_condition_is_checked_again_if_types_or_labels_change(listeners):
    """The change is refused as a whole; one of anything else is not looked at."""
    made = listeners.create(draft("payload.result == 'failed' and labels.team == 'a'", labels={"team": "a"}))

    for change in (ListenerChange(event_types=("repo.sync.start",)), ListenerChange(labels={}, description="x")):
        with pytest.raises(InvalidListener) as refused:
            listeners.update(made.id, change)
        assert ["when"] == [*refused.value.problems]
    assert made == listeners.get(made.id)
    types = ListenerChange(event_types=("repo.sync.start",), when="payload.repo_id == 'x'", labels={})
    assert "payload.repo_id == 'x'" == listeners.update(made.id, types).when


def test_an_empty_condition_removes_it(listeners):
    """None leaves it as it is; a draft may have an empty one too."""
    made = listeners.create(draft(FAILED, description="x"))

    assert FAILED == listeners.update(made.id, ListenerChange(description="y")).when
    assert listeners.update(made.id, ListenerChange(when="")).when is None
    assert listeners.create(draft("")).when is None


def test_a_condition_that_fails_for_all_events_of_some_types_is_accepted_with_advice(listeners, caplog):
    """It says for which, and how to write it."""
    with caplog.at_level(logging.WARNING):
        made = listeners.create(draft(FAILED, "repo.sync.*", "task.*"))
    [warning] = listeners.warnings(made)
    fixed = listeners.update(made.id, ListenerChange(when="payload.result is defined and payload.result == 'failed'"))

    assert (
        "Its condition cannot be evaluated for repo.sync.start, task.waiting, task.running and 4 other event types: "
        "payload.result does not exist. It gets none of these events, and each counts as an error. Leave these types "
        "out of event_types, or write in the condition: payload.result is defined and ..."
    ) == warning
    assert [f"Listener {made.id}: {warning}"] == caplog.messages
    assert () == listeners.warnings(fixed)


def test_advice_without_a_missing_name_is_to_ask_for_the_type(listeners):
    """Only one type is named, and the reason."""
    made = listeners.create(draft("payload.repo_id == 'x' or event.type == 'repo.sync.start' and payload.repo_id", "*"))

    [warning] = listeners.warnings(made)
    assert (
        "Its condition cannot be evaluated for repo.sync.start: The condition gives a text, not true or false; compare "
        "it, for example X == 'failed'. It gets none of these events, and each counts as an error. Leave these types "
        "out of event_types, or ask for event.type first in the condition."
    ) == warning


def test_a_condition_that_a_new_release_does_not_accept_is_shown_and_can_be_replaced(listeners, table):
    """Changes of other fields do not touch it, nor does it hinder them."""
    made = listeners.create(draft(FAILED))
    table.add(replace(made, when="x is y"))

    renamed = listeners.update(made.id, ListenerChange(name="renamed", labels=None))

    assert "x is y" == renamed.when
    [warning] = listeners.warnings(renamed)
    assert warning.startswith("This release does not accept its condition, so it gets no events: Line 1, column 3")
    assert FAILED == listeners.update(made.id, ListenerChange(when=FAILED)).when


def test_pulp_2_changes_types_whatever_the_condition_says(listeners, table, caplog):
    """Its clients know nothing of conditions; the log says that it fits nothing any more."""
    made = listeners.create(draft(FAILED))
    pulp2 = Pulp2Listeners(table, NotifierTable(mail=Mail), clock=Clock())

    changed = pulp2.update(made.id, None, ["repo.sync.start"])

    assert (FAILED, ("repo.sync.start",)) == (changed.when, changed.event_types)
    assert "Its condition cannot be evaluated for repo.sync.start" in caplog.text
