"""The language is that of Jinja: what both know gives the same text, and the rest is bounded."""

import json
import sys
from concurrent.futures import ThreadPoolExecutor

import jinja2
import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from pulp_notifiers.event import Event
from pulp_notifiers.templating import (
    ExpressionFailed,
    InvalidExpression,
    TextForm,
    compile_condition,
    compile_text,
    condition_facts,
    event_facts,
    limits,
    listener_facts,
    template_facts,
)
from pulp_notifiers.templating.cache import Cache

FACTS = {
    "payload": {"a": 3, "b": "x<y", "c": [1, 2, 3], "d": {"k": "v"}, "e": "", "f": 2.5, "t": True, "n": ["b", "a"]},
    "event": {"type": "task.error"},
}
OURS_PRINTS = {"True": "true", "False": "false", "None": ""}
"""Jinja prints these as Python does."""

ATOMS = st.sampled_from(
    [
        *("payload.a", "payload.b", "payload.c", "payload.d", "payload.e", "payload.f", "payload.t", "event.type"),
        *("1", "0", "2.5", "'x'", "'x<y'", "[1, 2]", "['x', 'y']", "{'k': 'v'}", "true", "none", "payload.d['k']"),
        *("payload.c[0]", "payload.d.k", "payload.b[0]", "payload.c[-1]", "payload.missing", "payload.c[:2]"),
    ]
)


def _grown(inner):
    operators = ["==", "!=", "<", ">=", "in", "not in", "and", "or", "+", "-", "*", "//", "%"]
    filters = ["upper", "length", "first", "last", "default('q')", "trim", "reverse|list", "int", "sort|list"]
    tests = ["defined", "undefined", "none", "string", "integer", "mapping", "odd", "in [1, 'x']", "true", "boolean"]
    return st.one_of(
        st.tuples(inner, st.sampled_from(operators), inner).map(" ".join).map("({})".format),
        st.tuples(inner, st.sampled_from(filters)).map("|".join).map("({})".format),
        st.tuples(inner, st.sampled_from(tests)).map(" is ".join).map("({})".format),
        inner.map("(not {})".format),
        st.tuples(inner, inner, inner).map(lambda each: "({} if {} else {})".format(*each)),
    )


EXPRESSIONS = st.recursive(ATOMS, _grown, max_leaves=6)


@settings(max_examples=100, deadline=None)
@given(EXPRESSIONS)
def test_an_expression_that_succeeds_gives_what_jinja_gives(expression):
    """It may fail where Jinja guesses; it never gives another value."""
    template = f"{{{{ ({expression})|tojson }}}}"
    try:
        ours = compile_text(template, TextForm.TEXT).render(FACTS)
    except (InvalidExpression, ExpressionFailed) as error:
        refused = str(error)
    else:
        refused = ""
    assert "unexpectedly" not in refused
    assume(not refused)

    try:
        theirs = jinja2.Environment(undefined=jinja2.ChainableUndefined).from_string(template).render(FACTS)
    except (TypeError, ValueError, ArithmeticError, LookupError, AttributeError, jinja2.TemplateError):
        return  # such as an operation on a wrong type below a test for what is defined
    assert _without_print(theirs) == _without_print(ours)


def _without_print(text):
    for python, ours in OURS_PRINTS.items():
        text = text.replace(python, ours)
    return text


@pytest.mark.parametrize(
    "template",
    [
        "{% for x in payload.c %}{{ loop.index }}{{ loop.revindex0 }}{{ loop.first }}{{ loop.last }}{% endfor %}",
        "{% for x in payload.c if x > 1 %}{{ loop.index0 }}/{{ loop.length }}{{ x }}{% else %}none{% endfor %}",
        "{% for x in payload.c if x > 9 %}{{ x }}{% else %}none{% endfor %}",
        "{% for k, v in payload.d|items %}{{ k }}{{ v }}{% endfor %}{% for k in payload.d %}{{ k }}{% endfor %}",
        "{% set x = 1 %}{% for y in payload.c %}{{ x }}{% set x = y %}{{ x }}{% endfor %}{{ x }}",
        "{% set x = 1 %}{% if payload.a %}{% set x = 2 %}{% endif %}{{ x }}",
        "{% for x in payload.c %}{% for y in payload.n %}{{ loop.index }}{% endfor %}{{ loop.index }}{% endfor %}",
        "{% if payload.e %}a{% elif payload.a > 2 %}b{% else %}c{% endif %}",
        "a\n  {% if payload.a %}\n  b\n  {% endif %}\nc\n",
        "a {%- if payload.a -%}  b  {%- endif +%}\n c {# d #}\n{% raw %}{{ x }}{% endraw %}",
        "1 < 2 {{ 1 < payload.a < 5 }} {{ '<' ~ payload.b }} {{ payload.b }} {{ payload.b|e }}",
        "{{ 'a' 'b' }}{{ 7 // 2 }}{{ -7 // 2 }}{{ -7 % 3 }}{{ 2 + 3 * 4 - 6 / 4 }}{{ not payload.e }}{{ - payload.a }}",
        "{{ payload.c|join('-') }}{{ payload.n|sort|join }}{{ payload.b|replace('x', 'yy')|upper }}",
        "{{ 'abc def'|truncate(6, true, '') }}{{ 'abc def ghi'|truncate(9) }}{{ 'abcdefghijk'|truncate(9) }}",
    ],
)
@pytest.mark.parametrize("is_html", [False, True])
def test_a_template_prints_what_jinja_prints(template, is_html):
    """Apart from null and truth."""
    environment = jinja2.Environment(autoescape=is_html, trim_blocks=True, lstrip_blocks=True)
    environment.policies["truncate.leeway"] = 0
    theirs = environment.from_string(template).render(FACTS)

    ours = compile_text(template, TextForm.HTML if is_html else TextForm.TEXT).render(FACTS)

    assert _without_print(theirs) == _without_print(ours)


def test_threads_can_share_what_is_compiled():
    """Each rendering has its own variables and its own budget."""
    text = compile_text("{% for x in payload.c %}{% set y = payload.b ~ x %}{{ y }},{% endfor %}", TextForm.TEXT)

    def render(number):
        return text.render({"payload": {"c": list(range(50)), "b": str(number)}})

    with ThreadPoolExecutor(8) as pool:
        rendered = list(pool.map(render, range(400)))

    assert ["".join(f"{number}{x}," for x in range(50)) for number in range(400)] == rendered


def test_compiling_from_a_deep_stack_is_refused_or_succeeds():
    """Python's parser frames and ours need some room; without it there is a sentence, and no RecursionError."""
    results = set()

    def deeper(left):
        if left:
            deeper(left - 1)
            return
        try:
            compile_text("{{ ((((((((payload.a)))))))) }}" + " " * number, TextForm.TEXT).render(FACTS)
            results.add("rendered")
        except (InvalidExpression, ExpressionFailed) as error:
            results.add(str(error))

    used = len(_frames())
    for number in range(0, 120, 8):
        deeper(sys.getrecursionlimit() - used - 20 - number)

    assert results <= {"rendered", "Line 1, column 1: This is nested too deeply; split it."}
    assert "rendered" in results or len(results) == 1


def _frames():
    frame, found = sys._getframe(), []
    while frame:
        found.append(frame)
        frame = frame.f_back
    return found


class Kept:
    def __init__(self, nodes):
        self.nodes = nodes


def test_the_cache_drops_what_was_used_longest_ago():
    """It is bounded by the size of what it keeps."""
    cache = Cache(max_nodes=10)
    first, second, third = (cache.get(key, lambda: Kept(4)) for key in "abc"[:2] + "c")

    assert second is cache.get("b", lambda: Kept(4))
    assert first is not cache.get("a", lambda: Kept(4))
    assert third is not cache.get("c", lambda: Kept(4))


def test_what_is_larger_than_the_cache_is_kept_alone():
    """So that even it is compiled once."""
    cache = Cache(max_nodes=10)
    large = cache.get("a", lambda: Kept(99))

    assert large is cache.get("a", lambda: Kept(99))
    cache.get("b", lambda: Kept(1))
    assert large is not cache.get("a", lambda: Kept(99))


def test_a_text_is_compiled_for_each_form():
    """The form decides what is escaped."""
    assert compile_text("a", TextForm.TEXT) is compile_text("a", TextForm.TEXT)
    assert compile_text("a", TextForm.TEXT) is not compile_text("a", TextForm.HTML)


@pytest.mark.parametrize(
    ("length", "is_accepted"), [(limits.MAX_CONDITION_LENGTH, True), (limits.MAX_CONDITION_LENGTH + 1, False)]
)
def test_a_condition_has_at_most_so_many_characters(length, is_accepted):
    """Counted before it is parsed."""
    text = "payload.a == '" + "x" * (length - 15) + "'"

    assert length == len(text)
    if is_accepted:
        assert not compile_condition(text).holds(FACTS)
    else:
        with pytest.raises(InvalidExpression, match=r"This has 2,049 characters; at most 2,048 are allowed\."):
            compile_condition(text)


def test_a_list_may_be_as_long_as_the_condition_allows():
    """A list of repositories is the usual long condition; each entry counts."""
    names = ", ".join(f"'repo-{number}'" for number in range(150))

    assert compile_condition(f"'repo-149' in [{names}]").holds({})
    with pytest.raises(InvalidExpression, match="This is too long: at most 200"):
        compile_condition("1 in [" + "1," * 201 + "]")


def test_values_that_json_lacks_reach_expressions_as_they_are_sent():
    """A payload that was fired from Python may hold them."""
    event = Event("repo.sync.finish", {"id": Event("a", {}).id, "n": (1, 2)})
    facts = condition_facts(event_facts(event), listener_facts("1", "one", "", {"a": "b"}))

    assert json.loads(event.encoded()[0]) == facts["payload"]
    assert compile_condition("payload.id['$uuid'] is string and payload.n == [1, 2]").holds(facts)


def test_a_template_sees_more_than_a_condition():
    """What the event is about, where it goes, and which attempt this is."""
    event = Event("repo.sync.finish", {"a": 1}, {"state": "error"})
    facts = template_facts(
        event_facts(event), listener_facts("1", "one", "", {}), {"state": "FAILED"}, "ops@example.com", 2
    )
    text = "{{ about.state }} {{ target }} {{ attempt }} {{ report.state }} {{ event.source }} {{ listener.name }}"

    assert "FAILED ops@example.com 2 error python one" == compile_text(text, TextForm.LINE).render(facts)
    with pytest.raises(InvalidExpression, match="There is no name about here"):
        compile_condition("about.state == 'FAILED'")


def test_rendering_leaves_the_facts_alone():
    """Many listeners share them."""
    facts = json.loads(json.dumps(FACTS))
    compile_text(
        "{% set y = payload.c %}{% for x in payload.c|sort %}{{ x }}{% endfor %}{{ y|reverse|join }}", TextForm.TEXT
    ).render(facts)

    assert FACTS == facts
