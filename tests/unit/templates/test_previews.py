"""What a preview shows of a template."""

from dataclasses import replace

import pytest

from pulp_notifiers.errors import InvalidTemplate
from pulp_notifiers.event import Event
from pulp_notifiers.event_types import sample
from pulp_notifiers.notifier import ListenerInfo
from pulp_notifiers.records import TemplateDraft
from pulp_notifiers.templates import Previews
from tests.support.templated import Notifiers

SHORT = TemplateDraft("short", "post", {"subject": "{{ event.type }}"}, "Short.")


def test_a_preview_uses_a_past_event_or_a_recorded_one():
    """By default the most common one of the first type for which the template is written."""
    past = Event("ci.done", {"build": 7})
    previews = Previews(Notifiers(), {"some id": past}.get)

    def event(types=("#",), **chosen):
        return previews.event(replace(SHORT, event_types=types), **chosen)

    assert past is event(event_id="some id")
    assert "task.error" == event(("task.error", "repo.#"), event_type="task.error").type
    assert event().type == "repo.sync.start"
    assert sample("task.error").event == event(event_type="task.error")
    for field, chosen in (
        ("event", {"event_id": "other"}),
        ("event_type", {"event_type": "nosuch"}),
        ("sample", {"event_type": "task.error", "name": "nosuch"}),
        ("event_type", {"types": ("ci.#",)}),
    ):
        with pytest.raises(InvalidTemplate) as refused:
            event(**chosen)
        assert [field] == [*refused.value.problems]


def test_a_preview_shows_the_parts_or_what_is_wrong_with_them():
    """With the labels of a listener, or with those that it reads."""
    previews = Previews(Notifiers(), {}.get)
    event = sample("repo.sync.finish").event
    draft = replace(SHORT, parts={"subject": "{{ payload.repo_id }} {{ labels.team }}", "text": "{{ labels.shift }}"})

    found = previews.of(draft, event)
    assert {"subject": f"{event.payload['repo_id']} team", "text": "shift"} == found.rendered
    assert not found.problems
    assert "by day" == previews.of(draft, event, labels={"shift": "by day"}).rendered["text"]

    partly = previews.of(draft, event, ListenerInfo("1", "nights", "", {"team": "ops"}))
    assert {"subject": f"{event.payload['repo_id']} ops"} == partly.rendered
    assert [("text", 1, 4)] == [(each.part, each.line, each.column) for each in partly.problems]

    for wrong in ({"subject": "{{"}, {"footer": "x"}, {"text": "", "json": {}}):
        broken = previews.of(replace(SHORT, parts=wrong), event)
        assert not broken.rendered
        assert broken.problems
    assert "empty" in previews.of(replace(SHORT, parts={"subject": " "}), event).problems[0].sentence
    with pytest.raises(InvalidTemplate, match="notifier_type"):
        previews.of(replace(SHORT, notifier_type="gone"), event)
