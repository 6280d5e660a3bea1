"""Documents as pulp-admin printed them."""

import pytest

from pulp_notifiers.cli.documents import document_lines, printable, wrapped


def test_keys_are_sorted_and_hidden_ones_left_out():
    """Those that start with an underscore are not for people."""
    assert ["A:  1", "B:  2"] == list(document_lines({"b": 2, "_href": "/x/", "a": 1}))


@pytest.mark.parametrize(
    ("key", "label"),
    [
        ("notifier_type_id", "Notifier Type Id:"),
        ("url", "URL:"),
        ("ca_path", "CA Path:"),
        ("verify_ssl", "Verify SSL:"),
        ("retryCount", "Retrycount:"),
        ("myurl", "Myurl:"),
    ],
)
def test_labels_are_in_title_case(key, label):
    """Three abbreviations are written in capitals if they are a word of their own."""
    assert [f"{label}  x"] == list(document_lines({key: "x"}))


def test_nested_documents_are_indented_with_a_narrower_column():
    """The label of a nested document is padded like any other, with nothing behind it."""
    document = {"id": "1", "notifier_config": {"ca_path": "/ca", "_own": 1, "url": "u"}}

    assert [
        "Id:               1",
        "Notifier Config:  ",
        "  CA Path: /ca",
        "  URL:     u",
    ] == list(document_lines(document))


def test_an_empty_nested_document_is_its_label_alone():
    """An AMQP listener needs no option."""
    assert ["Notifier Config:  "] == list(document_lines({"notifier_config": {}}))


def test_nesting_goes_as_deep_as_the_document():
    """Also through lists of documents."""
    document = {"a": {"b": {"c": 1}}, "d": [{"e": 1}, {"f": 2}]}

    assert ["A:  ", "  B: ", "    C: 1", "D:  ", "  E: 1", "  F: 2"] == list(document_lines(document))


@pytest.mark.parametrize(
    ("value", "shown"),
    [
        (["a", "b"], "a, b"),
        ([], ""),
        ([1, None, "x"], "1, None, x"),
        ([{"a": 1}, 2], "{'a': 1}, 2"),
        (None, "None"),
        (True, "True"),
        (5, "5"),
        ("first\nsecond", "first second"),
        ("ünïcode", "ünïcode"),
        ("\x1b[31mred\r", "\\x1b[31mred\\r"),
    ],
)
def test_values_are_shown_in_one_line(value, shown):
    """They cannot control the terminal."""
    assert [f"X:  {shown}"] == list(document_lines({"x": value}))


def test_a_long_value_continues_in_its_own_column():
    """Lines are broken at blanks, at most 80 columns wide."""
    lines = list(
        document_lines({"event_types": ["repo.sync.start", "repo.sync.finish", "repo.publish.start", "*"] * 2})
    )

    assert [
        "Event Types:  repo.sync.start, repo.sync.finish, repo.publish.start, *,",
        "              repo.sync.start, repo.sync.finish, repo.publish.start, *",
    ] == lines


def test_a_word_longer_than_the_line_is_cut():
    """A URL need not have blanks."""
    assert ["URL:  " + "x" * 74, "      " + "x" * 26] == list(document_lines({"url": "x" * 100}))


@pytest.mark.parametrize(
    ("line", "lines"),
    [
        ("x" * 10, ["x" * 10]),
        ("ab cd efghi", ["ab cd", "  efghi"]),
        ("0123456789 x", ["0123456789", "  x"]),
        ("abc " + "x" * 12, ["abc", "  xxxxxxxx", "  xxxx"]),
        ("ab cd     ", ["ab cd     "]),
    ],
)
def test_lines_are_broken_at_the_last_blank_that_fits(line, lines):
    """If there is none, within a word."""
    assert lines == list(wrapped(line, 2, 10))


def test_a_column_that_begins_beyond_the_line_does_not_hang():
    """Labels may be longer than a line."""
    lines = list(document_lines({"x" * 100: "value " * 20}))

    assert all(len(line) <= 80 for line in lines)


def test_printable_characters_stay():
    """Including umlauts and other scripts."""
    assert "Grüße, 世界" == printable("Grüße, 世界")
