"""Filters and tests: what each gives, what it refuses, and that the documentation has all of them."""

import re
from pathlib import Path

import pytest

from pulp_notifiers.templating import (
    FILTERS,
    TESTS,
    ExpressionFailed,
    InvalidExpression,
    TextForm,
    compile_condition,
    compile_text,
    filters,
    limits,
    named_tests,
)

PAGE = Path(__file__).parents[3] / "docs" / "expressions.rst"

FACTS = {
    "payload": {
        "text": "It failed.  Really! yes",
        "error": "\x1b[31m\n  HTTP 503: mirror is down. Try later.\n second line",
        "names": ["b", "A", "c", "a"],
        "units": [{"name": "b", "size": 3, "repo": {"id": "x"}}, {"name": "a", "size": 1.5, "repo": {"id": "y"}}],
        "map": {"b": 1, "a": 2},
        "empty": [],
        "null": None,
        "n": 1234567,
        "path": "/srv/repos/rhel-9/",
        "number_text": " 42 ",
        "time": "2026-07-01T22:30:00Z",
        "yes": True,
    },
    "report": {"start_time": "2027-01-31T12:00:00Z", "finish_time": "2027-01-31T13:02:05Z"},
}


def value_of(expression: str) -> str:
    return compile_text(f"{{{{ ({expression})|tojson }}}}", TextForm.TEXT).render(FACTS)


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("payload.missing|default('x')", '"x"'),
        ("payload.null|default('x')", "null"),
        ("payload.null|d('x', true)", '"x"'),
        ("payload.empty|first|default('none')", '"none"'),
        ("payload.missing|first|default('none')", '"none"'),
        ("payload.missing.deep[0]|default(1)", "1"),
        ("payload.names|count + payload.map|length + payload.text|length", "29"),
        ("payload.null|string ~ payload.yes ~ 1.5", '"true1.5"'),
        ("{'a': [1, {'b': none}]}|tojson(indent=1)|lines|length", "8"),
        ("'<&>\\''", '"\\u003c\\u0026\\u003e\\u0027"'),
        ("payload.map|items", '[["b", 1], ["a", 2]]'),
        ("payload.map|dictsort", '[["a", 2], ["b", 1]]'),
        ("payload.names|sort", '["A", "a", "b", "c"]'),
        ("payload.names|sort(reverse=true, case_sensitive=true)", '["c", "b", "a", "A"]'),
        ("payload.units|sort(attribute='size')|map(attribute='repo.id')", '["y", "x"]'),
        ("payload.names|unique", '["b", "A", "c"]'),
        ("payload.names|unique(case_sensitive=true)|join('')", '"bAca"'),
        ("payload.units|join(', ', attribute='name')", '"b, a"'),
        ("payload.units|sum(attribute='size') + [1, 2]|sum(start=10)", "17.5"),
        ("payload.units|max(attribute='size')|items|first", '["name", "b"]'),
        ("[3, 1, 2]|min", "1"),
        ("payload.names|reverse|last", '"b"'),
        ("'abc'|reverse ~ 'abc'|first ~ payload.names|last", '"cbaaa"'),
        ("'ab'|list + ''|list", None),
        ("'ab'|list", '["a", "b"]'),
        ("payload.names|difference(['A'])|intersect(['a', 'b'])", '["b", "a"]'),
        ("' Stra\u00dfe '|trim|upper ~ 'ABC'|lower ~ 'hELLO'|capitalize", '"STRASSEabcHELLO"'),
        ("'one two three'|truncate(9)", '"one..."'),
        ("'one two three'|truncate(9, true, '>')", '"one two\\u003e"'),
        ("'one'|truncate(3)", '"one"'),
        ("'onetwothree'|truncate(6)", '"one..."'),
        ("'a-b-c'|replace('-', '+')", '"a+b+c"'),
        ("'a-b-c'|split('-')", '["a", "b", "c"]'),
        ("'a\\r\\nb\\n'|lines", '["a", "b"]'),
        ("''|lines", "[]"),
        ("'a\\n\\nb'|indent(2)", '"a\\n\\n  b"'),
        ("'a\\nb'|indent(2, true)", '"  a\\n  b"'),
        ("'ab'|pad(4) ~ '|' ~ 7|pad(3, left=true)", '"ab  |  7"'),
        ("'a/b c\u00e9&'|urlencode", '"a%2Fb%20c%C3%A9%26"'),
        ("payload.path|basename ~ 'x'|basename", '"rhel-9x"'),
        ("payload.error|summary", '"HTTP 503: mirror is down."'),
        ("'x1.2 is old, e.g. here'|summary", '"x1.2 is old, e.g. here"'),
        ("''|summary", '""'),
        ("'a b'|e|e", '"a b"'),
        ("1.25|round(1) + 7|round", "8.2"),
        ("1.21|round(1, 'ceil') + 1.29|round(1, 'floor')", "2.5"),
        ("2.5|round|string ~ 2.7|round(method='floor')", '"22"'),
        ("payload.number_text|int + '3.9'|int + 'x'|int(5) + payload.null|int + payload.yes|int", "51"),
        ("'1.5'|float + 'x'|float + 2|float", "3.5"),
        ("(-3)|abs", "3"),
        ("payload.n|filesize ~ ', ' ~ 999|filesize ~ ', ' ~ 1023|filesize(true)", '"1.2 MB, 999 B, 1023 B"'),
        ("999999|filesize ~ ', ' ~ (-2048)|filesizeformat(binary=true)", '"1.0 MB, -2.0 KiB"'),
        ("1|plural('package') ~ 0|plural('repository', 'repositories')", '"1 package0 repositories"'),
        ("payload.time|localtime('Europe/Berlin')", '"2026-07-02 00:30:00 CEST"'),
        ("0|localtime(format='%Y')", '"1970"'),
        ("report.finish_time|timestamp - report.start_time|timestamp", "3725.0"),
        ("(report.finish_time|timestamp - report.start_time|timestamp)|duration", '"1 h 2 min"'),
        ("0.25|duration ~ ', ' ~ 9|duration ~ ', ' ~ 59.6|duration", '"0.2 s, 9 s, 1 min"'),
        ("90000|duration ~ ', ' ~ 86400.4|duration", '"1 d 1 h, 1 d"'),
        ("(-61)|duration ~ ', ' ~ 3600|duration ~ ', ' ~ 86460|duration", '"-1 min 1 s, 1 h, 1 d"'),
    ],
)
def test_a_filter_gives_what_the_page_says(expression, expected):
    """As JSON, so that the kind of the value is seen too."""
    if expected is None:
        with pytest.raises(ExpressionFailed, match=r"`\+` calculates with numbers"):
            value_of(expression)
    else:
        assert expected == value_of(expression)


@pytest.mark.parametrize(
    "test",
    [
        "payload.text is string and payload.n is number and payload.n is integer and 1.5 is not integer",
        "payload.map is mapping and payload.names is sequence and payload.text is not sequence",
        "payload.null is none and payload.yes is true and payload.yes is boolean and payload.n is not true",
        "(1 > 2) is false and payload.yes is not number and payload.yes is not integer",
        "3 is odd and 4 is even and 9 is divisibleby(3) and 9 is divisibleby 3 and 9 is not divisibleby(2)",
        "'b' is in payload.names and payload.names is contains('b') and payload.map is contains('a')",
        "'fail' is in payload.text and payload.text is contains('fail') and payload.text is not contains('ok')",
        "payload.text is startswith('It') and payload.text is endswith('yes')",
        "payload.text is glob('It*', 'x') and payload.text is not glob('it*')",
        "payload.text is search('real', ignorecase=true) and payload.text is not search('real')",
        "payload.text is match('It') and payload.text is not match('failed')",
        "payload.error is regex('^ second', multiline=true)",
        "'rhel-9.10' is version_compare('rhel-9.2', '>') and 9.2 is version('9.2')",
    ],
)
def test_a_test_holds(test):
    """Several of each kind, and what does not hold."""
    assert compile_condition(test).holds(FACTS)


@pytest.mark.parametrize(
    ("expression", "sentence"),
    [
        ("payload.empty|first", "`first` needs a list or text that is not empty"),
        ("payload.empty|max", "`max` needs a list that is not empty"),
        ("[1, 'a']|sort", "`sort` needs a list of only numbers or only texts; an entry is a text."),
        ("payload.units|unique", "`unique` compares numbers and texts, not an object."),
        ("payload.units|map(attribute='colour')", "`map`: an entry has no colour."),
        ("payload.units|join(', ')", "An object cannot be printed"),
        ("payload.n|upper", "`upper` needs a text; payload.n is a number."),
        ("payload.text|duration", "`duration` needs a number; payload.text is a text."),
        ("payload.text|localtime", "A text is not a time such as 2027-01-31T12:00:00Z."),
        ("payload.text|truncate(payload.text)", "length of `truncate` must be a whole number; here it is a text."),
        ("payload.text|truncate(payload.n)", "length of `truncate` must be at most 262144"),
        ("payload.n is odd and payload.text is odd", "`odd` needs a whole number; payload.text is a text."),
        ("payload.null in payload.text", "Only a text can be in a text, not null."),
        ("1 in payload.n", "`in` needs a list, a text or an object to look in, not a number."),
        ("payload.names[payload.null]", "In [ ] stands a text or a whole number, not null."),
        ("payload.n[:2]", "Only a text or a list can be cut with [:]; payload.n is a number."),
    ],
)
def test_a_wrong_value_is_an_error_with_its_name(expression, sentence):
    """The value itself is never shown."""
    with pytest.raises(ExpressionFailed) as raised:
        value_of(expression)

    assert sentence in str(raised.value)


@pytest.mark.parametrize(
    ("expression", "sentence"),
    [
        ("payload.x|upper(1)", "`upper` takes no arguments."),
        ("payload.x|truncate(1, true, 'a', 2)", "`truncate` takes at most 3 arguments."),
        ("payload.x|truncate(len=1)", "`truncate` has no argument len. Known are: length, killwords, end."),
        ("payload.x|truncate(1, length=1)", "length of `truncate` is given twice."),
        ("payload.x|truncate('a')", "length of `truncate` must be a whole number."),
        ("payload.x|truncate(0)", "length of `truncate` must be at least 1."),
        ("payload.x|replace('a')", "`replace` needs new, for example payload.repo_id|replace('_', '-')."),
        ("payload.x|replace('', 'a')", "old of `replace` must be at least 1"),
        ("payload.x|pad(201)", "width of `pad` must be at most 200."),
        ("payload.x|round(1, 'up')", "method of `round` must be 'common', 'ceil' or 'floor'."),
        ("payload.x|localtime('UTC', '%Q')", "format of `localtime` knows no %Q"),
        ("payload.x|localtime('New York')", "Did you mean America/New_York?"),
        ("payload.x|localtime(payload.tz)", "tz of `localtime` must be written out"),
        ("payload.x|localtime('../../etc/passwd')", "There is no time zone ../../etc/passwd."),
        ("payload.x|map(attribute='a..b')", "attribute must be keys joined by dots"),
        ("payload.x is glob('" + "a" * 201 + "')", "pattern of `glob` must be at most 200 characters long."),
        ("payload.x is regex('(?=a)')", "This is not a regular expression of RE2"),
        ("payload.x is regex('(a{1,100}){1,100}')", "This is not a regular expression of RE2: invalid repetition"),
        ("payload.x is regex('.{900}.{900}')", "This regular expression is too large"),
        ("payload.x is version('')", "version of `version` must be at least 1"),
        ("payload.x is version('>=')", "`version` needs a version to compare with"),
        ("payload.x is defined(1)", "`defined` takes no arguments."),
        ("payload.x|items()", None),
        ("payload.x.items()", "Calls are not allowed; write X|items."),
        ("payload.x.frobnicate()", "Calls are not allowed; use a filter (X|name) or a test (X is name)."),
        ("range(3)", "Calls are not allowed; use a filter"),
        ("length(payload.x)", "Calls are not allowed; write X|length."),
        ("glob('a')", "Calls are not allowed; write X is glob(...)."),
        ("+payload.x", "Leave out the `+`"),
        ("payload.x, 1", "A comma is not expected here"),
        ("{1: 2}", "The keys of an object must be texts in quotes."),
        ("payload[1.5]", "In [ ] stands a text in quotes or a whole number."),
        ("payload.\u00e9", "has letters beyond ASCII; write it in brackets"),
        ("payload.x[:payload.n]", "In [:] stand whole numbers, written out"),
        ("loop.index", "`loop` exists only inside {% for %}."),
    ],
)
def test_a_wrong_use_is_refused_with_what_is_right(expression, sentence):
    """When it is compiled."""
    if sentence is None:
        compile_text(f"{{{{ {expression} }}}}", TextForm.TEXT)
        return
    with pytest.raises(InvalidExpression) as raised:
        compile_text(f"{{{{ {expression} }}}}", TextForm.TEXT)

    assert sentence in raised.value.sentence


OPERATIONS = [*filters.FILTERS.values(), *named_tests.TESTS.values()]


@pytest.mark.parametrize("operation", OPERATIONS, ids=lambda each: each.name)
def test_every_example_of_the_documentation_is_accepted(operation):
    """In a loop, because some of them ask for its round."""
    example = operation.example
    text = example if example.startswith("{%") else f"{{% for x in [1] %}}{{{{ {example} }}}}"

    compile_text(text + "{% endfor %}", TextForm.TEXT)

    assert operation.name in example


def test_the_page_has_every_filter_and_test():
    """With the same sentence as the program."""
    page = re.sub(r"\s+", " ", PAGE.read_text().replace("\\", "").replace("``", "`"))
    known = {name: text.replace("\\", "") for name, text in {**FILTERS, **TESTS}.items()}

    assert [] == [name for name, text in known.items() if f"`{name}" not in page or text not in page]


def test_the_page_has_every_limit():
    """As the program has it."""
    page = PAGE.read_text()
    values = {name: value for name, value in vars(limits).items() if name.startswith("MAX_")}
    del values["MAX_VALUE_DEPTH"]  # more than events can have

    assert [] == [name for name, value in values.items() if f"{value:,}" not in page and str(value) not in page]
