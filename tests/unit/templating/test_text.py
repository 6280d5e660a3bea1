"""Templates: what they print in each form."""

import pytest

from pulp_notifiers.templating import ExpressionFailed, InvalidExpression, TextForm, compile_text

FACTS = {
    "event": {"type": "repo.sync.finish", "occurred_at": "2027-01-31T12:00:00+00:00"},
    "payload": {"repo_id": "<b>&'\"", "empty": None, "yes": True, "names": ["a", "b"], "items": {"k": 1}, "n": 1.5},
    "labels": {},
}


def rendered(text, form=TextForm.TEXT):
    return compile_text(text, form).render(FACTS)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{{ payload.repo_id }}", "<b>&'\""),
        ("a{{ payload.empty }}b{{ payload.yes }}{{ payload.n }}", "abtrue1.5"),
        (
            "{% for name in payload.names %}{{ loop.index }}{{ name }}{% if not loop.last %},{% endif %}{% endfor %}",
            "1a,2b",
        ),
        ("{% for key, value in payload.items|items %}{{ key }}={{ value }}{% endfor %}", "k=1"),
        ("{% for x in payload.names if x == 'c' %}{{ x }}{% else %}none{% endfor %}", "none"),
        ("{% set c = {'a': 'red'} %}{{ c[payload.names[0]] }}", "red"),
        ("{% if payload.empty %}x{% elif payload.yes %}y{% else %}z{% endif %}", "y"),
        ("{{ event.occurred_at|localtime('Europe/Berlin', '%d.%m.%Y %H:%M %Z') }}", "31.01.2027 13:00 CET"),
        ("{{ 3723|duration }}, {{ 2048|filesize(true) }}, {{ 2|plural('package') }}", "1 h 2 min, 2.0 KiB, 2 packages"),
        ("{{ payload.names|tojson }} {{ 'x' if payload.empty }}", '["a", "b"] '),
        ("{# no #}{% raw %}{{ x }}{% endraw %}", "{{ x }}"),
    ],
)
def test_a_text_is_rendered(text, expected):
    """The form ``text`` prints values as they are."""
    assert expected == rendered(text)


def test_html_escapes_every_printed_value_once():
    """Also one that is made from several, and never one that is escaped already."""
    escaped = "&lt;b&gt;&amp;&#39;&#34;"

    assert f"<p>{escaped}</p>" == rendered("<p>{{ payload.repo_id }}</p>", TextForm.HTML)
    assert f"&lt;i&gt;{escaped}" == rendered("{{ '<i>' ~ payload.repo_id }}", TextForm.HTML)
    assert escaped == rendered("{{ payload.repo_id|e }}", TextForm.HTML)


def test_a_line_is_safe_in_a_header():
    """Line breaks and encoded words would add headers."""
    compiled = compile_text("{{ payload.text }}", TextForm.LINE)

    line = compiled.render({"payload": {"text": "a\r\nBcc: x\x00\u2028y =?utf-8?q?=0D=0A?= \u202eend\n" + "x" * 900}})

    assert line.startswith("a Bcc: x y = ?utf-8?q?=0D=0A?= end xxx")
    assert 500 == len(line)


@pytest.mark.parametrize(
    ("text", "place", "sentence"),
    [
        ("{% for x in payload.y %}", (1, 23), "The tag `for` is not closed: {% endfor %} is missing."),
        ("{% if payload.x", (1, 15), "The template ends too early: %} is missing."),
        ("{{ }}", (1, 4), "There is nothing between {{ and }}."),
        ("a\n  {{ payload.x", (2, 14), "The template ends too early: }} is missing."),
        ("a\n{% macro x() %}{% endmacro %}", (2, 4), "The tag macro is not available"),
        ("\n\n{{ pyload.x }}", (3, 4), "There is no name pyload here. Did you mean payload?"),
        ("{% if payload.x = 1 %}{% endif %}", (1, 17), "`=` does not compare; write ==."),
        ("{{ loop.index }}", (1, 4), "`loop` exists only inside"),
        ("{% set payload = 1 %}", (1, 8), "payload has a meaning already"),
        ("{% for x in payload.xs %}{% set y = 1 %}{% endfor %}{{ y }}", (1, 56), "There is no name y here."),
    ],
)
def test_a_wrong_template_is_refused_with_its_place(text, place, sentence):
    """When it is compiled, before any event."""
    with pytest.raises(InvalidExpression) as raised:
        compile_text(text, TextForm.TEXT)

    assert sentence in raised.value.sentence
    assert place == (raised.value.line, raised.value.column)


def test_an_error_names_the_line_of_a_template():
    """A template may have many."""
    with pytest.raises(ExpressionFailed, match=r"^Line 2: payload.names is a list and cannot be printed"):
        rendered("a\n{{ payload.names }}")


def test_the_facts_that_a_template_reads_are_followed_through_loops_and_variables():
    """An entry of a list is ``[]``; a path ends before a calculated key."""
    compiled = compile_text(
        "{% set r = payload.repo %}{{ r.name }}{% for u in payload.units %}{{ u.size }}{% endfor %}"
        "{{ labels[event.type] }}",
        TextForm.TEXT,
    )

    assert {
        "payload.repo",
        "payload.repo.name",
        "payload.units",
        "payload.units.[].size",
        "event.type",
        "labels",
    } == {str(path) for path in compiled.paths}
