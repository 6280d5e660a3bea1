"""Everything that a person wants to know about an event."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from itertools import islice
from typing import Any

from ...event import FINAL_TASK_EVENT_TYPES, Event
from ..descriptions import DESCRIPTIONS
from .changed import Counts, changes, kind_in_words, names
from .errors import reason, traceback
from .outcome import Outcome, Reported, outcome
from .places import links, server
from .texts import LONGEST, MASK, line, names_secret, shortened
from .values import mapping, moment, scalar, shown_moment, text, whole

_MOST_ROWS = 40
_SHOWN_ELSEWHERE = frozenset({"id", "_ns", "repo_id"})


def about(event: Event | Mapping[str, Any]) -> dict[str, Any]:
    """Return what a person wants to know about an event, as plain JSON, which :data:`ABOUT_SCHEMA` describes.

    It never raises, whatever JSON the event carries. Every text is one clean line (control characters, escape
    sequences, bidirectional controls and lone surrogates are gone), has no passwords of URLs, and is bounded.

    :param event: an event, or its body (CONTRACT 2.2); a body may also have ``source``.
    """
    event_type, payload, report, source = _parts(event)
    counts = changes(payload)
    repository = _repository(payload)
    task_type = _task_type(payload, report)
    # The events of a task are about the task, even if they name a repository.
    is_about_task = event_type.startswith("task.")
    subject = (task_type if is_about_task else repository) or repository or task_type
    name = subject or ("a task" if is_about_task else "a repository" if event_type.startswith("repo.") else event_type)
    happened = outcome(Reported(event_type, name, source, payload, counts))
    why = reason(payload, report) if happened.needs_reason else None
    started, finished = _times(payload, report)
    last_lines, all_lines = traceback(payload, report)
    found: dict[str, Any] = {
        "type": event_type,
        "source": source,
        "state": happened.state,
        "bad": happened.bad,
        "what": happened.what,
        "sentence": _sentence(happened, why),
        "name": subject or event_type,
        "repository": repository,
        "server": server(payload, report),
        "domain": _line(payload.get("domain")),
        "task_id": _line(payload.get("task_id")) or _line(report.get("task_id")),
        "task_type": task_type,
        "reason": why,
        "result": _result(event_type, payload),
        "started": shown_moment(started),
        "finished": shown_moment(finished),
        "duration_seconds": _duration(started, finished),
        "version": whole(payload.get("repo_version")),
        "changes": counts,
        "names": names(payload, counts),
        "traceback": last_lines,
        "traceback_lines": all_lines,
        "links": links(payload),
    }
    found["facts"] = [list(row) for row in islice(_rows(found, payload), _MOST_ROWS)]
    return found


def _parts(event: Any) -> tuple[str, Mapping[str, Any], Mapping[str, Any], str]:
    if isinstance(event, Event):
        return event.type, mapping(event.payload), mapping(event.call_report), line(event.source) or "unknown"
    body = mapping(event)
    event_type = text(body.get("event_type"))
    source = text(body.get("source"))
    return (
        line(event_type or "") or "unknown",
        mapping(body.get("payload")),
        mapping(body.get("call_report")),
        line(source or "") or "unknown",
    )


def _line(value: Any) -> str | None:
    found = text(value)
    return line(found) or None if found else None


def _repository(payload: Mapping[str, Any]) -> str | None:
    named = _line(payload.get("repo_id"))
    if named is not None:
        return named
    tags = payload.get("tags")
    prefix = "pulp:repository:"
    found = (tag for tag in (tags if isinstance(tags, list | tuple) else ()) if isinstance(tag, str))
    return next((_line(tag.removeprefix(prefix)) for tag in found if tag.startswith(prefix)), None)


def _task_type(payload: Mapping[str, Any], report: Mapping[str, Any]) -> str | None:
    return _line(payload.get("task_type")) or _line(report.get("task_type"))


def _result(event_type: str, payload: Mapping[str, Any]) -> str | None:
    return _line(payload.get("state" if event_type in FINAL_TASK_EVENT_TYPES else "result"))


def _times(payload: Mapping[str, Any], report: Mapping[str, Any]) -> tuple[datetime | None, datetime | None]:
    started = moment(payload.get("started")) or moment(report.get("start_time"))
    return started, moment(payload.get("completed")) or moment(report.get("finish_time"))


def _duration(started: datetime | None, finished: datetime | None) -> float | None:
    if started is None or finished is None or finished < started:
        return None
    return (finished - started).total_seconds()


def _sentence(happened: Outcome, why: str | None) -> str:
    # The source's own words for a sync that was canceled say nothing new.
    says_more = why is not None and not why.endswith("was canceled.")
    missing = "; the event does not say why" if happened.bad and why is None else ""
    whole_sentence = f"{happened.sentence}: {why}" if says_more else f"{happened.sentence}{missing}"
    end = "" if whole_sentence.endswith((".", "!", "?", "…")) else "."
    return shortened(whole_sentence + end, 2 * LONGEST)


def _rows(found: Mapping[str, Any], payload: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    counts: Counts = found["changes"] or {}
    duration = found["duration_seconds"]
    rows = (
        ("Repository", found["repository"]),
        ("Server", found["server"]),
        ("Domain", found["domain"]),
        ("Remote", _line(payload.get("remote"))),
        ("Task", found["task_type"]),
        ("Task id", found["task_id"]),
        ("Result", found["result"]),
        ("Version", scalar(found["version"])),
        ("Started", found["started"]),
        ("Finished", found["finished"]),
        ("Duration", None if duration is None else _in_words(duration)),
        *((kind.capitalize(), kind_in_words(of_kind)) for kind, of_kind in counts.items()),
    )
    yield from ((label, shortened(value, LONGEST)) for label, value in rows if value)
    if found["type"] not in DESCRIPTIONS:
        yield "Event", found["type"]
        yield "Source", found["source"]
        yield from _scalars(payload)


def _scalars(payload: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """Yield the fields of an event that nobody here knows."""
    for key, value in payload.items():
        shown = scalar(value)
        if isinstance(key, str) and key not in _SHOWN_ELSEWHERE and shown is not None:
            yield line(key, 80) or "?", MASK if names_secret(key) else line(shown)


def _in_words(seconds: float) -> str:
    whole_seconds = round(seconds)
    if not seconds:
        return "less than 1 s"  # the times of events are whole seconds
    if whole_seconds < 60:
        return f"{seconds:.1f} s".replace(".0 s", " s")
    minutes, rest = divmod(whole_seconds, 60)
    hours, minutes = divmod(minutes, 60)
    days, hours = divmod(hours, 24)
    parts = ((days, "d"), (hours, "h"), (minutes, "min"), (rest, "s"))
    return " ".join(f"{number} {unit}" for number, unit in parts if number)
