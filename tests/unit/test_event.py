"""Events, their types, and patterns."""

import copy
import hashlib
import pickle
import re
from dataclasses import FrozenInstanceError, replace
from datetime import UTC
from uuid import NAMESPACE_DNS, RFC_4122, UUID, uuid1, uuid3, uuid4, uuid5

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pulp_notifiers.event import (
    REPOSITORY_EVENT_TYPES,
    Event,
    derived_id,
    is_derived,
    is_event_type,
    is_pattern,
    matches,
)

WORDS = st.sampled_from(["repo", "task", "sync", "a", "b-c", "d_9"])
TYPES = st.lists(WORDS, min_size=1, max_size=5).map(".".join)
PATTERNS = st.lists(st.one_of(WORDS, st.sampled_from(["*", "#"])), min_size=1, max_size=6).map(".".join)


def test_an_event_cannot_be_changed():
    """A fact that happened stays as it was."""
    event = Event("repo.sync.start", {"repo_id": "zoo"})

    with pytest.raises(FrozenInstanceError):
        event.type = "repo.sync.finish"  # type: ignore[misc]


def test_events_get_an_id_and_an_aware_utc_time():
    """Each id is new unless the caller passes one."""
    first, second = Event("a", {}), Event("a", {})

    assert first.id != second.id
    assert UTC is first.occurred_at.tzinfo


def test_the_body_has_the_three_keys_of_pulp_2():
    """CONTRACT 2.2 describes them."""
    event = Event("repo.sync.start", {"repo_id": "zoo"}, {"task_id": "t"})

    assert {
        "event_type": "repo.sync.start",
        "payload": {"repo_id": "zoo"},
        "call_report": {"task_id": "t"},
    } == event.body()


@pytest.mark.parametrize("bad", ["", ".", "a.", ".a", "a..b", "a b", "a/b", "repo.*", "#", "é", "a\n", "x" * 201])
def test_a_type_that_is_not_a_dotted_name_is_refused(bad):
    """Types become routing keys."""
    assert not is_event_type(bad)
    with pytest.raises(ValueError, match="is not an event type"):
        Event(bad, {})


@pytest.mark.parametrize("bad", [None, 5, ["a"], b"a"])
def test_a_value_that_is_not_text_is_not_a_type(bad):
    """Types come from JSON, which may contain any value."""
    assert not is_event_type(bad)
    assert not is_pattern(bad)


@pytest.mark.parametrize("pattern", ["*", "#", "a", "repo.*", "*.sync.#", "task.#"])
def test_words_stars_and_hashes_make_a_pattern(pattern):
    """They are joined by dots."""
    assert is_pattern(pattern)


@pytest.mark.parametrize("pattern", ["", "a*", "#b", "a..b", "a.", "x" * 201])
def test_a_star_or_hash_within_a_word_is_not_a_pattern(pattern):
    """The same is true in AMQP."""
    assert not is_pattern(pattern)


@pytest.mark.parametrize(
    ("pattern", "event_type", "expected"),
    [
        ("*", "repo.sync.start", True),
        ("*", "repo.publish.finish", True),
        ("*", "task.error", False),
        ("*", "task", False),
        ("*", "repo.version.created", False),
        ("#", "task.error", True),
        ("task.*", "task.error", True),
        ("task.*", "task", False),
        ("task.*", "task.a.b", False),
        ("task.#", "task", True),
        ("task.#", "task.a.b", True),
        ("#.finish", "repo.sync.finish", True),
        ("repo.#.finish", "repo.finish", True),
        ("repo.*.finish", "repo.finish", False),
        ("repo.sync", "repo.sync.start", False),
        ("repo.sync.start", "repo.sync", False),
        ("repo.sync.start", "Repo.sync.start", False),
    ],
)
def test_patterns_match_as_amqp_topics_do(pattern, event_type, expected):
    """The exception is the bare star, which means the four repository events."""
    assert expected == matches(pattern, event_type)


@given(PATTERNS, TYPES)
def test_matching_agrees_with_a_regular_expression(pattern, event_type):
    """It is another form of the same rule."""
    if pattern == "*":
        assert (event_type in REPOSITORY_EVENT_TYPES) == matches(pattern, event_type)
        return
    as_regex = "".join({"*": r"\.[^.]+", "#": r"(\.[^.]+)*"}.get(w, r"\." + re.escape(w)) for w in pattern.split("."))

    assert bool(re.fullmatch(as_regex, "." + event_type)) == matches(pattern, event_type)


def test_a_pattern_with_many_hashes_is_fast():
    """Plain recursion would not end here."""
    assert not matches(".".join(["#", "a"] * 50), ".".join(["a"] * 40 + ["b"]))


@pytest.mark.parametrize(
    ("payload", "call_report", "expected"),
    [
        ({"repo_id": "zoo"}, {"task_id": "t"}, "repo:zoo"),
        ({}, {"task_id": "t"}, "task:t"),
        ({"repo_id": 5}, {"task_id": "t"}, "task:t"),
    ],
)
def test_the_subject_is_the_repository_or_else_the_task(payload, call_report, expected):
    """Events with the same subject keep their order."""
    assert expected == Event("a", payload, call_report).subject()


def test_an_event_without_repository_and_task_is_its_own_subject():
    """So it waits for no other event."""
    first, second = Event("a", {}), Event("a", {})

    assert first.subject() != second.subject()


def test_an_event_that_was_fired_before_is_parsed_when_somebody_looks_inside():
    """Most notifiers send the stored text as it is."""
    fired = Event("a.b", {"repo_id": "zoo", "n": 1}, {"task_id": "t"})
    text = "this is not parsed"
    unread = Event.from_encoded("a.b", (text, None), fired.id, fired.occurred_at, fired.source)
    assert (text, None) == unread.encoded()
    with pytest.raises(ValueError, match="Expecting value"):
        unread.body()

    stored = Event.from_encoded("a.b", fired.encoded(), fired.id, fired.occurred_at, fired.source)
    assert fired == stored
    assert ("repo:zoo", "t", fired.body()) == (stored.subject(), stored.task_id(), stored.body())
    assert repr(fired) == repr(stored)
    assert fired == copy.deepcopy(stored) == pickle.loads(pickle.dumps(stored)) == replace(stored)
    with pytest.raises(AttributeError, match="no attribute 'paylaod'"):
        stored.paylaod  # type: ignore[attr-defined]  # noqa: B018


def test_an_id_derived_from_a_fact_is_a_uuid_of_version_8_and_stays_the_same():
    """RFC 9562, section 5.8; the value was computed once and may not change."""
    namespace = UUID("0f3a7f0e-4d0c-5a52-9a1b-6f2c8f7b1d93")
    found = derived_id(namespace, "zoo")

    assert UUID("653ef227-8351-8043-8022-d710394de6b0") == found
    assert (8, RFC_4122) == (found.version, found.variant)
    assert is_derived(found)
    assert len({found, derived_id(namespace, "zoo "), derived_id(found, "zoo"), derived_id(namespace, "\ud800")}) == 4


@pytest.mark.parametrize(
    "event_id", [uuid1(), uuid3(NAMESPACE_DNS, "a"), uuid4(), uuid5(NAMESPACE_DNS, "a"), UUID(int=0)]
)
def test_other_ids_are_not_derived(event_id):
    """Callers may use any of them."""
    assert not is_derived(event_id)


def test_the_digest_covers_type_payload_and_call_report_and_nothing_else():
    """A client can compute it from the body that it sent."""
    event = Event("a.b", {"b": [1.5, "ü"], "a": {"d": None, "c": True}})
    same = Event("a.b", {"a": {"c": True, "d": None}, "b": [1.5, "ü"]}, source="rest")

    body = '{"call_report":null,"event_type":"a.b","payload":{"a":{"c":true,"d":null},"b":[1.5,"\\u00fc"]}}'
    assert hashlib.sha256(body.encode()).hexdigest() == event.digest() == same.digest()
    others = [
        replace(event, type="a.c"),
        replace(event, payload={}),
        replace(event, call_report={}),
        replace(event, payload={"b": [1.5, "ü"], "a": {"d": None, "c": 1}}),
    ]
    assert len({event.digest(), *(other.digest() for other in others)}) == 5
