"""Templates in a folder of files, re-read when they change."""

import logging
import time
from collections.abc import Callable, Mapping
from pathlib import Path
from threading import Lock

from ..errors import InvalidTemplate
from ..records import Template, TemplateOrigin
from ..template_files import MOST_FILES, read_template

LOOK_SECONDS = 2.0
"""How long what was found may be used before the folder is looked at again."""

MOST_TEMPLATES = 500
"""Further folders are left out, in the order of their names."""

_logger = logging.getLogger(__name__)

_Stamp = tuple[tuple[str, int, int, int], ...]


class FileTemplates:
    """The templates in ``[notifiers] template_dir``: each is a folder with the template's name.

    What is wrong is logged once, and a template of which a file becomes wrong stays as it was read before. While one
    thread reads, others use what was read before.

    :param folder: None for no templates.
    :param check: returns what is wrong with a template that was read; None if nothing is.
    :param monotonic: seconds of a clock that never goes back.
    """

    def __init__(
        self,
        folder: Path | None,
        check: Callable[[Template], str | None] = lambda _template: None,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._folder = folder
        self._check = check
        self._monotonic = monotonic
        self._look_at = monotonic()
        self._lock = Lock()
        self._was_read = False
        self._stamps: dict[str, _Stamp] = {}
        self._templates: dict[str, Template] = {}
        self._problems: dict[str, str] = {}

    def all(self) -> Mapping[str, Template]:
        """Return the templates by name; those that have not changed are the same objects as before."""
        self._look()
        return self._templates

    def get(self, name: str) -> Template | None:
        """Return one template."""
        return self.all().get(name)

    def problems(self) -> Mapping[str, str]:
        """Return what to correct, by the template's name; the empty name is the folder itself."""
        self._look()
        return self._problems

    def _look(self) -> None:
        if self._folder is None or self._monotonic() < self._look_at:
            return
        # Only the first reading is waited for: a slow disk must not hold up all attempts.
        if self._lock.acquire(blocking=not self._was_read):
            try:
                if self._monotonic() >= self._look_at:
                    self._read(self._folder)
                    self._was_read = True
                    self._look_at = self._monotonic() + LOOK_SECONDS
            finally:
                self._lock.release()

    def _read(self, folder: Path) -> None:
        problems: dict[str, str] = {}
        try:
            found = sorted(path for path in folder.iterdir() if not path.name.startswith(".") and path.is_dir())
        except OSError as error:
            # What was read before is kept: the folder may be on a mount that comes back.
            self._note({"": f"The folder {folder} cannot be read: {error.strerror}."})
            return
        if len(found) > MOST_TEMPLATES:
            problems[""] = f"There are {len(found)} templates, and only the first {MOST_TEMPLATES} are used."
            found = found[:MOST_TEMPLATES]
        stamps, templates = {}, {}
        for path in found:
            name = _shown(path.name)
            stamp = _stamp(path)
            if stamp == self._stamps.get(name):
                template, problem = self._templates.get(name), self._problems.get(name)
            else:
                template, problem = self._one(path)
            stamps[name] = stamp
            if template is not None:
                templates[name] = template
            if problem is not None:
                problems[name] = problem
        self._stamps, self._templates = stamps, templates
        self._note(problems)

    def _one(self, path: Path) -> tuple[Template | None, str | None]:
        name = _shown(path.name)
        before = self._templates.get(name)
        try:
            found = read_template(path)
        except InvalidTemplate as invalid:
            return before, "; ".join(
                f"{_shown(file) or name}: {' '.join(said)}" for file, said in invalid.problems.items()
            )
        except OSError as error:
            return before, f"A file cannot be read: {error.strerror}."
        if not found["notifier_type"]:
            return before, 'template.json does not say for which notifier_type it is: {"notifier_type": "email"}.'
        template = Template(
            name,
            found["notifier_type"],
            found["parts"],
            found["description"],
            tuple(found["event_types"]),
            origin=TemplateOrigin.FILE,
        )
        problem = self._check(template)
        return (template, None) if problem is None else (before, problem)

    def _note(self, problems: dict[str, str]) -> None:
        for name, problem in problems.items():
            if self._problems.get(name) != problem:
                _logger.error(
                    "%s: %s Correct it; until then, what was read before is used.", self._named(name), problem
                )
        for name in self._problems.keys() - problems.keys():
            is_there = not name or name in self._stamps
            _logger.info("%s %s", self._named(name), "can be read again" if is_there else "is gone")
        self._problems = problems

    def _named(self, name: str) -> str:
        return f"Template {name} in {self._folder}" if name else f"Templates in {self._folder}"


def _shown(name: str) -> str:
    """Return a name on the disk as an answer or a log can have it: what is not text in it is escaped."""
    return name if name.isprintable() else ascii(name)[1:-1]


def _stamp(path: Path) -> _Stamp:
    """Return what changes when a file in a folder changes."""
    try:
        files = sorted(path.iterdir())[: MOST_FILES + 1]
        stats = [(each.name, each.stat()) for each in files]
    except OSError:
        return ((str(time.monotonic_ns()), 0, 0, 0),)  # read again, and found out then
    return tuple((name, stat.st_mtime_ns, stat.st_size, stat.st_ino) for name, stat in stats)
