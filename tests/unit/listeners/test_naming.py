"""What people give a listener is checked, and a name is unique."""

from typing import Any

import pytest

from pulp_notifiers.errors import InvalidListener, NameTaken, NoSuchListener
from pulp_notifiers.listeners import OwnListeners, Pulp2Listeners, TopicListeners
from pulp_notifiers.records import ErrorKind, Listener, ListenerChange, ListenerDraft, outdated_errors
from tests.support.dispatching import Mail
from tests.support.memory import START, Clock, ListenerTable, NotifierTable

PLUGINS = NotifierTable(mail=Mail)


def draft(**fields: Any) -> ListenerDraft:
    """Return a draft."""
    return ListenerDraft("mail", {"addresses": ["a"]}, ("repo.#",), **fields)


class Raced(ListenerTable):
    """Others take a name after it was looked up."""

    def named(self, name: str) -> Listener | None:
        """Find nothing."""
        return None

    def add(self, listener: Listener, *further: Any) -> Listener:
        """Refuse one name."""
        if listener.name == "taken":
            raise NameTaken("taken")
        return super().add(listener, *further)


def test_every_rule_book_makes_names_up() -> None:
    """Also that for exchanges of Pulp 2; times are recorded."""
    table = ListenerTable()
    own = OwnListeners(table, PLUGINS, clock=Clock())
    made = [
        own.create(draft()),
        own.create(draft()),
        own.create(draft(name="given")),
        Pulp2Listeners(table, PLUGINS, clock=Clock()).create("mail", {}, ["*"]),
    ]
    topics = TopicListeners(table, Clock())
    made += [topics.of(exchange) for exchange in ("", "events/1", "")]

    names = ["mail-repo", "mail-repo-2", "given", "mail-repo-events", "amqp-topic", "amqp-topic-events-1", "amqp-topic"]
    assert names == [each.name for each in made]
    assert {START} == {time for each in made for time in (each.created_at, each.changed_at)}


def test_a_listener_is_found_by_id_or_name() -> None:
    """The error says what was given."""
    listeners = OwnListeners(ListenerTable(), PLUGINS)
    made = listeners.create(draft(name="ops"))

    assert made == listeners.find("ops") == listeners.find(made.id) == listeners.find(made.id.upper())
    for missing, noun in (("onduty", "name"), ("a b", "name"), ("0" * 24, "id")):
        with pytest.raises(NoSuchListener, match=f"No listener has the {noun} '{missing}'"):
            listeners.find(missing)
    with pytest.raises(NoSuchListener):
        listeners.get("ops")


def test_a_name_that_is_taken_after_it_was_looked_up_is_the_same_problem() -> None:
    """When a listener is registered, and when it is renamed."""
    listeners = OwnListeners(Raced(), PLUGINS)
    made = listeners.create(draft(name="mine"))

    for call in (
        lambda: listeners.create(draft(name="taken")),
        lambda: listeners.update(made.id, ListenerChange(name="taken")),
    ):
        with pytest.raises(InvalidListener) as refused:
            call()
        assert {"name": ["A listener named 'taken' already exists: choose another name."]} == refused.value.problems
    assert "mine" == listeners.get(made.id).name


@pytest.mark.parametrize(
    ("field", "value", "sentence"),
    [
        ("name", 3, "3 is not a name"),
        ("description", 3, "must be a text"),
        ("labels", [], "must be an object of texts"),
        ("labels", {"a": 3}, "The value of label 'a' must be a text"),
        ("labels", {3: "a"}, "3 is not the key of a label"),
        ("enabled", 1, "Write true or false."),
        ("template", "x", "There is no template named 'x'."),
    ],
)
def test_values_of_other_types_are_refused_in_python_too(field: str, value: object, sentence: str) -> None:
    """With the same sentences as over REST."""
    with pytest.raises(InvalidListener) as refused:
        OwnListeners(ListenerTable(), PLUGINS).create(draft(**{field: value}))

    assert [field] == [*refused.value.problems]
    assert sentence in refused.value.problems[field][0]


def test_the_choice_of_a_template_is_checked_with_the_notifier_type() -> None:
    """By the part that has the templates; an empty text chooses none."""
    asked = []

    def problems(notifier_type: str, template: str) -> list[str]:
        asked.append((notifier_type, template))
        return []

    listeners = OwnListeners(ListenerTable(), PLUGINS, template_problems=problems)
    made = listeners.create(draft(template="short"))
    changed = listeners.update(made.id, ListenerChange(template="long"))

    assert [("mail", "short"), ("mail", "long")] == asked
    assert ["short", "long"] == [made.template, changed.template]
    assert listeners.update(made.id, ListenerChange(template="")).template is None
    assert listeners.create(draft(template="")).template is None


def test_without_a_counter_nothing_has_failed() -> None:
    """Rules can be used without dispatching."""
    listeners = OwnListeners(ListenerTable(), PLUGINS)

    assert {} == listeners.errors(listeners.create(draft()))


def test_errors_are_outdated_if_what_failed_is_changed() -> None:
    """A condition fails because of labels too."""
    before = Listener("mail", {}, ("*",), id="1" * 24, when="a", template="t")

    def outdated(**changes: Any) -> list[ErrorKind]:
        return list(outdated_errors(before, ListenerChange(**changes).applied_to(before, {})))

    assert [] == outdated(description="x", enabled=False, event_types=("#",))
    assert [ErrorKind.CONDITION] == outdated(when="b") == outdated(labels={"a": "b"}) == outdated(when="")
    assert [ErrorKind.TEMPLATE] == outdated(template="") == outdated(template="u")
