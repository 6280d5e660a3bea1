"""Where something happened: server, domain, and links into the server."""

import re
from collections.abc import Iterator, Mapping
from typing import Any
from urllib.parse import urlsplit

from .texts import line
from .values import text

_WORKER = re.compile(r"[\w.-]{1,100}@([A-Za-z0-9](?:[A-Za-z0-9.-]{0,252}[A-Za-z0-9])?)")
_HREF = re.compile(r"/(?!/)[A-Za-z0-9_.~!$&'()*+,;=:@%/-]{0,1000}")
_BASE = re.compile(r"https?://[A-Za-z0-9.:\[\]_-]{1,300}", re.IGNORECASE)
_LINKS = (
    ("Repository", "repo_href"),
    ("Version", "version_href"),
    ("Publication", "publication"),
    ("Task", "task_href"),
)


def server(payload: Mapping[str, Any], report: Mapping[str, Any]) -> str | None:
    """Return the server's name. Pulp 2's events have none; its workers are named after the host they run on."""
    named = text(payload.get("server"))
    if named is not None:
        return line(named, 200)
    worker = text(report.get("worker_name"))
    match = _WORKER.fullmatch(worker) if worker else None
    return match[1] if match else None


def links(payload: Mapping[str, Any]) -> list[dict[str, str]]:
    """Return links into the server; none if the event does not say what its URL is."""
    base = text(payload.get("server_url"))
    if base is None or not _is_base(base):
        return []
    return [{"title": title, "url": f"{base.rstrip('/')}{href}"} for title, href in _hrefs(payload)]


def _hrefs(payload: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    for title, key in _LINKS:
        href = payload.get(key)
        if isinstance(href, str) and _HREF.fullmatch(href) and ".." not in href.split("/"):
            yield title, href


def _is_base(base: str) -> bool:
    # Scheme, host and port only: nobody may put a user, a path or a query in front of the server's own hrefs.
    if not _BASE.fullmatch(base.rstrip("/")):
        return False
    try:
        parts = urlsplit(base)
        return bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        return False
