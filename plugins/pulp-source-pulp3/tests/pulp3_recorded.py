"""Documents recorded from a real Pulp 3 (pulpcore 3.123.1), and copies with other ids and names."""

import json
import re
from functools import cache
from pathlib import Path
from typing import Any

_FOLDER = Path(__file__).parent / "recorded"
_UUID = "[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}"
_FOUND = {
    "task": f"prn:core.task:({_UUID})",
    "repository": f"(?:filerepository:|/repositories/file/file/)({_UUID})",
    "remote": f"fileremote:({_UUID})",
    "domain": f"core.domain:({_UUID})",
    "publication": f"filepublication:({_UUID})",
    "version": f"core.repositoryversion:({_UUID})",
    "cid": '"logging_cid": "([0-9a-f]{32})"',
}


@cache
def text(name: str) -> str:
    """Return the text of a recorded document."""
    return (_FOLDER / f"{name}.json").read_text(encoding="utf-8")


def document(name: str) -> Any:
    """Return a recorded document, such as ``sync.completed``; each call makes a new one."""
    return json.loads(text(name))


@cache
def ids(name: str) -> dict[str, str]:
    """Return the ids in a recorded document: task, repository, remote, domain, publication, version, cid."""
    found = {what: re.search(pattern, text(name)) for what, pattern in _FOUND.items()}
    return {what: match[1] for what, match in found.items() if match}


def rewritten(name: str, instead: dict[str, str], app: str = "file", number: int | None = None, root: str = "") -> Any:
    """Return a recorded document about something else.

    :param instead: ids by the names of :func:`ids`.
    :param app: plugin of the repository, such as ``rpm``.
    :param number: number of the repository version.
    :param root: the API's root in a server with domains, such as ``/pulp/zoo/api/v3/``.
    """
    changed = text(name)
    for what, old in ids(name).items():
        changed = changed.replace(old, instead.get(what, old))
    if number is not None:
        changed = re.sub(r"/versions/\d+/", f"/versions/{number}/", changed)
        changed = re.sub(r'"number": \d+', f'"number": {number}', changed)
    if app != "file":
        changed = changed.replace("pulp_file.app", f"pulp_{app}.app").replace("/file/file/", f"/{app}/{app}/")
        changed = re.sub(r"prn:file\.file(repository|remote|publication)", rf"prn:{app}.{app}\1", changed)
    if root:
        changed = changed.replace("/pulp/api/v3/", root)
    return json.loads(changed)
