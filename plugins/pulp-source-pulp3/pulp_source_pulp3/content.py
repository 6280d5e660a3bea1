"""The names of the content that a repository version added and removed."""

from collections.abc import Iterator, Mapping
from typing import Any

from .failures import NotFound
from .tasks import ApiClient, results

_NAMES = ("nevra", "relative_path", "filename", "location_href", "digest", "name", "id", "prn")
# Without fields, Pulp answers with everything it knows about a package.
_FIELDS = ",".join((*_NAMES, "pulp_href", "namespace", "version", "release", "arch", "architecture"))
_PAGE = 500


class ContentNames:
    """Requests the names, up to a limit for each version.

    :param limit: names of one version, added and removed together.
    """

    def __init__(self, client: ApiClient, limit: int) -> None:
        self._client = client
        self._limit = limit

    def of(self, summary: Mapping[str, Any]) -> dict[str, Any]:
        """Return the names ``added`` and ``removed``, by type, and whether some were left out (``truncated``).

        :param summary: the version's content summary, which links to the lists of its content.
        """
        left = self._limit
        found: dict[str, Any] = {"added": {}, "removed": {}, "truncated": False}
        for change in ("added", "removed"):
            for kind, href, count in _lists(summary.get(change)):
                names = self._names(href, min(left, count)) if left else []
                found[change][kind] = names
                found["truncated"] = found["truncated"] or len(names) < count
                left -= len(names)
        return found

    def _names(self, href: str, wanted: int) -> list[str]:
        path, _, query = href.partition("?")
        name, _, version = query.partition("=")
        names: list[str] = []
        # The content of a version never changes, so paging by offset is safe.
        while len(names) < wanted:
            parameters = {
                name: version,
                "limit": str(min(_PAGE, wanted - len(names))),
                "offset": str(len(names)),
                "ordering": "pk",
                "fields": _FIELDS,
            }
            try:
                page = results(self._client.get(path, parameters).document, name_of, path)
            except NotFound:
                break
            names.extend(page)
            if not page:
                break
        return names


def _lists(types: Any) -> Iterator[tuple[str, str, int]]:
    for kind, entry in (types if isinstance(types, Mapping) else {}).items():
        href = entry.get("href") if isinstance(entry, Mapping) else None
        if isinstance(href, str) and href.startswith("/"):
            yield kind, href, int(entry.get("count") or 0)


def name_of(unit: Mapping[str, Any]) -> str:
    """Return the name by which people know a content unit."""
    if isinstance(unit.get("name"), str) and isinstance(unit.get("version"), str) and not unit.get("filename"):
        # A version of a Python package may have many files, and Ansible collections have a namespace.
        namespace = unit.get("namespace")
        name = f"{namespace}.{unit['name']}" if namespace and isinstance(namespace, str) else unit["name"]
        parts = (name, unit["version"], unit.get("release"), unit.get("arch") or unit.get("architecture"))
        return "-".join(part for part in parts if isinstance(part, str) and part)
    return str(next((unit[name] for name in _NAMES if unit.get(name)), unit["pulp_href"]))
