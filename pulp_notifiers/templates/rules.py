"""The rules for templates: which are accepted, and which one a name means."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol

from ..encoding import unportable
from ..errors import InvalidTemplate, NoSuchTemplate, NotifierUnavailable, TemplateInUse
from ..event import is_pattern, utc_now
from ..plugin_host import not_installed
from ..records import (
    KeptAnswer,
    Template,
    TemplateChange,
    TemplateDraft,
    TemplateOrigin,
    description_problem,
    name_problem,
)
from .catalogue import Catalogue, Notifiers
from .checks import check_samples
from .shelf import Files, compiled

_TAKEN_BY_A_PATH = "preview"
_OTHERS_NAME = (
    "The notifier {0} has a template of this name: choose another name, or notifier_type {0} to replace that one."
)


class Rows(Protocol):
    """Stores templates (``pulp_notifiers.store``)."""

    def all(self) -> list[Template]: ...
    def get(self, name: str) -> Template | None: ...
    def add(self, template: Template, answer: KeptAnswer | None = None) -> bool: ...
    def change(self, name: str, change: Callable[[Template], Template]) -> Template | None: ...
    def delete(self, name: str, check: Callable[[Template, Sequence[str]], None]) -> bool: ...


Precondition = Callable[[Template], None]


@dataclass(frozen=True, slots=True)
class Saved:
    """A template that was stored.

    :ivar warnings: for which events it fails.
    """

    template: Template
    warnings: Sequence[str] = ()


class Templates:
    """The templates: stored ones, those in files, and those of the notifiers.

    :param changed: called after each change.
    """

    def __init__(
        self,
        rows: Rows,
        files: Files,
        notifiers: Notifiers,
        clock: Callable[[], datetime] = utc_now,
        changed: Callable[[], None] = lambda: None,
    ) -> None:
        self._rows = rows
        self._notifiers = notifiers
        self._catalogue = Catalogue(rows, files, notifiers)
        self._clock = clock
        self._changed = changed

    def list(self) -> Sequence[Template]:
        """Return the templates that names mean, in the order of the names."""
        return self._catalogue.all()

    def get(self, name: str) -> Template:
        """Return the template that a name means.

        :raises NoSuchTemplate: there is none.
        """
        return self._catalogue.get(name)

    def choice_problems(self, notifier_type: str, name: str) -> Sequence[str]:
        """Return why a listener of a notifier type cannot choose a template."""
        problem = self._catalogue.choice_problem(name, notifier_type)
        return [] if problem is None else [problem]

    def problem(self, template: Template) -> str | None:
        """Return why a template cannot be used, such as one that was stored by an earlier release; None if it can."""
        try:
            compiled(template.parts, self._notifiers.get(template.notifier_type))
        except InvalidTemplate as invalid:
            return str(invalid)
        except NotifierUnavailable as unavailable:
            return unavailable.reason
        return None

    def create(self, draft: TemplateDraft, answer: Callable[[Saved], KeptAnswer | None] = lambda _saved: None) -> Saved:
        """Store a template.

        :param answer: returns what to keep in the same transaction, for requests that may be repeated.
        :raises KeyTaken: an answer to the same request is kept already; nothing is written.
        :raises InvalidTemplate: lists everything that is wrong.
        """
        problems = {"name": self._name_problems(draft), **_field_problems(draft)}
        warnings = self._checked(draft, problems)
        now = self._clock()
        template = Template(
            draft.name,
            draft.notifier_type,
            dict(draft.parts),
            draft.description,
            tuple(draft.event_types),
            created_at=now,
            changed_at=now,
        )
        saved = Saved(template, warnings)
        if not self._rows.add(template, answer(saved)):
            raise InvalidTemplate({"name": [_taken(draft.name)]})
        self._changed()
        return saved

    def update(self, name: str, change: TemplateChange, precondition: Precondition = lambda _template: None) -> Saved:
        """Change a stored template.

        :param precondition: called with the stored template; if it raises, nothing is changed.
        :raises NoSuchTemplate: there is none.
        :raises InvalidTemplate: lists everything that is wrong, or the template is not stored; nothing is changed.
        """
        # Before the transaction: it may load the plugin, and renders every sample.
        planned = _after(self._stored(name), change)
        warnings = self._checked(planned, _field_problems(planned))

        def apply(found: Template) -> Template:
            precondition(found)
            result = _after(found, change)
            if result.parts != planned.parts or result.event_types != planned.event_types:
                self._checked(result, _field_problems(result))  # somebody else has changed it meanwhile
            return replace(result, changed_at=self._clock())

        changed = self._rows.change(name, apply)
        if changed is None:
            raise NoSuchTemplate(name)
        self._changed()
        return Saved(changed, warnings)

    def delete(self, name: str, precondition: Precondition = lambda _template: None) -> None:
        """Delete a stored template; listeners that use it get the one that the name means then.

        :param precondition: called with the stored template; if it raises, nothing is deleted.
        :raises NoSuchTemplate: there is none.
        :raises InvalidTemplate: it is not stored.
        :raises TemplateInUse: listeners use it, and the name would mean none for them.
        """
        self._stored(name)
        # Before the transaction, because it reads files and loads plugins.
        beneath = self._catalogue.beneath(name)

        def check(template: Template, users: Sequence[str]) -> None:
            precondition(template)
            if users and (beneath is None or beneath.notifier_type != template.notifier_type):
                raise TemplateInUse(name, users)

        if not self._rows.delete(name, check):
            raise NoSuchTemplate(name)
        self._changed()

    def file_problem(self, template: Template) -> str | None:
        """Return what is wrong with a template that was read from files, except for samples; None if nothing is."""
        problems = {"name": self._name_problems(template), **_field_problems(template)}
        found = [f"{field}: {' '.join(said)}" for field, said in problems.items() if said]
        if not found:
            try:
                compiled(template.parts, self._notifiers.get(template.notifier_type))
            except InvalidTemplate as invalid:
                found = [
                    f"{field.removeprefix('parts.')}: {' '.join(said)}" for field, said in invalid.problems.items()
                ]
            except NotifierUnavailable:
                return None  # it may be installed later
        return "; ".join(found) or None

    def _stored(self, name: str) -> Template:
        found = self._catalogue.stored(name)
        if found is None:
            other = self.get(name)
            raise InvalidTemplate({"name": [_read_only(other)]})
        return found

    def _checked(self, draft: TemplateDraft, problems: Mapping[str, Sequence[str]]) -> Sequence[str]:
        """Return warnings.

        :raises InvalidTemplate: something is wrong; lists the given problems too.
        """
        found = {field: [*said] for field, said in problems.items() if said}
        warnings: Sequence[str] = ()
        if not self._notifiers.knows(draft.notifier_type):
            found["notifier_type"] = [not_installed("notifier", draft.notifier_type)]
        else:
            try:
                notifier = self._notifiers.get(draft.notifier_type)
                made = compiled(draft.parts, notifier)
                if not found:
                    warnings = check_samples(made, draft.event_types, notifier)
            except InvalidTemplate as invalid:
                found |= invalid.problems
            except NotifierUnavailable as unavailable:
                found["notifier_type"] = [unavailable.reason]
        if found:
            raise InvalidTemplate(found)
        return warnings

    def _name_problems(self, draft: TemplateDraft) -> Sequence[str]:
        if draft.name == _TAKEN_BY_A_PATH:
            return [f"{draft.name!r} cannot be a name: it is part of a path of the REST API."]
        problem = name_problem(draft.name)
        if problem is not None:
            return [problem]
        packaged = self._catalogue.packaged().get(draft.name)
        if packaged is not None and packaged.notifier_type != draft.notifier_type:
            return [_OTHERS_NAME.format(packaged.notifier_type)]
        return []


def _after(template: Template, change: TemplateChange) -> Template:
    return replace(
        template,
        parts=change.parts_of(template),
        description=template.description if change.description is None else change.description,
        event_types=template.event_types if change.event_types is None else change.event_types,
    )


def _field_problems(draft: TemplateDraft) -> dict[str, list[str]]:
    wrong_types = [
        f"{each!r} is not an event type or pattern, such as repo.sync.finish or task.#."
        for each in draft.event_types
        if not is_pattern(each)
    ]
    if not draft.event_types:
        wrong_types = ["Name at least one event type or pattern; # matches all."]
    found = {"description": description_problem(draft.description), "parts": unportable(draft.parts)}
    return {
        **{field: [problem] for field, problem in found.items() if problem is not None},
        "event_types": wrong_types,
    }


def _taken(name: str) -> str:
    return f"A template has the name {name!r}: choose another, or change that one."


def _read_only(template: Template) -> str:
    if template.origin is TemplateOrigin.FILE:
        return f"{template.name!r} is in files: change or delete them in [notifiers] template_dir."
    return (
        f"{template.name!r} belongs to the notifier {template.notifier_type} and cannot be changed or deleted: create "
        "a template with this name to replace it."
    )
