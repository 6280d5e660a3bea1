"""When each event type is fired."""

from collections.abc import Mapping

DESCRIPTIONS: Mapping[str, str] = {
    "repo.sync.start": "The sync of a repository starts.",
    "repo.sync.finish": (
        "The sync of a repository has ended: it succeeded, with or without changes, failed, or was canceled. The "
        "payload's result says which."
    ),
    "repo.publish.start": "The publish of a repository starts.",
    "repo.publish.finish": (
        "The publish of a repository has ended: it succeeded, was skipped because nothing had changed, failed, or was "
        "canceled. The payload's result says which."
    ),
    "repo.version.created": (
        "A task other than a sync created a repository version: an upload, a change of content, or a copy. Pulp 3 only."
    ),
    "task.waiting": "A task was created and waits for a worker.",
    "task.running": "A task starts to run.",
    "task.finished": "A task has ended successfully.",
    "task.error": "A task has failed.",
    "task.canceled": "A task was canceled.",
    "task.skipped": "A task was skipped.",
}
