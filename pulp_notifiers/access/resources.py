"""The resources of grants: paths and their parents (CONTRACT 1.7)."""

_MAX_RESOURCE_CHARACTERS = 254  # one below the column's 255: a final slash may be added


def resource_of(path: str) -> str:
    """Return the resource of a request path: without the leading ``pulp`` and ``api``, ending in a slash."""
    segments = [segment for segment in path.split("/") if segment]
    while segments and segments[0] in ("pulp", "api"):
        segments.pop(0)
    return "".join(f"/{segment}" for segment in segments) + "/"


def with_parents(resource: str) -> list[str]:
    """Return a resource and all its parent paths, the root last."""
    segments = resource.strip("/").split("/") if resource != "/" else []
    return ["/" + "".join(f"{segment}/" for segment in segments[:count]) for count in range(len(segments), -1, -1)]


def resource_problem(resource: str) -> str | None:
    """Return why a text cannot be the resource of a grant, or None if it can."""
    if not resource.startswith("/") or not resource.isprintable():
        return f"{resource!r} is not a resource: use a path such as /v2/events/."
    if len(resource) > _MAX_RESOURCE_CHARACTERS:
        return f"A resource must have at most {_MAX_RESOURCE_CHARACTERS} characters."
    return None
