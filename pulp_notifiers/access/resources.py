"""The resources of grants: paths, and what lies above them (CONTRACT 1.7)."""

_LONGEST_RESOURCE = 255


def resource_of(path: str) -> str:
    """Return the resource of a request path: without the leading ``pulp`` and ``api``, ending in a slash."""
    segments = [segment for segment in path.split("/") if segment]
    while segments and segments[0] in ("pulp", "api"):
        segments.pop(0)
    return "".join(f"/{segment}" for segment in segments) + "/"


def and_above(resource: str) -> list[str]:
    """Return a resource and every path above it, the root last."""
    segments = resource.strip("/").split("/") if resource != "/" else []
    return ["/" + "".join(f"{segment}/" for segment in segments[:count]) for count in range(len(segments), -1, -1)]


def resource_problem(resource: str) -> str | None:
    """Return why a text cannot be the resource of a grant; None if it can."""
    if not resource.startswith("/") or not resource.isprintable():
        return f"{resource!r} is not a resource: write a path such as /v2/events/."
    if len(resource) > _LONGEST_RESOURCE - 1:
        return f"A resource has at most {_LONGEST_RESOURCE - 1} characters."
    return None
