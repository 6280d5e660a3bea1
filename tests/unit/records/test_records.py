"""Merging a listener's config with an update."""

import pytest

from pulp_notifiers.options import merge_config


@pytest.mark.parametrize(
    ("stored", "patch", "expected"),
    [
        ({"a": 1}, {}, {"a": 1}),
        ({"a": 1}, {"b": 2}, {"a": 1, "b": 2}),
        ({"a": 1, "b": 2}, {"a": None}, {"b": 2}),
        ({"a": 1}, {"missing": None}, {"a": 1}),
        ({"a": {"x": 1, "y": 2}}, {"a": {"x": None}}, {"a": {"x": None}}),
        ({"a": None}, {}, {"a": None}),
        ({"a": 1}, {"a": ""}, {"a": ""}),
    ],
)
def test_an_update_is_shallow_and_null_removes(stored, patch, expected):
    """CONTRACT 1.5 describes it."""
    assert expected == merge_config(stored, patch)


def test_a_merge_changes_neither_side():
    """Pulp 2 changed its argument."""
    stored, patch = {"a": 1}, {"a": None}

    merge_config(stored, patch)

    assert ({"a": 1}, {"a": None}) == (stored, patch)
