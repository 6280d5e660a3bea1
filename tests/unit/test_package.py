"""What the package itself has at hand."""

import pytest

import pulp_notifiers
from pulp_notifiers.app import App
from pulp_notifiers.event import Event
from pulp_notifiers.task import TaskReport
from tests.support.children import told_by

IMPORTED = """
import json
import sys

import pulp_notifiers

at_first = sorted(name for name in sys.modules if name.startswith("pulp_notifiers."))
pulp_notifiers.TaskReport
print(json.dumps([at_first, "pulp_notifiers.task" in sys.modules, "pulp_notifiers.app" in sys.modules]))
"""


def test_importing_it_imports_nothing_else():
    """A name costs what it needs, when it is first used."""
    assert [[], True, False] == told_by(IMPORTED)


def test_an_app_an_event_and_a_report_are_at_hand():
    """They are the ones of their modules."""
    assert (App, Event, TaskReport) == (pulp_notifiers.App, pulp_notifiers.Event, pulp_notifiers.TaskReport)


def test_it_tells_what_is_at_hand():
    """To whoever types a dot."""
    assert {"App", "Event", "TaskReport", "__version__"} <= set(dir(pulp_notifiers))


def test_another_name_is_an_attribute_error():
    """As of every module."""
    with pytest.raises(AttributeError, match="has no attribute 'Ap'"):
        pulp_notifiers.Ap  # noqa: B018
