"""What attempts send: rendered parts, or the default with a line that says why."""

from dataclasses import replace

import pytest

from pulp_notifiers.errors import StoreUnavailable
from pulp_notifiers.event import Event
from pulp_notifiers.notifier import ListenerInfo, PackagedTemplate
from pulp_notifiers.records import ErrorKind, OwedDelivery, Template, TemplateOrigin
from pulp_notifiers.templates import FileTemplates, Messages, Shelf
from tests.support.templated import LISTENER, Bare, Notifiers, Post, TemplateTable

DELIVERY = OwedDelivery(7, Event("repo.sync.finish", {"repo_id": "zoo"}), "target", 2)
SHORT = Template("short", "post", {"subject": "{{ payload.repo_id }} {{ labels.team }} {{ target }}"})


class Scene:
    """Messages with stored templates in memory."""

    def __init__(self, *stored, files=(), notifiers=None):
        self.table = TemplateTable(*stored)
        files = {each.name: each for each in files}
        self.files = FileTemplates(None)
        self.files._templates = files
        self.shelf = Shelf(self.table.get, self.files)
        self.counted = []
        self.messages = Messages(self.shelf, self)
        self.notifiers = notifiers or Notifiers()

    def count(self, kind, listener, event, problem):
        """Count an error."""
        self.counted.append((kind, listener.id, event.id, problem))

    def context(self, template="short", notifier="post", delivery=DELIVERY, revision=1):
        """Return the context of an attempt."""
        loaded = self.notifiers.get(notifier)
        listener = replace(LISTENER, template=template)
        return self.messages.prepare(listener, loaded, loaded.parse({}), revision).context(delivery, "target")


def test_the_listeners_template_is_rendered():
    """The notifier gets its parts, and what else is known."""
    scene = Scene(SHORT)

    context = scene.context()

    assert {"subject": "zoo ops target"} == context.rendered
    assert context.problem is None
    assert (7, 3) == (context.delivery_id, context.attempt)
    assert ListenerInfo(LISTENER.id, "nights", "", {"team": "ops"}) == context.listener
    assert "pulp-notifiers listener disable nights" == context.stop_command
    assert not scene.counted


def test_without_a_choice_the_notifiers_default_is_rendered():
    """A template of that name that is stored or in files comes before the packaged one."""
    in_file = Template("post", "post", {"subject": "file"}, origin=TemplateOrigin.FILE)
    stored = Template("post", "post", {"subject": "stored"})

    for given, expected in (
        (Scene(), "default repo.sync.finish"),
        (Scene(files=[in_file]), "file"),
        (Scene(stored, files=[in_file]), "stored"),
        (Scene(replace(stored, notifier_type="bare"), files=[in_file]), "file"),
        (Scene(replace(stored, notifier_type="bare")), "default repo.sync.finish"),
    ):
        context = given.context(template=None)
        assert ({"subject": expected}, None) == (context.rendered, context.problem)


def test_nothing_is_rendered_for_a_notifier_without_templates():
    """Nor for one without a default; no template is read then."""
    scene = Scene(SHORT)

    for template, notifier in ((None, "plain"), ("short", "plain"), (None, "bare")):
        context = scene.context(template, notifier)
        assert (None, None) == (context.rendered, context.problem)
    assert not scene.table.reads


@pytest.mark.parametrize(
    ("template", "sentence"),
    [
        (replace(SHORT, parts={"subject": "{{ payload.nosuch }}"}), "subject: Line 1, column 4: payload.nosuch"),
        (replace(SHORT, parts={"subject": "{{ event.id|gone_filter }}"}), "gone_filter"),
        (replace(SHORT, parts={"footer": "x"}), "footer: There is no such part"),
        (replace(SHORT, parts={"subject": ["x"]}), "subject: Write a text"),
        (replace(SHORT, parts={}), "at least one part"),
        (replace(SHORT, parts={"subject": "{{ labels.nosuch|default('') }}"}), "The subject is empty."),
        (replace(SHORT, notifier_type="bare"), "It is for the notifier bare, not post."),
        (replace(SHORT, name="other"), "There is no template short."),
    ],
    ids=lambda value: str(value)[-40:],
)
def test_if_a_template_fails_the_default_is_sent_with_a_line_that_says_so(template, sentence):
    """It is counted on the listener, with the event."""
    scene = Scene(template)

    context = scene.context()

    assert {"subject": "default repo.sync.finish"} == context.rendered
    assert context.problem.startswith("The template of this listener failed, so this is the default. ")
    assert sentence in context.problem
    assert context.problem.isprintable()
    assert "Known are" not in context.problem
    ((kind, listener_id, event_id, problem),) = scene.counted
    assert (ErrorKind.TEMPLATE, LISTENER.id, DELIVERY.event.id) == (kind, listener_id, event_id)
    assert sentence in problem


def test_a_changed_default_that_fails_is_replaced_by_the_packaged_one():
    """That is the one of the same name."""
    context = Scene(Template("post", "post", {"subject": "{{ payload.nosuch }}"})).context(template=None)

    assert {"subject": "default repo.sync.finish"} == context.rendered
    assert "Template post: subject: Line 1, column 4: payload.nosuch does not exist" in context.problem


def test_a_notifier_without_a_default_sends_what_it_sends_without_templates():
    """The problem is in the context."""
    context = Scene(replace(SHORT, notifier_type="bare", parts={"subject": "{{ payload.nosuch }}"})).context(
        notifier="bare"
    )

    assert context.rendered is None
    assert "payload.nosuch" in context.problem


def test_a_packaged_default_that_fails_leaves_nothing_to_render():
    """The notifier then sends what it sends without templates."""

    class Broken(Post):
        def packaged_templates(self):
            return {"post": PackagedTemplate({"subject": "{{ payload.nosuch }}"})}

    class Wrong(Post):
        def packaged_templates(self):
            return {"post": PackagedTemplate({"subject": "{{"})}

    class Forgotten(Post):
        def packaged_templates(self):
            return {}

    for notifier in (Broken, Wrong, Forgotten):
        scene = Scene(notifiers=Notifiers(post=notifier))
        for template in (None, "short"):
            context = scene.context(template)
            assert context.rendered is None
            assert context.problem is not None


def test_each_delivery_is_counted_once_however_often_it_is_attempted():
    """Its receiver may be away for a day."""
    scene = Scene(replace(SHORT, parts={"subject": "{{ payload.nosuch }}"}))

    for attempts in range(5):
        scene.context(delivery=replace(DELIVERY, attempts=attempts))
    scene.context(delivery=replace(DELIVERY, id=8))

    assert 2 == len(scene.counted)


def test_a_repeated_attempt_renders_the_same():
    """Nothing in the facts depends on the clock."""
    parts = {"text": "{{ event|tojson }} {{ about|tojson }} {{ listener|tojson }} {{ report|tojson }}"}
    scene = Scene(replace(SHORT, parts=parts))

    first = scene.context(delivery=replace(DELIVERY, attempts=0)).rendered

    assert first == scene.context(delivery=replace(DELIVERY, attempts=9)).rendered


def test_templates_are_read_once_for_each_revision_and_compiled_once_for_each_change():
    """Also that there is none is remembered."""
    scene = Scene(SHORT)
    notifier = scene.notifiers.get("post")

    for revision in (1, 1, 2, 2, 1):
        scene.context(revision=revision)
    assert ["short", "short"] == scene.table.reads
    first = scene.shelf.compile(scene.shelf.find("short", notifier, 2), notifier)
    assert first is scene.shelf.compile(scene.shelf.find("short", notifier, 3), notifier)

    scene.table.rows["short"] = replace(SHORT, parts={"subject": "new"})
    assert {"subject": "new"} == scene.context(revision=4).rendered
    del scene.table.rows["short"]
    assert "There is no template short" in scene.context(revision=5).problem


def test_a_store_that_cannot_be_read_is_no_failure_of_the_template():
    """No attempt is made then."""

    def away(_name):
        raise StoreUnavailable("gone")

    scene = Scene()
    scene.messages = Messages(Shelf(away, scene.files), scene)

    with pytest.raises(StoreUnavailable):
        scene.context()


def test_an_attempt_elsewhere_gets_the_templates_that_it_may_need():
    """The chosen one, or those that replace the notifier's own; not these themselves."""
    scene = Scene(SHORT, Template("post", "post", {"subject": "stored"}), Template("more", "post", {"subject": "x"}))
    notifier = scene.notifiers.get("post")

    chosen = scene.messages.templates_of(replace(LISTENER, template="short"), notifier, 1)
    default = scene.messages.templates_of(LISTENER, notifier, 1)

    assert (["short"], ["post"]) == ([each.name for each in chosen], [each.name for each in default])
    assert [] == Scene().messages.templates_of(replace(LISTENER, template="nosuch"), notifier, 1)
    assert [] == Scene().messages.templates_of(LISTENER, notifier, 1)
    assert [] == Scene().messages.templates_of(LISTENER, Notifiers(bare=Bare).get("bare"), 1)
