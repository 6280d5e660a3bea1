"""The installed distributions that offer plugins, and metadata that an interrupted upgrade left behind.

Apart from ``plugin_host``, which takes longer to import than a command that only needs the names of plugins.

``importlib.metadata.entry_points`` takes the first distribution of a name, even if only an empty directory is left of
it, and fails for all of them if a single ``entry_points.txt`` cannot be read. So this module looks at each itself.
"""

import importlib
import re
import sys
import threading
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib.metadata import Distribution, EntryPoint, distributions
from pathlib import Path
from stat import S_ISREG

NOTIFIERS = "pulp_notifiers.notifiers"
"""The entry point group of notifiers."""

SOURCES = "pulp_notifiers.sources"
"""The entry point group of sources."""

_SETTLED_NS = 2_000_000_000
"""A directory that changed less than this ago may have changed again without another time stamp."""


@dataclass(frozen=True, slots=True)
class Offer:
    """A plugin that a distribution offers.

    :ivar problem: why it cannot be used, or None.
    :ivar warning: what to fix although it can be used, or None.
    """

    entry: EntryPoint
    distribution: str
    version: str
    problem: str | None = None
    warning: str | None = None


@dataclass(frozen=True, slots=True)
class Scan:
    """What is installed.

    :ivar offers: the offers of each type of plugin.
    :ivar faults: what is wrong with metadata, and what to do; each a sentence or two.
    :ivar folders: the directories of metadata that were read for the offers.
    """

    offers: Mapping[str, Sequence[Offer]]
    faults: Sequence[str] = ()
    folders: Sequence[Path] = ()


class Installed:
    """The plugins of one entry point group, scanned again if a directory of the import path has changed.

    :param clock: returns the time in nanoseconds.
    """

    def __init__(self, group: str, clock: Callable[[], int] = time.time_ns) -> None:
        self._group = group
        self._clock = clock
        self._scan = Scan({})
        self._stamps: object = None
        self._lock = threading.Lock()

    def scan(self) -> Scan:
        """Return what is installed now; without a change this costs one ``stat`` for each directory."""
        with self._lock:
            if self._stamps is None or self._stamps != self._stamps_now():
                # The finders keep the content of a directory as long as its time stamp stays the same.
                importlib.invalidate_caches()
                self._scan = scan(self._group)
                stamps = self._stamps_now()
                newest = max((changed for _, changed in stamps), default=0)
                self._stamps = stamps if abs(self._clock() - newest) > _SETTLED_NS else None
            return self._scan

    def _stamps_now(self) -> list[tuple[str, int]]:
        return [(str(folder), _changed_at(Path(str(folder)))) for folder in (*sys.path, *self._scan.folders)]


def scan(group: str) -> Scan:
    """Look for the plugins of an entry point group, without importing any."""
    copies: dict[str, list[_Copy]] = defaultdict(list)
    for distribution in distributions():
        copy = _Copy(distribution, group)
        copies[copy.key].append(copy)
    offers: dict[str, list[Offer]] = defaultdict(list)
    faults: list[str] = []
    folders: list[Path] = []
    for found in copies.values():
        offered = list(_offers(found, faults))
        for offer in offered:
            offers[offer.entry.name].append(offer)
        folders += [copy.place for copy in found if offered]
    return Scan(dict(offers), tuple(dict.fromkeys(faults)), tuple(folders))


class _Copy:
    """The metadata of a distribution in one directory.

    :ivar key: the same for all copies of a distribution.
    :ivar is_leftover: pip was about to remove it.
    :ivar entries: the plugins that it offers.
    :ivar fault: what is wrong with it, or None.
    """

    def __init__(self, distribution: Distribution, group: str) -> None:
        # There is no public name for it; None if it was found by something else than the import path.
        path = getattr(distribution, "_path", None)
        self.distribution = distribution
        self.place = Path(str(path or distribution.locate_file("")))
        stem = re.sub(r"\.(dist|egg)-info$", "", self.place.name) if path else f"{_field(distribution, 'Name')}-"
        self.name, _, version = stem.partition("-")
        self.version = version.partition("-")[0]
        self.key = re.sub(r"[-_.]+", "-", self.name).lower()
        # pip renames what it is about to remove.
        self.is_leftover = self.name.startswith("~")
        self.entries: list[EntryPoint] = []
        self.fault: str | None = None
        self._read(group, known_place=path is not None)

    def _read(self, group: str, known_place: bool) -> None:
        try:
            text = self.distribution.read_text("entry_points.txt") or ""
            _check_lines(text)
            if group in text:
                self.entries = list(self.distribution.entry_points.select(group=group))
        except (TypeError, ValueError, AttributeError, OSError) as error:  # of the parser, too
            file = self.place / "entry_points.txt"
            self.fault = f"{file} cannot be read: {error}. Delete {self.place}, and install {self.name} again."
            return
        if self.is_leftover:
            self.fault = f"{self.place} is left from an uninstallation that pip did not finish. Delete it."
        elif known_place and not _has_metadata(self.place):
            self.fault = (
                f"{self.place} has no METADATA: an upgrade was interrupted. Delete it, and install {self.name} again "
                "unless another version of it is listed."
            )


def _offers(copies: Sequence[_Copy], faults: list[str]) -> Iterator[Offer]:
    """Yield what the copies of one distribution offer, and add to the faults.

    The first sound copy of the import path is used, as for imports; of several in one directory the newest.
    """
    sound = [copy for copy in copies if copy.fault is None]
    broken = [copy for copy in copies if copy.fault is not None]
    if not sound:
        faults += [copy.fault or "" for copy in broken if copy.entries or not copy.is_leftover]
        for copy in broken:
            for entry in () if copy.is_leftover else copy.entries:
                yield Offer(entry, copy.name, copy.version, problem=copy.fault)
        return
    used = max((copy for copy in sound if copy.place.parent == sound[0].place.parent), key=_copied_at)
    if not used.entries:
        return
    name, version = _field(used.distribution, "Name") or used.name, _field(used.distribution, "Version") or used.version
    others = {copy.place.resolve(): copy for copy in sound if copy.place.resolve() != used.place.resolve()}
    warnings = [copy.fault or "" for copy in broken]
    warnings += [
        f"{name} is installed twice: {used.place} is used, and {place} is not. Uninstall or delete one of them."
        for place in others
    ]
    faults += warnings
    for entry in used.entries:
        yield Offer(entry, name, version, warning=" ".join(warnings) or None)


def _check_lines(text: str) -> None:
    """Check entry points, for which other libraries would fail.

    :raises ValueError: a line is none.
    """
    for number, line in enumerate(text.splitlines(), 1):
        if line.strip() and not line.lstrip().startswith(("[", "#")) and "=" not in line:
            raise ValueError(f"line {number} is not NAME = MODULE:OBJECT")


def _field(distribution: Distribution, name: str) -> str:
    try:
        return str(distribution.metadata[name] or "")
    except (KeyError, ValueError):  # newer versions of Python raise; a file that is not UTF-8
        return ""


def _copied_at(copy: _Copy) -> int:
    return _changed_at(copy.place)


def _has_metadata(place: Path) -> bool:
    return any(map(_is_filled, (place / "METADATA", place / "PKG-INFO", place)))


def _is_filled(file: Path) -> bool:
    try:
        found = file.stat()
    except OSError:
        return False
    return S_ISREG(found.st_mode) and found.st_size > 0


def _changed_at(path: Path) -> int:
    try:
        return path.stat().st_mtime_ns
    except OSError:
        return 0
