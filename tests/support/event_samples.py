"""Makes the samples of the catalogue of event types from recorded tasks and the vectors of Pulp 2.

``python -m tests.support.event_samples`` writes them; a test fails if the written ones are others.
"""

import json
import re
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
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
from tests.support.event_recordings import RECORDINGS, SYNC, VERSION, Recording

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
