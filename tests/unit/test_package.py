"""The names that programs import from the package itself."""

import pytest

import pulp_notifiers
from pulp_notifiers import app, event, records, task
from tests.support.children import json_printed_by

IMPORTED_FIRST = """
import json
import sys

import pulp_notifiers

at_first = sorted(name for name in sys.modules if name.startswith("pulp_notifiers."))
pulp_notifiers.TaskReport
print(json.dumps([at_first, "pulp_notifiers.task" in sys.modules, "pulp_notifiers.app" in sys.modules]))
"""


def test_a_name_is_imported_on_first_use():
    """Importing the package imports none of its modules, and a name only those that it needs."""
    assert [[], True, False] == json_printed_by(IMPORTED_FIRST)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("App", app.App),
        ("Event", event.Event),
        ("ListenerChange", records.ListenerChange),
        ("ListenerDraft", records.ListenerDraft),
        ("SourceChange", records.SourceChange),
        ("SourceDraft", records.SourceDraft),
        ("TaskReport", task.TaskReport),
    ],
)
def test_what_an_embedding_program_needs_is_imported_from_the_package(name, value):
    """Each is the object of its module."""
    assert value is getattr(pulp_notifiers, name)


def test_all_names_are_listed_before_they_are_imported():
    """Tab completion shows them."""
    assert set(pulp_notifiers.__all__) <= set(dir(pulp_notifiers))


def test_an_unknown_name_is_an_attribute_error():
    """The package behaves like any module."""
    with pytest.raises(AttributeError, match="has no attribute 'Ap'"):
        pulp_notifiers.Ap  # noqa: B018
