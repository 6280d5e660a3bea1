"""Every limit holds, and what is just inside it is accepted."""

import pytest

from pulp_notifiers.templating import ExpressionFailed, InvalidExpression, TextForm, compile_condition, compile_text

BIG = "x" * 262_144


def rendered(text, payload=None, form=TextForm.TEXT):
    return compile_text(text, form).render({"payload": payload or {}})


@pytest.mark.parametrize(
    ("inside", "beyond", "sentence"),
    [
        ("{{ " + "(" * 20 + "1" + ")" * 20 + " }}", "{{ " + "(" * 21 + "1" + ")" * 21 + " }}", "More than 20 brackets"),
        ("{{ [" + "1," * 1_900 + "]|length }}", "{{ [" + "1," * 2_100 + "]|length }}", "too long: at most 2,000"),
        (
            "{{ [" + "1," * 1_900 + "]|length }}",
            "{{ [" + "1," * 3_000 + "]|length }}",
            "more than 6,000 words",
        ),
        ("{% if 1 %}" * 25 + "{% endif %}" * 25, "{% if 1 %}" * 27 + "{% endif %}" * 27, "nested too deeply"),
        ("{{ " + "not " * 23 + "1 }}", "{{ " + "not " * 25 + "1 }}", "nested too deeply; at most 24 levels"),
        ("{{ 1 }}", "{{ " + "not " * 999 + "1 }}", "nested too deeply; split it"),
        (
            "{% for x in [1] %}" * 3 + "{% endfor %}" * 3,
            "{% for x in [1] %}" * 4 + "{% endfor %}" * 4,
            "At most 3 loops may be inside each other.",
        ),
        ("{{ 9223372036854775807 }}", "{{ 9223372036854775808 }}", "This number is too large; at most"),
        ("{{ 1e308 }}", "{{ 1e309 }}", "This number is too large."),
        ("{{ 1 }}", "{{ " + "9" * 5_000 + " }}", "A number is too large; at most"),
        ("x" * 65_536, "x" * 65_537, "This has 65,537 characters; at most 65,536 are allowed."),
    ],
)
def test_a_text_beyond_a_limit_is_refused(inside, beyond, sentence):
    """When it is saved."""
    rendered(inside)
    with pytest.raises(InvalidExpression) as raised:
        rendered(beyond)

    assert sentence in raised.value.sentence


LOOP = "{% for a in payload.x %}{% for b in payload.y %}"
ENDS = "{% endfor %}{% endfor %}"


@pytest.mark.parametrize(
    ("text", "inside", "beyond", "sentence"),
    [
        ("{{ payload.x }}", BIG, BIG + "x", "The template prints more than 262,144 characters."),
        ("{{ (payload.x ~ '')|length }}", BIG, BIG + "x", "A text would have 262,145 characters"),
        ("{{ (payload.x|tojson)|length }}", BIG[:-9], BIG, "A text would have 262,146 characters"),
        ("{{ ([payload.x]|tojson)|length }}", BIG[:-99], BIG, "The JSON text has more than 262,144 characters."),
        (
            "{{ (payload.x|tojson)|length }}",
            "<" * 40_000,
            "<" * 50_000,
            "The JSON text has more than 262,144 characters.",
        ),
        (LOOP.replace(".y", ".x") + ENDS, [1] * 140, [1] * 142, "The loops go round more than 20,000 times."),
        (
            "{{ (payload.x|split(','))|length }}",
            "," * 9_999,
            "," * 10_000,
            "`split` would make more than 10,000",
        ),
        ("{{ (payload.x|lines)|length }}", "\n" * 9_999, "\n" * 10_000, "`lines` would make more than 10,000 lines."),
        ("{{ (payload.x|list)|length }}", "a" * 10_000, "a" * 10_001, "`list` makes at most 10,000 entries."),
        ("{{ payload.x|sum }}", [1] * 10_000, [1] * 10_001, "`sum` takes at most 10,000 entries."),
        ("{{ payload.x * 2 }}", 2**62 - 1, 2**62, "A calculated number is too large."),
        ("{{ payload.x + 1 }}", 1, 10**30, "A calculated number is too large."),
        ("{{ payload.x * 2 }}", 1e307, 1e308, "A calculated number is too large."),
        ("{{ payload.x }}", 10**1_000, 10**2_000, "A number has too many digits to be printed."),
        (
            "{{ payload.x is glob('*') }}",
            "a" * 4_096,
            "a" * 4_097,
            "`glob` looks at texts of at most 4,096",
        ),
        (
            "{{ payload.x is version('1') }}",
            "1" * 200,
            "1" * 201,
            "`version` compares texts of at most 200",
        ),
        ("{{ payload.x|localtime }}", 253_402_300_799, 253_402_300_800, "A number is too large for a time in seconds."),
        ("{{ payload.x|localtime('Asia/Tokyo') }}", 0, "9999-12-31T23:00:00Z", "A time is outside the years"),
    ],
)
def test_an_event_beyond_a_limit_is_an_error(text, inside, beyond, sentence):
    """When it is rendered, before the work is done."""
    rendered(text, {"x": inside})
    with pytest.raises(ExpressionFailed) as raised:
        rendered(text, {"x": beyond})

    assert sentence in raised.value.sentence


@pytest.mark.parametrize(
    "text",
    [
        LOOP + "{{ 1 }}" * 20 + ENDS,
        LOOP + "{% if payload.o == payload.p %}{% endif %}" + ENDS,
        LOOP + "{% if 'ab' in payload.s %}{% endif %}" + ENDS,
        LOOP + "{% if payload.s == payload.t %}{% endif %}" + ENDS,
        LOOP + "{% if payload.s < payload.t %}{% endif %}" + ENDS,
        LOOP + "{% if {} in payload.x %}{% endif %}" + ENDS,
        LOOP + "{% set z = payload.o|items %}" + ENDS,
    ],
)
def test_steps_are_counted_in_everything_that_looks_through_values(text):
    """Nested loops multiply them."""
    pairs = {str(number): number for number in range(200)}
    payload = {"x": [1] * 140, "y": [1] * 140, "o": pairs, "p": dict(pairs), "s": "a" * 5_000, "t": "a" * 4_999 + "b"}

    with pytest.raises(ExpressionFailed, match="This needs more than 250,000 steps; look at less."):
        rendered(text, payload)


def test_all_texts_together_are_bounded():
    """Each of them is small enough."""
    with pytest.raises(ExpressionFailed, match="The texts made here have more than 2,000,000 characters."):
        rendered("{% for a in payload.x %}{% set y = payload.s ~ a %}{% endfor %}", {"x": [1] * 50, "s": "a" * 50_000})


def test_values_that_are_nested_too_deeply_are_errors():
    """Events can have 100 levels; templates can add some."""
    deep: list = []
    for _ in range(120):
        deep = [deep]

    for text in ("{{ payload.x == payload.y }}", "{{ payload.x|tojson }}"):
        with pytest.raises(ExpressionFailed, match="A value has more than 110 levels."):
            rendered(text, {"x": deep, "y": [deep[0]]})


def test_shared_lists_are_counted_each_time_they_are_reached():
    """Else a short template could make an exponentially large text."""
    grown = "{% set x = ['a'] %}" + "{% set x = [x, x, x, x] %}" * 30

    with pytest.raises(ExpressionFailed, match="The JSON text has more than 262,144 characters."):
        rendered(grown + "{{ x|tojson }}")
    with pytest.raises(ExpressionFailed, match="This needs more than 250,000 steps"):
        rendered(grown + grown.replace("x", "y") + "{{ x == y or x in [y] }}")


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("{{ payload.a }}\n{{ payload.n / 0 }}", "Line 2: A number was divided by zero."),
        ("{{ payload.n % 0 }}", "A number was divided by zero."),
        ("{{ -payload.s }}", "`-` needs a number, not a text."),
        ("{{ 3 is divisibleby(payload.z) }}", "A number was divided by zero."),
        ("{{ payload.l ~ 'x' }}", "A list cannot be printed"),
        ("{{ payload.n|first|default(1) }}", "`first` needs a text or a list; payload.n is a number."),
        ("{{ payload.s|replace(payload.empty, 'x') }}", "old of `replace` must be at least 1"),
        ("{% for x in payload.s %}{% endfor %}", "Only a list or an object can be looped over; payload.s is a text."),
        ("{% for x, y in payload.l %}{% endfor %}", "Each entry of the loop must be a list of 2"),
        ("{% if false %}{% set x = 1 %}{% endif %}{{ x }}", "x has no value here."),
        ("{{ payload }}", "Line 1: payload is an object and cannot be printed"),
        ("{{ (payload.s|upper).x }}", "x does not exist, because the value is a text."),
        ("{{ payload.s|localtime }}", "A text is not a time"),
    ],
)
def test_errors_of_templates_say_what_is_wrong(text, sentence):
    """None of them shows a value."""
    with pytest.raises(ExpressionFailed) as raised:
        rendered(text, {"a": 1, "n": 5, "z": 0, "s": "secret", "l": [1], "empty": ""})

    assert sentence in str(raised.value)
    assert "secret" not in str(raised.value)


def test_a_value_that_json_does_not_have_is_an_error_without_its_representation():
    """Facts are plain; a mistake of the program must not print addresses."""
    with pytest.raises(ExpressionFailed, match=r"^The condition gives no JSON value, not true or false"):
        compile_condition("payload.x").holds({"payload": {"x": object()}})
    with pytest.raises(ExpressionFailed, match=r"^The condition failed unexpectedly \(ZeroDivisionError\)\.$"):
        compile_condition("payload.x").holds({"payload": Broken()})
    with pytest.raises(ExpressionFailed, match=r"^The template failed unexpectedly \(ZeroDivisionError\)\.$"):
        rendered("{{ payload.x }}", Broken())


class Broken:
    def __getitem__(self, key):
        raise ZeroDivisionError(key)
