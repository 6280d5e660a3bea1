"""The recorded tasks of Pulp 3 from which samples of event types are made, and which of their events are samples."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

SYNC = ("repo.sync.start", "repo.sync.finish")
SYNC_END = ("repo.sync.finish",)
PUBLISH = ("repo.publish.start", "repo.publish.finish")
VERSION = ("repo.version.created",)


@dataclass(frozen=True, slots=True)
class Recording:
    """A recorded task, and which of its events are samples.

    :ivar name: of the samples, without ``pulp3-``.
    :ivar description: what is special about them.
    :ivar document: name of the recorded document.
    :ivar types: the event types of which it is a sample.
    :ivar repository: name of its repository.
    :ivar domain: None if its server has no domains.
    :ivar added: counts by type of the version that it created, if the document does not have them.
    :ivar units: recorded content, by type, of which the names are included.
    :ivar changed: fields of the document that differ.
    """

    name: str
    description: str
    document: str
    types: Sequence[str]
    repository: str = "zoo"
    domain: str | None = None
    added: Mapping[str, int] = field(default_factory=dict)
    units: Mapping[str, Sequence[str]] = field(default_factory=dict)
    changed: Mapping[str, Any] = field(default_factory=dict)


RECORDINGS = (
    Recording("file", "A sync of files added units.", "sync.completed", (*SYNC, "task.finished"), "iso-images"),
    Recording(
        "file-with-names",
        "The names of what was added are included.",
        "sync.completed",
        SYNC_END,
        "iso-images",
        units={"file.file": ("content",)},
    ),
    Recording("mirror", "A mirror: units were added and removed.", "sync.completed.mirror-add-and-remove", SYNC_END),
    Recording("nothing-new", "The repository is as it was.", "sync.completed.nothing-new", SYNC_END),
    Recording("optimized-away", "The remote has not changed since.", "sync.completed.optimized-away", SYNC_END),
    Recording(
        "failed-404",
        "The remote answers that the file is not there.",
        "sync.failed.404",
        (*SYNC_END, "task.error"),
        "rhel-9-appstream",
    ),
    Recording("failed-refused", "The remote refuses the connection.", "sync.failed.connection-refused", SYNC_END),
    Recording("failed-digest", "A file has another digest than expected.", "sync.failed.digest-mismatch", SYNC_END),
    Recording("failed-manifest", "An error of several lines.", "sync.failed.garbage-manifest", SYNC_END),
    Recording(
        "failed-killed",
        "The worker was killed; nobody wrote a traceback.",
        "sync.failed.killed",
        (*SYNC_END, "task.error"),
    ),
    Recording(
        "failed-in-autopublish", "The publish at the end failed.", "plugins/file.sync.failed-in-autopublish", SYNC_END
    ),
    Recording("canceled", "It was canceled while it ran.", "sync.canceled.from-running", (*SYNC_END, "task.canceled")),
    Recording("canceled-waiting", "It was canceled before it ran.", "sync.canceled.from-waiting", ("task.canceled",)),
    Recording(
        "autopublish",
        "A sync that publishes automatically.",
        "sync.completed.autopublish",
        (*SYNC_END, *PUBLISH),
    ),
    Recording(
        "other-domain",
        "In another domain than default.",
        "sync.completed",
        (*SYNC, "task.running"),
        "iso-images",
        domain="staging",
    ),
    Recording(
        "rpm",
        "A sync of RPMs added several types of content.",
        "plugins/rpm.sync.new",
        (*SYNC, "task.running"),
        "prod-rhel-9-baseos",
    ),
    Recording(
        "rpm-mirror",
        "A complete mirror of RPMs, with a publication.",
        "plugins/rpm.sync.mirror_complete",
        SYNC_END,
        "prod-rhel-9-baseos",
    ),
    Recording(
        "rpm-nothing-new",
        "Nothing new in the metadata.",
        "plugins/rpm.sync.again-optimized",
        SYNC_END,
        "prod-rhel-9-baseos",
    ),
    Recording(
        "rpm-failed-credentials",
        "The URL in the error had a password.",
        "plugins/rpm.sync.failed-credentials",
        (*SYNC_END, "task.error"),
        "prod-rhel-9-baseos",
    ),
    Recording(
        "deb",
        "A sync of Debian packages.",
        "plugins/deb.sync.new",
        SYNC_END,
        "bookworm",
        added={"deb.package": 4},
    ),
    Recording("deb-unread", "The version could not be read.", "plugins/deb.sync.new", SYNC_END, "bookworm"),
    Recording("deb-failed-404", "There is no Release file.", "plugins/deb.sync.failed-404", SYNC_END, "bookworm"),
    Recording(
        "container",
        "A sync of a container image.",
        "plugins/container.sync.new",
        SYNC_END,
        "busybox",
    ),
    Recording(
        "container-failed-404",
        "The registry has no such image.",
        "plugins/container.sync.failed-no-image",
        SYNC_END,
        "busybox",
    ),
    Recording(
        "python", "A sync of Python packages.", "plugins/python.sync.new", SYNC_END, "pypi", added={"python.python": 2}
    ),
    Recording(
        "python-autopublish",
        "A sync of Python packages that publishes.",
        "plugins/python.sync.autopublish",
        PUBLISH[1:],
        "pypi",
        added={"python.python": 2},
    ),
    Recording("ansible", "A sync of Ansible collections.", "plugins/ansible.sync.new", SYNC_END, "galaxy"),
    Recording(
        "ansible-failed-role",
        "An error with a code of the plugin.",
        "plugins/ansible.sync.failed-role",
        SYNC_END,
        "galaxy",
    ),
    Recording("gem", "A sync of Ruby gems.", "plugins/gem.sync.new", SYNC_END, "rubygems", added={"gem.gem": 2}),
    Recording(
        "npm-failed", "An error without words: the text of a KeyError.", "plugins/npm.sync.again", SYNC_END, "npm"
    ),
    Recording("ostree-failed", "An error of a C library.", "plugins/ostree.sync.failed-404", SYNC_END, "fedora-coreos"),
    Recording("file-publish", "A publish of files.", "publish.completed", (*PUBLISH, "task.finished"), "iso-images"),
    Recording(
        "file-publish-failed",
        "A publish that failed.",
        "publish.completed",
        PUBLISH[1:],
        "iso-images",
        changed={
            "state": "failed",
            "created_resources": [],
            "result": None,
            "error": "file.sync.failed-in-autopublish",
        },
    ),
    Recording(
        "file-publish-canceled",
        "A publish that was canceled.",
        "publish.completed",
        PUBLISH[1:],
        "iso-images",
        changed={"state": "canceled", "created_resources": [], "result": None},
    ),
    Recording("rpm-publish", "A publish of RPMs.", "plugins/rpm.publish", PUBLISH, "prod-rhel-9-baseos"),
    Recording("deb-publish", "A publish of Debian packages.", "plugins/deb.publish", PUBLISH[1:], "bookworm"),
    Recording(
        "upload",
        "An upload of a file into a repository.",
        "upload.completed",
        VERSION,
        "iso-images",
        added={"file.file": 1},
    ),
    Recording("modify", "A file was removed by hand.", "modify.completed", VERSION, "iso-images"),
    Recording(
        "advisory",
        "The upload of an advisory, whose name is included.",
        "plugins/rpm.advisory.upload",
        VERSION,
        "prod-rhel-9-baseos",
        added={"rpm.advisory": 1},
        units={"rpm.advisory": ("plugins/rpm.advisory.upload",)},
    ),
    Recording(
        "rpm-copy", "RPMs were copied into it.", "plugins/rpm.copy.one", VERSION, "dev-rhel-9", added={"rpm.package": 1}
    ),
    Recording("rpm-remove", "An RPM was removed.", "plugins/rpm.modify.remove", VERSION, "prod-rhel-9-baseos"),
    Recording("deb-remove-all", "Everything was removed.", "plugins/deb.modify.remove-all", VERSION, "bookworm"),
    Recording(
        "container-tag",
        "An image was tagged; the version could not be read.",
        "plugins/container.tag",
        VERSION,
        "busybox",
    ),
    Recording("ostree-import", "Commits were imported.", "plugins/ostree.import_all", VERSION, "fedora-coreos"),
    Recording("sync-waiting", "A sync waits for a worker.", "sync.waiting", ("task.waiting",), "iso-images"),
    Recording("sync-running", "A sync runs.", "sync.running", ("task.running",), "iso-images"),
    Recording(
        "orphan-cleanup", "A task without a repository.", "orphan-cleanup.completed", ("task.waiting", "task.finished")
    ),
    Recording("repair", "A repair of all content.", "repair-all.completed", ("task.finished",)),
    Recording(
        "remote-update", "A change of a remote, which is the result.", "plugins/rpm.remote-update", ("task.finished",)
    ),
    Recording(
        "replicate",
        "A replication, which started other tasks.",
        "plugins/core.replicate.first.0",
        ("task.running", "task.finished"),
    ),
    Recording(
        "upload",
        "An upload, whose result is the content.",
        "plugins/python.upload.into-repo",
        ("task.finished",),
        "pypi",
    ),
    Recording(
        "publish-failed",
        "A publish that failed.",
        "publish.completed",
        ("task.error",),
        "iso-images",
        changed={
            "state": "failed",
            "created_resources": [],
            "result": None,
            "error": "file.sync.failed-in-autopublish",
        },
    ),
    Recording(
        "skipped", "A task that was skipped.", "purge.completed", ("task.skipped",), changed={"state": "skipped"}
    ),
)
