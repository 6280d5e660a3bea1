"""Makes the samples of the catalogue of event types from recorded tasks and the vectors of Pulp 2.

``python -m tests.support.event_samples`` writes them; a test fails if the written ones are others.
"""

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import NAMESPACE_URL, uuid5

from pulp_source_pulp3.changes import Stage, changes
from pulp_source_pulp3.client import Answer
from pulp_source_pulp3.config import Pulp3Config
from pulp_source_pulp3.content import ContentNames
from pulp_source_pulp3.documents import TaskDocument
from pulp_source_pulp3.failures import NotFound
from pulp_source_pulp3.interest import Interest
from pulp_source_pulp3.kinds import Kinds
from pulp_source_pulp3.names import Names
from pulp_source_pulp3.repository_events import Origin
from pulp_source_pulp3.translation import Translator

from pulp_notifiers.dispatch.task_events import task_event
from pulp_notifiers.event import Event
from pulp_notifiers.task import TaskReport, failed_record, publish_payload, sync_payload

ROOT = Path(__file__).parents[2]
SAMPLES = ROOT / "pulp_notifiers" / "event_types" / "samples"
_RECORDED = ROOT / "plugins" / "pulp-source-pulp3" / "tests" / "recorded"
_VECTORS = ROOT / "tests" / "legacy" / "vectors"
_URL = "https://pulp.example.com"
_LISTS = {
    "deb.package": "deb/packages",
    "file.file": "file/files",
    "gem.gem": "gem/gem",
    "python.python": "python/packages",
    "rpm.advisory": "rpm/advisories",
    "rpm.package": "rpm/packages",
}

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


def made() -> dict[str, list[dict[str, Any]]]:
    """Return the samples of each event type, in the form in which they are written."""
    found: dict[str, list[dict[str, Any]]] = {}
    for name, description, event in (*_of_pulp3(), *_of_pulp2()):
        body = json.loads(json.dumps(event.body()))
        entry = {
            "name": name,
            "description": description,
            "id": str(event.id),
            "occurred_at": event.occurred_at.isoformat(),
            "source": event.source,
            "body": body,
        }
        found.setdefault(event.type, []).append(entry)
    return found


def written(samples: Sequence[Mapping[str, Any]]) -> str:
    """Return the text of the file with the samples of one type."""
    return json.dumps(samples, indent=1) + "\n"


def _of_pulp3() -> Iterator[tuple[str, str, Event]]:
    for recording in RECORDINGS:
        for event in _events(recording):
            if event.type in recording.types:
                yield f"pulp3-{recording.name}", recording.description, event


def _events(recording: Recording) -> Iterator[Event]:
    document = TaskDocument.from_json(_document(recording))
    client = _RecordedServer(recording, document)
    config = Pulp3Config(url=_URL)
    root = "/pulp/api/v3/" if recording.domain is None else f"/pulp/{recording.domain}/api/v3/"
    origin = Origin(config.origin, config.public_origin, config.server_name, recording.domain, "pulp")
    names = Names(client, f"{root}repositories/"), Names(client, f"{root}remotes/")
    included = frozenset((*SYNC, *VERSION)) if recording.units else frozenset()
    content = ContentNames(client, 1000)
    translator = Translator(origin, Kinds(config), *names, client, Interest(_Everything(included)), Counter(), content)
    translation = translator.translate(changes(document, Stage.UNREPORTED), {})
    yield from translation.events
    yield from (task_event(report, "pulp") for report in translation.reports)


def _document(recording: Recording) -> dict[str, Any]:
    text = (_RECORDED / f"{recording.document}.json").read_text(encoding="utf-8")
    if recording.domain is not None:
        text = text.replace("/pulp/api/v3/", f"/pulp/{recording.domain}/api/v3/")
    document = {**json.loads(text), **recording.changed}
    if "error" in recording.changed:
        failed = json.loads((_RECORDED / "plugins" / f"{document['error']}.json").read_text(encoding="utf-8"))
        document["error"] = failed["error"]
    return document


class _Everything:
    """Needs every event, and content names in events of some types."""

    def __init__(self, included: frozenset[str]) -> None:
        self._included = included

    def wants(self, _event_type: str, _task_id: str | None = None) -> bool:
        return True

    def included(self, event_type: str) -> frozenset[str]:
        return frozenset({"content"}) if event_type in self._included else frozenset()


class _RecordedServer:
    """Answers what the translation of a recorded task asks."""

    def __init__(self, recording: Recording, document: TaskDocument) -> None:
        self._recording = recording
        self._document = document

    def get(self, path: str, parameters: Mapping[str, str] | None = None) -> Answer:
        """Return the document at a path.

        :raises NotFound: it was not recorded.
        """
        given = dict(parameters or {})
        if path.endswith(("repositories/", "remotes/")):
            found = [self._named(uuid, path) for uuid in given["pulp_id__in"].split(",")]
            return Answer({"results": found}, None)
        if "/versions/" in path:
            return Answer({"content_summary": self._summary(path)}, None)
        for content_type, units in self._recording.units.items():
            if path.endswith(f"/content/{_LISTS[content_type]}/"):
                return Answer({"results": [] if int(given["offset"]) else list(map(self._unit, units))}, None)
        raise NotFound(f"{path} does not exist")

    def _named(self, uuid: str, path: str) -> dict[str, str]:
        text = json.dumps(self._document.fields)
        found = re.search(rf"prn:(\w+)\.(\w+?)(?:repository|remote):{uuid}", text) or re.search(
            rf"/(?:repositories|remotes)/(\w+)/(\w+)/{uuid}/", text
        )
        assert found is not None, f"{uuid} is in no PRN or href of {self._recording.document}"
        plugin, model = found.groups()
        is_repository = path.endswith("repositories/")
        return {
            "prn": f"prn:{plugin}.{model}{'repository' if is_repository else 'remote'}:{uuid}",
            "name": self._recording.repository if is_repository else f"{self._recording.repository}-upstream",
            "pulp_href": f"{path}{plugin}/{model}/{uuid}/",
        }

    def _summary(self, path: str) -> dict[str, Any]:
        if not self._recording.added:
            raise NotFound(f"{path} does not exist")
        root = path.partition("repositories/")[0]

        def listed(counts: Mapping[str, int], end: str) -> dict[str, Any]:
            return {
                kind: {"href": f"{root}content/{_LISTS[kind]}/?repository_version{end}={path}", "count": count}
                for kind, count in counts.items()
            }

        return {
            "added": listed(self._recording.added, "_added"),
            "present": listed(self._recording.added, ""),
            "removed": {},
        }

    @staticmethod
    def _unit(name: str) -> dict[str, Any]:
        document = json.loads((_RECORDED / f"{name}.json").read_text(encoding="utf-8"))
        unit: dict[str, Any] = document.get("result", document)
        return unit


def _of_pulp2() -> Iterator[tuple[str, str, Event]]:
    bodies = _vectors("event_bodies")
    messages = _vectors("task_status_messages")
    for name, description, vector in (
        ("pulp2", "Of Pulp 2, in a task.", "event-sync-start"),
        ("pulp2", "Of Pulp 2, in a task.", "event-publish-start"),
        ("pulp2-outside-task", "Of Pulp 2, outside a task.", "event-outside-task"),
        ("pulp2", "Of Pulp 2, a success.", "event-sync-finish"),
        ("pulp2-failed", "Of Pulp 2: the importer reported a failure without words.", "event-sync-finish-failed"),
    ):
        given = bodies[vector]["given"]
        payload = given.get("payload") or sync_payload(given["record"])
        yield name, description, _event(given["event_type"], payload, given["task_status"], name)
    task = bodies["event-sync-finish"]["given"]["task_status"]
    raised = failed_record(
        {**bodies["event-sync-finish"]["given"]["record"], **dict.fromkeys(_UNKNOWN)}, ValueError("boom")
    )
    yield (
        "pulp2-raised",
        "Of Pulp 2: the importer raised an error.",
        _event("repo.sync.finish", sync_payload(raised), task, "raised"),
    )
    published = bodies["event-publish-finish"]["successor"]["json_equal"]["payload"]
    yield "pulp2", "Of Pulp 2, a success.", _event("repo.publish.finish", publish_payload(published), task, "pulp2")
    skipped = {**published, "result": "skipped", "summary": _SKIPPED, "details": _SKIPPED}
    yield (
        "pulp2-skipped",
        "Of Pulp 2: nothing had changed.",
        _event("repo.publish.finish", publish_payload(skipped), task, "skipped"),
    )
    for state, vector in (("running", "message-running"), ("finished", "message-finished"), ("error", "message-error")):
        report = TaskReport.from_record(messages[vector]["given"]["task_status"])
        yield "pulp2", f"Of Pulp 2: {state}.", task_event(report, "pulp2")
    for state in ("waiting", "canceled", "skipped"):
        record = {**messages["message-running"]["given"]["task_status"], "state": state}
        if state == "waiting":
            record["start_time"] = None
        report = replace(TaskReport.from_record(record), changed_at=_ENDED)
        yield "pulp2", f"Of Pulp 2: {state}.", task_event(report, "pulp2")


_ENDED = datetime(2016, 4, 29, 16, 20, 1, tzinfo=UTC)
_UNKNOWN = ("added_count", "updated_count", "removed_count", "summary", "details")
_SKIPPED = "Skipped: Repository content has not changed since last publish."


def _event(event_type: str, payload: Mapping[str, Any], task: Any, name: str) -> Event:
    report = None if task is None else TaskReport.from_record(task).call_report()
    return Event(event_type, payload, report, uuid5(NAMESPACE_URL, f"{event_type}/{name}"), _ENDED, "pulp2")


def _vectors(name: str) -> dict[str, Any]:
    document = json.loads((_VECTORS / f"{name}.json").read_text(encoding="utf-8"))
    return {vector["id"]: vector for vector in document["vectors"]}


def main() -> None:
    """Write the samples of all types."""
    for event_type, samples in made().items():
        (SAMPLES / f"{event_type}.json").write_text(written(samples), encoding="utf-8")


if __name__ == "__main__":
    main()
