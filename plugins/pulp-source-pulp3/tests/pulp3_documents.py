"""The documents of a fake Pulp 3 about repositories, remotes, versions and content."""

from typing import Any

import pulp3_recorded
from pulp3_queries import Query, Refused
from pulp3_world import FakeRepository


def named(items: list[dict[str, Any]], query: Query) -> list[dict[str, Any]]:
    """Return the items that match filters.

    :raises Refused: Pulp has no such filter.
    """
    for parameter, value in query.items():
        name, _, lookup = parameter.partition("__")
        if name in ("prn", "name", "pulp_href") and lookup in ("", "in"):
            values = value.split(",") if lookup else [value]
            items = [item for item in items if item[name] in values]
        elif parameter == "pulp_id__in":
            items = [item for item in items if item["pulp_href"].split("/")[-2] in value.split(",")]
        elif parameter not in ("limit", "offset", "ordering", "fields", "exclude_fields"):
            raise Refused({"errors": [f"Invalid Filter: '{parameter}'"]})
    return items


def of_repository(repository: FakeRepository) -> dict[str, Any]:
    """Return the document of a repository."""
    latest = len(repository.added)
    found: dict[str, Any] = pulp3_recorded.rewritten(
        "repository", {"repository": repository.id, "remote": repository.remote_id}, repository.app, latest
    )
    root = repository.root
    hrefs = {"pulp_href": repository.href, "versions_href": f"{repository.href}versions/"}
    remote = f"{root}remotes/{repository.app}/{repository.app}/{repository.remote_id}/"
    latest_href = repository.version_href(latest)
    return {**found, **hrefs, "name": repository.name, "remote": remote, "latest_version_href": latest_href}


def of_remote(repository: FakeRepository) -> dict[str, Any]:
    """Return the document of a repository's remote."""
    found: dict[str, Any] = pulp3_recorded.document("remote")
    href = f"{repository.root}remotes/{repository.app}/{repository.app}/{repository.remote_id}/"
    return {**found, "pulp_href": href, "prn": repository.remote_prn, "name": f"{repository.name}-remote"}


def of_version(repository: FakeRepository, number: int) -> dict[str, Any]:
    """Return the document of a repository version."""
    found: dict[str, Any] = pulp3_recorded.document("repository-version-1")
    facts = {"pulp_href": repository.version_href(number), "number": number, "repository": repository.href}
    return {**found, **facts, "content_summary": repository.summary(number)}


def of_content(repositories: list[FakeRepository], query: Query) -> list[dict[str, Any]]:
    """Return the content units that a version added, removed or contains."""
    kinds = {"repository_version_added": "added", "repository_version_removed": "removed"}
    [parameter] = [name for name in query if name.startswith("repository_version")]
    kind = kinds.get(parameter, "present")
    for repository in repositories:
        for number in range(len(repository.added) + 1):
            if repository.version_href(number) == query[parameter]:
                names = repository.content(number, kind)
                return [{**pulp3_recorded.document("content"), "relative_path": name} for name in names]
    return []
