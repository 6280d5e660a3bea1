"""Documents as YAML: the same data for readers of YAML 1.1 and 1.2, in any encoding."""

import json

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from pulp_notifiers.cli.yaml_text import yaml_text

TEXTS = st.text(st.characters(codec=None)) | st.text("ab01:#-?|>&*!%@`\"'\\ \t\n\r\x85\u2028{}[],.~=\x00\x7f\ufeff")
NUMBERS = st.integers() | st.floats(allow_nan=False)
DOCUMENTS = st.recursive(
    st.none() | st.booleans() | NUMBERS | TEXTS,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(TEXTS, inner, max_size=4),
    max_leaves=12,
)


@given(DOCUMENTS)
def test_any_document_reads_back_as_the_same_data(document):
    """Whatever its texts look like, in ASCII that controls no terminal."""
    text = yaml_text(document)

    assert document == yaml.safe_load(text)
    assert text.isascii()
    assert [] == [letter for letter in text if letter != "\n" and not letter.isprintable()]


@pytest.mark.parametrize(
    "text",
    [
        *("1", "-1", "1.5", "1e3", "1E3", "0x1f", "0o14", "014", "0b1", "1_000", "+1", ".5", ".inf", "-.inf", ".nan"),
        *("2026-11-30", "2026-11-30T21:00:00Z", "12:30", "190:20:30"),
        *("null", "Null", "~", "", "true", "FALSE", "yes", "No", "on", "OFF", "y", "N", "=", "<<"),
        *(" a", "a ", "a: b", "a #b", "a:", "- a", "? a", "# a", "&a", "*a", "!a", "|", ">", "%a", "@a", "`a", "---"),
        *("...", "[a]", "{a}", "'a'", '"a"', "a\tb", "\ta", "a\x07", "a\x85b", "\ufeff", "\u65e5", "\ud800"),
    ],
)
def test_a_text_that_any_reader_could_take_for_something_else_is_quoted(text):
    """Readers of YAML 1.1 and 1.2 disagree about many of them."""
    written = yaml_text({"key": [text]})

    assert written.startswith('key:\n  - "')
    assert {"key": [text]} == yaml.safe_load(written)


@pytest.mark.parametrize(
    "text",
    [
        *("repo.sync.finish", "prod-*", "http://receiver.example:8080/hook?x=1", "/pulp/api/v3/", "ops@example.com"),
        *("payload.result == 'failed' and payload.repo_id is glob('prod-*')", "Sync of rhel-9 (weekly)", "nullable"),
        *("event.type == 'task.error' and payload.tags|default([]) is glob('pulp:repository:*')", "a, [b", "a#b{}"),
    ],
)
def test_an_ordinary_text_is_plain(text):
    """A person reads it as it is."""
    assert f"key: {text}\n" == yaml_text({"key": text})


def test_lines_of_text_stay_lines():
    """A traceback or a template can be read."""
    document = {"template": "Hello\n\n  {{ event.type }}\n", "traceback": ["File x\n  y"]}

    assert "template: |\n  Hello\n\n    {{ event.type }}\ntraceback:\n  - |-\n    File x\n      y\n" == yaml_text(
        document
    )


def test_a_key_of_any_length_is_one():
    """YAML looks for the colon behind 1,024 characters and no further."""
    document = {"k" * 5000: {"a": 1}, "k" * 4000: [1], "b": {"n\n" * 600: "x"}}

    assert document == yaml.safe_load(yaml_text(document))


def test_a_list_of_documents_has_a_dash_for_each():
    """With what they hold below it."""
    documents = [{"name": "a", "labels": {}, "types": ["x", "y"]}, {"name": "b", "labels": {"c": "1"}, "types": []}]

    assert [
        "- name: a",
        "  labels: {}",
        "  types:",
        "    - x",
        '    - "y"',
        "- name: b",
        "  labels:",
        '    c: "1"',
        "  types: []",
    ] == yaml_text(documents).splitlines()


def test_numbers_too_large_for_json_are_still_numbers():
    """A server may send them; JSON of Python has names for them."""
    assert "- .inf\n- -.inf\n- .nan\n" == yaml_text(json.loads("[Infinity, -Infinity, NaN]"))
