"""The parts of a template: what is accepted, and what is rendered from them."""

import json

import pytest

from pulp_notifiers.event import Event
from pulp_notifiers.notifier import ListenerInfo
from pulp_notifiers.records import PartForm
from pulp_notifiers.templates.compiled import MOST_RENDERED
from pulp_notifiers.templates.facts import facts_of
from pulp_notifiers.templates.parts import MOST_CHARACTERS, MOST_TEXTS, compile_parts
from pulp_notifiers.templates.problems import InvalidParts, PartProblem, RenderFailed

FORMS = {
    "subject": PartForm.LINE,
    "text": PartForm.TEXT,
    "html": PartForm.HTML,
    "json": PartForm.JSON,
    "headers": PartForm.LINES,
}
NASTY = '"},\n{"x": "</b>\r\nBcc: x@y\x00\u2028'
EVENT = Event("repo.sync.finish", {"repo_id": NASTY, "count": 3, "list": [1, {"a": None}], "ok": True})
FACTS = facts_of(EVENT, ListenerInfo("1", "nights", "", {"team": "ops"}), "target", 1)


def rendered(**parts):
    """Return what parts become."""
    return compile_parts(parts, FORMS).render(FACTS)


def refused(**parts):
    """Return what is wrong with parts."""
    with pytest.raises(InvalidParts) as raised:
        compile_parts(parts, FORMS)
    return raised.value


def test_each_part_has_its_form():
    """Values are escaped in HTML, have no line breaks in lines, and stand unchanged in text."""
    parts = dict.fromkeys(("subject", "text", "html"), "<b>{{ payload.repo_id }}</b>")

    found = rendered(**parts, headers={"X-Repo": "{{ payload.repo_id }}"})

    assert f"<b>{NASTY}</b>" == found["text"]
    assert found["html"].startswith("<b>")
    assert "&lt;/b&gt;" in found["html"]
    for line in (found["subject"], found["headers"]["X-Repo"]):
        assert line.isprintable(), line


@pytest.mark.parametrize("text", ["[" * 200_000, "[" * 300 + "1" + "]" * 299, "1e99999", "-1e9999", "-Infinit", "Na"])
def test_a_text_of_an_event_that_is_no_json_value_fails_like_any_template(text):
    """However deeply it is nested: the default is sent, and not an error of Python's decoder."""
    template = compile_parts({"json": {"x": "{{ payload.a ~ payload.b|tojson }}"}}, FORMS)
    event = Event("a.b", {"a": text, "b": 1})

    with pytest.raises(RenderFailed, match=r"json.x: Line 1: This gives no JSON value"):
        template.render(facts_of(event, ListenerInfo("1", "nights", "", {}), "", 1))


def test_a_json_document_keeps_its_structure_whatever_the_values_are():
    """Keys, numbers and constant texts stay; a value cannot add a key."""
    document = {
        "text": "{{ payload.repo_id }}",
        "list": ["{{ event.type }}", 1, None, {"deep": "x {{ labels.team }}"}],
        "constant": '{ "no": template }',
    }

    found = rendered(json=document)["json"]

    assert {
        "text": NASTY,
        "list": ["repo.sync.finish", 1, None, {"deep": "x ops"}],
        "constant": '{ "no": template }',
    } == found
    assert found == json.loads(json.dumps(found))


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("{{ payload.count|tojson }}", 3),
        ("{{payload.list | tojson}}", [1, {"a": None}]),
        (" {{ payload.ok|tojson }} ", True),
        ("{{ payload.repo_id|tojson }}", NASTY),
        ("{{ report|tojson }}", None),
        ("{{ payload.count }}", "3"),
        ("n={{ payload.count|tojson }}", "n=3"),
        ("{{ payload.count|tojson }}{{ payload.count|tojson }}", "33"),
    ],
)
def test_a_text_that_is_only_a_value_as_json_becomes_that_value(text, value):
    """So numbers and lists need no quotes; with anything beside it, it is a text."""
    assert {"x": value} == rendered(json={"x": text})["json"]


def test_a_value_that_is_no_json_after_all_fails():
    """The filter belongs to the last operand only."""
    template = compile_parts({"json": {"x": "{{ event.type if payload.ok else payload|tojson }}"}}, FORMS)

    with pytest.raises(RenderFailed, match=r"json\.x: Line 1: .*parentheses"):
        template.render(FACTS)


def test_every_mistake_is_reported_with_its_place():
    """The part, and the line and column in its text."""
    found = refused(
        subject="{{ event.type",
        text="one\ntwo {{ event.type|nosuch }}",
        headers={"X-A": "{{ 7 * }}", "bad name": "x"},
        json={"list": [{"x": "{% include 'x' %}"}]},
        footer="x",
    )

    by_part = {problem.part: problem for problem in found.found}
    assert {"subject", "text", "headers", "headers.X-A", "json.list.0.x", "footer"} == {*by_part}
    assert (2, "nosuch" in by_part["text"].sentence) == (by_part["text"].line, True)
    assert by_part["text"].column > 1
    assert "This notifier has subject, text, html, json, headers." in by_part["footer"].sentence
    assert {f"parts.{part}" for part in by_part} == {*found.problems}
    assert found.problems["parts.text"][0].startswith("Line 2, column ")


@pytest.mark.parametrize(
    "parts",
    [
        {},
        {"subject": 1},
        {"text": None},
        {"html": ["x"]},
        {"headers": "x"},
        {"headers": {"X-A": 1}},
        {"headers": {"": "x"}},
        {"headers": {"X\r\nA": "x"}},
        {"json": {"{{ payload.repo_id }}": 1}},
        {"text": "x" * (MOST_CHARACTERS + 1)},
        {"json": ["{{ event.id }}"] * (MOST_TEXTS + 1)},
    ],
    ids=lambda parts: str(parts)[:40],
)
def test_parts_of_another_form_or_size_are_refused(parts):
    """Nothing is compiled then."""
    assert refused(**parts).problems


def test_a_json_document_has_a_limit_of_levels():
    """At the limit it is accepted."""

    def nested(levels):
        value = "{{ event.id }}"
        for _ in range(levels):
            value = [value]
        return value

    compile_parts({"json": nested(31)}, FORMS)

    assert "32 levels" in refused(json=nested(32)).problems["parts.json"][0]


def test_what_fails_is_named_and_the_other_parts_are_rendered():
    """A preview shows both."""
    template = compile_parts({"subject": "{{ event.type }}", "text": "a\n{{ payload.nosuch }}"}, FORMS)

    found, problems = template.render_each(FACTS)

    assert {"subject": "repo.sync.finish"} == found
    assert [("text", 2, 4)] == [(problem.part, problem.line, problem.column) for problem in problems]
    with pytest.raises(RenderFailed, match="text: Line 2, column 4: .*nosuch"):
        template.render(FACTS)


def test_all_texts_together_are_bounded_in_size_and_time():
    """Each text has limits of its own, so many texts need one more."""
    long = {"json": ["{{ payload.repo_id }}" + "x" * 3] + ["{% for i in labels %}" + "y" * 900 + "{% endfor %}"] * 10}
    facts = {**FACTS, "labels": {str(number): "" for number in range(MOST_RENDERED // 9000 + 1)}}
    with pytest.raises(RenderFailed, match="more than 1,000,000 characters"):
        compile_parts(long, FORMS).render(facts)

    seconds = iter(range(100))
    slow = compile_parts({"json": ["{{ event.id }}"] * 5}, FORMS, used=lambda: next(seconds))
    with pytest.raises(RenderFailed, match="take too long"):
        slow.render(FACTS)


def test_a_problem_without_a_place_is_only_a_sentence():
    """With one, the sentence begins with it."""
    assert "No." == str(PartProblem("", "No."))
    assert "text: Line 3: No." == str(PartProblem("text", "No.", 3))
    assert "text: Line 3, column 4: No." == str(PartProblem("text", "No.", 3, 4))
