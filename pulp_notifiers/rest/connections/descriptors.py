"""The limit of open files of this process."""

import resource


def raise_limit(wanted: int) -> int:
    """Return the number of files that this process may open, raised to what is wanted if the hard limit allows it.

    It is not raised further: libraries that use ``select()`` cannot handle descriptors from 1024 on.
    """
    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY or soft >= wanted:
        return wanted if soft == resource.RLIM_INFINITY else soft
    raised = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    resource.setrlimit(resource.RLIMIT_NOFILE, (raised, hard))
    return raised


def room_for_connections(limit: int, max_connections: int, reserved: int) -> int:
    """Return how many connections fit beside the reserved descriptors; a quarter of a limit that is too small."""
    return min(max_connections, max(limit - reserved, limit // 4))
