"""Shell patterns, versions and regular expressions beside the programs whose behaviour they have."""

import subprocess
import sys
from fnmatch import fnmatchcase

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pulp_notifiers.templating import ExpressionFailed, InvalidExpression, compile_condition
from pulp_notifiers.templating.named_tests.globs import Glob
from pulp_notifiers.templating.named_tests.versions import parts


@settings(max_examples=200, deadline=None)
@given(st.text("ab*?[]!-^\\.\n", max_size=12), st.text("ab[]!-^\\.\n", max_size=10))
def test_globs_match_like_those_of_the_standard_library(pattern, text):
    """Only the way is another: nothing is tried twice."""
    assert fnmatchcase(text, pattern) is Glob(pattern).matches(text)


@pytest.mark.parametrize(
    ("pattern", "matching", "others"),
    [
        ("prod-*", ["prod-", "prod-a*"], ["Prod-a", "a-prod-"]),
        ("*-9", ["rhel-9", "-9"], ["rhel-9s"]),
        ("a*a", ["aa", "aba"], ["a"]),
        ("*", ["", "x"], []),
        ("", [""], ["x"]),
        ("[!a-c]?x*", ["dyx", "dyxz"], ["ayx", "dx"]),
        ("[]]", ["]"], ["[", "[]]"]),
        ("a[b", ["a[b"], ["ab"]),
        ("\u00fc?er", ["\u00fcber"], ["uber"]),
    ],
)
def test_a_glob_matches_the_whole_text(pattern, matching, others):
    """Case matters."""
    assert all(map(Glob(pattern).matches, matching))
    assert not any(map(Glob(pattern).matches, others))


@pytest.mark.parametrize(
    ("older", "newer"),
    [
        *(("9.2", "9.10"), ("9.2", "9.2.0"), ("1.0", "1.0.1"), ("1.0rc1", "1.0.1"), ("1.0a", "1.0b"), ("el8", "el9")),
        *(("4.18.0-305.el8", "4.18.0-348.el8"), ("2024.1", "2024.02"), ("1.a", "1.1"), ("09", "10")),
    ],
)
def test_versions_are_ordered_by_their_numbers(older, newer):
    """As Ansible's test orders them; what it refuses to compare, a word and a number, is ordered too."""
    assert parts(older) < parts(newer)
    assert compile_condition(f"'{newer}' is version('{older}', '>')").holds({})
    assert compile_condition(f"'{newer}' is version('> {older}')").holds({})
    assert not compile_condition(f"'{newer}' is version('{older}', '<=')").holds({})


@pytest.mark.parametrize("operator", ["==", "=", "eq", ">=", "ge", "<=", "le"])
def test_every_operator_of_ansible_is_known(operator):
    """As a sign or a word, and as a named argument."""
    assert compile_condition(f"'9.2' is version('9.2', '{operator}')").holds({})
    assert compile_condition(f"9.2 is version('9.2', operator='{operator}')").holds({})


@pytest.mark.parametrize("operator", ["!=", "<>", "ne", ">", "gt", "<", "lt"])
def test_an_operator_that_excludes_equal_versions_does(operator):
    """The others are tested above."""
    assert not compile_condition(f"'9.2' is version('9.2', '{operator}')").holds({})


def test_a_pattern_and_its_text_are_bounded_together():
    """RE2's slowest way costs the size of the pattern for each character of the text."""
    cheap, expensive = (
        compile_condition("payload.x is regex('a+b')"),
        compile_condition("payload.x is regex('.*a.{99}b')"),
    )

    assert not cheap.holds({"payload": {"x": "a" * 65_536}})
    assert not expensive.holds({"payload": {"x": "a" * 1_000}})
    with pytest.raises(ExpressionFailed, match="With this pattern only texts of at most"):
        expensive.holds({"payload": {"x": "a" * 10_000}})


def test_a_bracket_too_many_cannot_close_the_one_around_a_pattern():
    """Flags and the start are put around it."""
    with pytest.raises(InvalidExpression, match="This is not a regular expression of RE2"):
        compile_condition("payload.x is match('a)|(?:b', ignorecase=true)")


def test_without_re2_only_regular_expressions_are_refused():
    """There are machines without a wheel of it."""
    program = """
import sys
sys.modules["re2"] = None
from pulp_notifiers.templating import InvalidExpression, compile_condition
assert compile_condition("payload.x is glob('a*')").holds({"payload": {"x": "ab"}})
try:
    compile_condition("payload.x is regex('a')")
except InvalidExpression as error:
    print(error)
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)

    assert "Line 1, column 20: Regular expressions need the Python package google-re2" in done.stdout


@pytest.mark.parametrize(
    ("globs", "column", "sentence"),
    [
        ("'prod-['", 24, "'prod-[' has a [ at character 6 that no ] closes; write [ab] for one of several"),
        ("'[ab', 'x'", 24, "has a [ at character 1 that"),
        ("'[]'", 24, "has a [ at character 1 that"),
        ("'[!]-x'", 24, "has a [ at character 1 that"),
        ("'ok-*', '[a]b[!c'", 32, "has a [ at character 5 that"),
        ("'rhel-[9-7]'", 24, "a range that contains nothing, 9-7; write [7-9]."),
        ("'rhel-[!z-a]'", 24, "a range that contains nothing, z-a; write [a-z]."),
        ("''", 24, "The glob is empty"),
    ],
)
def test_a_glob_that_can_hardly_be_meant_is_refused_with_what_would_be_right(globs, column, sentence):
    """A shell would take it literally, so that the listener would silently get nothing."""
    with pytest.raises(InvalidExpression) as raised:
        compile_condition(f"payload.repo_id is glob({globs})")

    assert sentence in raised.value.sentence
    assert (1, column + 1) == (raised.value.line, raised.value.column)


@pytest.mark.parametrize(
    "glob", ["[[]", "[]]", "[!]]", "a]", "[a-]", "[-a]", "[a-a]", "*", "?", "rhel-[7-9]*", "x[[]y"]
)
def test_a_glob_with_closed_brackets_is_accepted(glob):
    """A bracket is matched by [[], and ] alone is a character."""
    condition = f"payload.repo_id is glob('{glob}', 'x')"

    assert condition == compile_condition(condition).text


@pytest.mark.parametrize("version", ["'>= abc'", "'latest'", "'el', '>='", "'.', '<'"])
def test_a_version_without_a_number_is_refused(version):
    """It would be older than every version."""
    with pytest.raises(InvalidExpression, match=r"write for example version\('9\.2', '>='\)"):
        compile_condition(f"payload.release is version({version})")
