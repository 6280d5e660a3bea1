"""What people read about an event."""

import pytest

from pulp_notifiers.event_types import about, sample


@pytest.mark.parametrize(
    ("event_type", "name", "state", "sentence"),
    [
        (
            "repo.sync.finish",
            "pulp3-failed-404",
            "FAILED",
            "Sync of rhel-9-appstream failed: HTTP 404 File not found: http://127.0.0.1:24818/absent/PULP_MANIFEST.",
        ),
        ("repo.sync.finish", "pulp3-canceled", "CANCELED", "Sync of zoo was canceled."),
        ("repo.sync.finish", "pulp3-mirror", "CHANGED", "Sync of zoo finished: 1 added, 1 removed."),
        ("repo.sync.finish", "pulp3-nothing-new", "OK", "Sync of zoo finished; nothing changed."),
        ("repo.sync.finish", "pulp3-deb-unread", "CHANGED", "Sync of bookworm finished with changes."),
        ("repo.sync.finish", "pulp2", "CHANGED", "Sync of zoo finished: 14 added."),
        ("repo.sync.finish", "pulp2-failed", "FAILED", "Sync of zoo failed."),
        ("repo.sync.finish", "pulp2-raised", "FAILED", "Sync of zoo failed: boom."),
        ("repo.sync.start", "pulp3-rpm", "STARTED", "Sync of prod-rhel-9-baseos started."),
        ("repo.publish.finish", "pulp3-rpm-publish", "PUBLISHED", "prod-rhel-9-baseos was published."),
        (
            "repo.publish.finish",
            "pulp2-skipped",
            "SKIPPED",
            "Publish of zoo was skipped: Repository content has not changed since last publish.",
        ),
        ("repo.version.created", "pulp3-modify", "NEW VERSION", "Version 4 of iso-images was created: 1 removed."),
        ("task.error", "pulp2", "TASK FAILED", "Task pulp.server.managers.repo.sync.sync failed: boom."),
        (
            "task.waiting",
            "pulp3-orphan-cleanup",
            "TASK WAITING",
            "Task pulpcore.app.tasks.orphan.orphan_cleanup is waiting.",
        ),
    ],
)
def test_a_sentence_says_what_happened(event_type, name, state, sentence):
    """The state says it in capitals; only failures are bad."""
    found = about(sample(event_type, name).event)

    assert (state, sentence) == (found["state"], found["sentence"])
    assert state.endswith("FAILED") == found["bad"]
