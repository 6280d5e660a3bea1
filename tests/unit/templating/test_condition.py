"""Conditions: what they are true for, how they fail, and how they are refused."""

import pytest

from pulp_notifiers.event import Event
from pulp_notifiers.templating import (
    ExpressionFailed,
    InvalidExpression,
    compile_condition,
    condition_facts,
    event_facts,
    listener_facts,
)

EVENT = Event(
    "repo.sync.finish",
    {
        "repo_id": "prod-rhel-9",
        "result": "failed",
        "count": 5,
        "release": "9.4",
        "domain": None,
        "names": ["bash", "zsh"],
        "units": [{"name": "bash", "size": 3}, {"name": "zsh", "size": 2_000}],
        "items": {"a": 1},
        "text": "It's\nlong",
    },
)
FACTS = condition_facts(event_facts(EVENT), listener_facts("abc", "production", "", {"team": "web"}))


@pytest.mark.parametrize(
    "text",
    [
        "payload.result == 'failed' and payload.repo_id is glob('prod-*')",
        "event.type in ['repo.sync.finish', 'repo.publish.finish']",
        "event.type == 'repo.sync.finish' and report is none",
        "payload.count > 3 and payload.count <= 5 and 1 < payload.count < 10",
        "payload.count + 1 == 6 and payload.count * 2 == 10 and 7 // 2 == 3 and 7 % 2 == 1 and -payload.count < 0",
        "not payload.domain",
        "payload.domain is none and payload.nothing is undefined and payload.nothing is not defined",
        "payload.nothing|default('x') == 'x'",
        "payload.nothing.deeper|default('x') == 'x'",
        "payload.domain.deeper is not defined",
        "payload.names|first == 'bash' and payload.names|length == 2",
        "payload.names[1] == 'zsh' and payload.names[-1] == 'zsh' and payload['names'][:1] == ['bash']",
        "'zsh' in payload.names and 'ksh' not in payload.names and 'rhel' in payload.repo_id",
        "payload.items.a == 1 and 'a' in payload.items",
        "payload.units|map(attribute='size')|sum > 2000",
        "payload.names is glob('k*', 'z*') and payload.names is not glob('b') and payload.units is not glob('*')",
        "payload.repo_id is regex('-(8|9)$')",
        "payload.repo_id is match('prod') and payload.repo_id is not match('rhel')",
        "payload.release is version('9.2', '>=') and payload.release is version('>= 9.2')",
        "labels.team == 'web' and listener.name == 'production' and listener.labels.team == 'web'",
        "payload.repo_id|upper is startswith('PROD-') or false",
        "(payload.result == 'failed') is true",
        "(payload.count is odd) if payload.count is number else false",
        "payload.repo_id ~ '!' == 'prod-rhel-9!'",
    ],
)
def test_a_condition_is_true(text):
    """Each of them for the same event."""
    assert compile_condition(text).holds(FACTS) is True
    assert compile_condition(f"not ({text})").holds(FACTS) is False


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("payload.reop_id == 'x'", "payload.reop_id does not exist."),
        ("payload.domain.name == 'x'", "payload.domain.name does not exist, because payload.domain is null."),
        ("payload.names[2] == 'x'", "payload.names[2] does not exist."),
        ("payload.count", "The condition gives a number, not true or false"),
        ("payload.repo_id > 3", "Only two numbers or two texts can be put in order"),
        ("payload.count is glob('5')", "`glob` needs a text or a list; payload.count is a number."),
        ("payload.count / 0 == 1", "A number was divided by zero."),
        ("payload.repo_id * 3 == 'x'", "`*` calculates with numbers, not with a text and a number."),
    ],
)
def test_an_error_names_the_fact_and_what_it_is(text, sentence):
    """It never quotes a value."""
    with pytest.raises(ExpressionFailed) as raised:
        compile_condition(text).holds(FACTS)

    assert str(raised.value).startswith(sentence)


@pytest.mark.parametrize(
    ("text", "column", "sentence"),
    [
        ("", 1, "The condition is empty"),
        ("{{ payload.x == 1 }}", 1, "Write the condition without braces."),
        ("payload.x = 1", 11, "`=` does not compare; write == here."),
        ("payload.x == 1 && payload.y == 2", 16, "`&` is not an operator; write `and`."),
        ("payload.x == 1 payload.y", 16, "The expression should end before `payload.y`"),
        ("payload.x == 'a' and", 18, "The condition ends where a value is expected."),
        ("(payload.x == 'a'", 15, "The condition ends too early: ) is missing."),
        ("payload.x in ['a', 'b'", 20, "The condition ends too early: a closing ], } or ) is missing."),
        ("payload.x is", 11, "The condition ends too early: a name is missing."),
        ("payload.x is glob(prod-*)", 24, "Unexpected `*`; write a glob in quotes, such as 'prod-*'."),
        ("payload.x == \u201ca\u201d", 14, "write a text in straight quotes, such as 'failed'."),
        ("payload.x == `a`", 14, "write a text in straight quotes, such as 'failed'."),
        ("payload.x == 'a", 14, "A text begins with ' here, and no ' ends it."),
        ('payload.x == "a', 14, 'A text begins with " here, and no " ends it.'),
        ("payload.x == $a", 14, "Unexpected character $."),
        ("payload.x == 1)", 15, "Unexpected `)`: a value is missing before it, or it closes nothing."),
        ("payload.x === 1", 13, "Unexpected `=`; == compares."),
        ("payload.x <> 1", 12, "Unexpected `>`; != means that two values differ."),
        ("payload.x || payload.y", 12, "Unexpected `|`; write `or` between two conditions."),
        ("playload.x == 1", 1, "There is no name playload here. Did you mean payload?"),
        ("payload.x|lengths > 1", 11, "There is no filter lengths. Did you mean length?"),
        ("payload.x is globb('a')", 11, "There is no test globb. Did you mean glob?"),
        ("payload.x.startswith('a')", 21, "Calls are not allowed; write X is startswith('a')."),
        ("payload[payload.x] == 1", 8, "In a condition [ ] holds"),
        ("payload.x is regex('(')", 20, "This is not a regular expression of RE2"),
        ("payload.x is regex(payload.y)", 27, "pattern of `regex` must be written out"),
        ("payload.x is glob()", 11, "`glob` needs pattern, for example payload.repo_id is glob('prod-*')."),
        (
            "payload.x|localtime('Europe/berlin') == 'x'",
            21,
            "There is no time zone Europe/berlin. Did you mean Europe/Berlin?",
        ),
        ("payload.x == 1 or 'b'", 19, "This is neither true nor false"),
        ("payload.x ** 2 > 1", 1, "`**` is not available; multiply instead."),
        ("payload.__class__ == 1", 8, "__class__ cannot be read"),
        ("payload.x is version('9', '~=')", 22, "`version` knows no operator ~="),
        ("payload.x > 9223372036854775808", 13, "This number is too large"),
    ],
)
def test_a_wrong_condition_is_refused_with_its_place_and_what_is_right(text, column, sentence):
    """When it is compiled, before any event."""
    with pytest.raises(InvalidExpression) as raised:
        compile_condition(text)

    assert sentence in raised.value.sentence
    assert (1, column) == (raised.value.line, raised.value.column)


def test_the_facts_that_a_condition_reads_are_known():
    """In the order of the text; those that need not exist are marked."""
    condition = compile_condition("payload.a.b == 1 or payload.n[0].x is defined or report.c|default(1) == event.type")

    assert [
        ("payload.a.b", False),
        ("payload.n.[].x", True),
        ("report.c", True),
        ("event.type", False),
    ] == [(str(path), path.optional) for path in condition.paths]


def test_equal_conditions_are_compiled_once():
    """So that thousands of listeners can share one."""
    assert compile_condition("payload.x == 1") is compile_condition("payload.x == 1")
