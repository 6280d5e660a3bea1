"""Which templates are accepted, and which one a name means."""

import re
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from pulp_notifiers.errors import InvalidTemplate, NoSuchTemplate, TemplateInUse
from pulp_notifiers.records import Template, TemplateChange, TemplateDraft, TemplateOrigin
from pulp_notifiers.templates import Templates
from pulp_notifiers.templates.checks import check_samples
from pulp_notifiers.templates.parts import compile_parts
from tests.support.templated import Notifiers, TemplateTable

NOON = datetime(2026, 11, 30, 12, tzinfo=UTC)
SHORT = TemplateDraft("short", "post", {"subject": "{{ event.type }}"}, "Short.")


class TemplatesInMemory:
    """Stands for templates in files; counts how often somebody looks."""

    def __init__(self, templates):
        self.templates = {each.name: each for each in templates}
        self.looks = 0

    def all(self):
        """Return the templates by name."""
        self.looks += 1
        return self.templates

    def get(self, name):
        """Return one of them."""
        return self.all().get(name)


class Scene:
    """The rules with stored templates and files in memory."""

    def __init__(self, *stored, files=()):
        self.now = NOON
        self.changes = 0
        self.table = TemplateTable(*stored)
        self.files = TemplatesInMemory(files)
        self.templates = Templates(self.table, self.files, Notifiers(), lambda: self.now, self._changed)

    def _changed(self):
        self.changes += 1

    def refused(self, **fields):
        """Return what is wrong with a draft."""
        with pytest.raises(InvalidTemplate) as raised:
            self.templates.create(replace(SHORT, **fields))
        assert not self.table.rows
        return raised.value.problems


def stored(name="short", **fields):
    """Return a stored template."""
    return Template(name, "post", {"subject": "{{ event.type }}"}, created_at=NOON, changed_at=NOON, **fields)


def test_a_template_is_stored_with_the_time():
    """It can be found by name then, and those who know templates are told."""
    scene = Scene()

    saved = scene.templates.create(SHORT)

    assert stored(description="Short.") == saved.template == scene.templates.get("short")
    assert not saved.warnings
    assert 1 == scene.changes


def test_everything_that_is_wrong_is_reported_at_once():
    """By field, and nothing is stored."""
    found = Scene().refused(
        name="a b", notifier_type="plane", description="x\x00", event_types=("repo.#", "a b"), parts={"text": "\ud800"}
    )

    assert {"name", "notifier_type", "description", "event_types", "parts"} == {*found}
    assert "'plane' is installed" in found["notifier_type"][0]
    assert "'a b' is not an event type" in found["event_types"][0]


@pytest.mark.parametrize("name", ["", ".x", "-x", "x" * 65, "a/b", "ä", "a\n"])
def test_names_are_those_that_fit_into_a_path(name):
    """As for listeners."""
    assert "is not a name" in Scene().refused(name=name)["name"][0]


def test_a_name_is_given_once():
    """The other template stays."""
    scene = Scene(stored())

    with pytest.raises(InvalidTemplate, match="has the name 'short'"):
        scene.templates.create(SHORT)

    assert 0 == scene.changes


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("one\n{{ payload.repo_idd }}", "Line 2, column 4: payload has no repo_idd"),
        ("{{ payload.repo_idd|default('') }}", "Did you mean repo_id"),
        ("{{ evnt.type }}", "Did you mean"),
        ("{{ event.tpe }}", "Did you mean"),
        ("{{ about.nosuch }}", "Line 1, column 4: about has no nosuch"),
        ("{{ payload.repo_id + 1 }}", "calculates with numbers"),
    ],
)
def test_a_name_that_no_event_has_is_refused_with_its_place(text, sentence):
    """So is a text that fails for all of them."""
    found = Scene().refused(parts={"text": text})

    assert sentence in found["parts.text"][0]


def test_events_for_which_a_template_fails_are_warned_of():
    """They are named by type; for others it works."""
    saved = Scene().templates.create(replace(SHORT, parts={"subject": "{{ payload.repo_id }}", "text": "x"}))

    (warning,) = saved.warnings
    assert warning.startswith("subject: Line 1, column 4: payload.repo_id does not exist")
    assert "task.waiting" in warning
    assert "the default is sent for such events" in warning


def test_a_template_is_checked_with_the_event_types_for_which_it_is_written():
    """Others cause no warning; and types that nobody knows are not checked."""
    of_repositories = replace(SHORT, parts={"subject": "{{ payload.repo_id }}"}, event_types=("repo.sync.finish",))
    of_others = replace(SHORT, name="ci", parts={"subject": "{{ payload.build }}"}, event_types=("ci.build.#",))
    scene = Scene()

    assert not scene.templates.create(of_repositories).warnings
    assert not scene.templates.create(of_others).warnings


def test_labels_may_have_any_name():
    """A listener has its own; for the check it has those that are read."""
    draft = replace(SHORT, parts={"subject": "{{ labels.team }} {{ listener.labels.shift }}"})

    assert not Scene().templates.create(draft).warnings


def test_what_the_notifier_refuses_is_refused():
    """The parts as they are written, and those that are rendered from every event."""
    assert {"parts.json": ["Write text or json."]} == Scene().refused(parts={"text": "x", "json": {}})
    assert {"parts": ["The subject is empty."]} == Scene().refused(parts={"subject": "{% if false %}x{% endif %}"})


def test_a_notifier_without_templates_gets_none():
    """The sentence says so."""
    assert {"parts.subject": ["There is no such part. This notifier has no templates."]} == Scene().refused(
        notifier_type="plain"
    )


def test_a_change_replaces_what_it_names():
    """Parts one by one, and one that is null is removed; the time of the change is kept."""
    scene = Scene(stored(description="Short."))
    scene.now += timedelta(hours=1)

    saved = scene.templates.update("short", TemplateChange(parts={"text": "x", "subject": None}))
    again = scene.templates.update("short", TemplateChange(description="New.", event_types=("task.#",)))

    assert {"text": "x"} == saved.template.parts
    assert ("New.", ("task.#",), {"text": "x"}) == (
        again.template.description,
        again.template.event_types,
        again.template.parts,
    )
    assert (NOON, scene.now) == (again.template.created_at, again.template.changed_at)
    assert 2 == scene.changes


def test_a_wrong_change_changes_nothing():
    """Also if only both changes together are wrong."""
    scene = Scene(stored())

    with pytest.raises(InvalidTemplate, match=r"parts\.text"):
        scene.templates.update("short", TemplateChange(parts={"text": "{{"}))
    with pytest.raises(InvalidTemplate, match="at least one part"):
        scene.templates.update("short", TemplateChange(parts={"subject": None}))
    with pytest.raises(NoSuchTemplate):
        scene.templates.update("other", TemplateChange())

    assert [stored()] == scene.table.all()
    assert 0 == scene.changes


def test_a_change_by_somebody_else_in_between_is_checked_too():
    """The transaction checks what it writes."""
    scene = Scene(stored())
    change = scene.table.change

    def interfere(name, apply):
        scene.table.rows[name] = replace(scene.table.rows[name], parts={"json": {}})
        return change(name, apply)

    scene.table.change = interfere

    with pytest.raises(InvalidTemplate, match="Write text or json"):
        scene.templates.update("short", TemplateChange(parts={"text": "x"}))


def test_the_templates_of_files_and_notifiers_are_listed_too():
    """A stored one comes before one in files, and that before the notifier's."""
    in_file = stored("night", origin=TemplateOrigin.FILE)
    scene = Scene(stored(), files=(in_file, stored("short", origin=TemplateOrigin.FILE, description="other")))

    found = scene.templates.list()

    assert [("night", "file"), ("post", "packaged"), ("short", "stored")] == [
        (each.name, each.origin) for each in found
    ]
    assert in_file == scene.templates.get("night")
    with pytest.raises(NoSuchTemplate):
        scene.templates.get("nosuch")


def test_a_template_with_the_name_of_a_notifiers_own_replaces_it():
    """But not one for another notifier."""
    scene = Scene()

    assert (
        "The notifier post has a template of this name" in scene.refused(name="post", notifier_type="bare")["name"][0]
    )

    scene.templates.create(replace(SHORT, name="post"))

    assert TemplateOrigin.STORED is scene.templates.get("post").origin


def test_only_stored_templates_can_be_changed_and_deleted():
    """The sentence says what to do instead."""
    scene = Scene(files=(stored("night", origin=TemplateOrigin.FILE),))

    for work in (scene.templates.delete, lambda name: scene.templates.update(name, TemplateChange())):
        with pytest.raises(InvalidTemplate, match="create a template with this name to replace it"):
            work("post")
        with pytest.raises(InvalidTemplate, match="template_dir"):
            work("night")
        with pytest.raises(NoSuchTemplate):
            work("nosuch")


def test_a_template_that_listeners_use_cannot_be_deleted():
    """Unless its name means another one then."""
    scene = Scene(stored(), stored("post"))
    scene.table.users = {"short": [f"l{number}" for number in range(12)], "post": ["l1"]}

    with pytest.raises(TemplateInUse, match="used by the listeners l0, .*l9 and 2 more: give the listeners"):
        scene.templates.delete("short")
    scene.templates.delete("post")
    scene.table.users = {"short": ["l0"]}
    with pytest.raises(TemplateInUse, match="is used by the listener l0: give the listener another template"):
        scene.templates.delete("short")
    scene.table.users = {}
    scene.templates.delete("short")

    assert ["post"] == [each.name for each in scene.templates.list()]
    assert 2 == scene.changes


def test_no_files_are_read_in_the_transaction_that_deletes_a_template():
    """A folder on a slow disk would hold up everybody who writes."""
    scene = Scene(stored())
    scene.table.users = {"short": ["l0"]}
    delete, looks = scene.table.delete, []

    def counted(name, check):
        looks.append(scene.files.looks)
        try:
            return delete(name, check)
        finally:
            looks.append(scene.files.looks)

    scene.table.delete = counted
    with pytest.raises(TemplateInUse):
        scene.templates.delete("short")

    before, after = looks
    assert before == after > 0


def test_a_listener_chooses_a_template_of_its_notifier():
    """The sentence names the nearest ones."""
    scene = Scene(stored(), stored("shorter"))

    def problems(name, notifier_type):
        return " ".join(scene.templates.choice_problems(notifier_type, name))

    assert [] == scene.templates.choice_problems("post", "short") == scene.templates.choice_problems("post", "post")
    assert "There is no template 'shrt'. Did you mean short or shorter?" == problems("shrt", "post")
    assert "It can be post, short, shorter." in problems("nosuch", "post")
    assert "'short' is for the notifier post, not bare. This notifier has none" in problems("short", "bare")
    assert "not gone" in problems("short", "gone")


def test_a_template_that_can_no_longer_be_used_says_why():
    """An earlier release may have stored it, or its notifier was uninstalled."""
    rules = Scene().templates

    assert rules.problem(stored()) is None
    assert "parts.footer: There is no such part" in rules.problem(replace(stored(), parts={"footer": "x"}))
    assert "'gone' is installed" in rules.problem(replace(stored(), notifier_type="gone"))


def test_files_are_checked_without_samples():
    """They are read while the service runs; what cannot be judged yet is no problem."""
    rules = Scene().templates
    in_file = stored("night", origin=TemplateOrigin.FILE)

    assert rules.file_problem(in_file) is None
    assert rules.file_problem(replace(in_file, notifier_type="later")) is None
    assert "subject: Line 1, column" in rules.file_problem(replace(in_file, parts={"subject": "{{"}))
    assert "is not a name" in rules.file_problem(replace(in_file, name="a b"))
    assert "Write text or json" in rules.file_problem(replace(in_file, parts={"text": "x", "json": 1}))


def test_a_template_that_renders_slowly_is_saved_in_a_moment():
    """Not all recorded events are tried then, and the warning says so."""
    loop = "{% for a in event.type|list %}{% for b in event.type|list %}{{ a ~ b }}{% endfor %}{% endfor %}"
    seconds = iter(range(10_000))
    parts = {"json": [loop] * 3}
    notifier = Notifiers().get("post")

    warnings = check_samples(compile_parts(parts, notifier.template_parts()), ["#"], notifier, lambda: next(seconds))

    [warning] = warnings
    assert re.match("Only 1 of [0-9]+ recorded events were tried, because trying them took too long;", warning)
