"""Celery's signals: which of them is which change of a task."""

import sys
import threading
from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import Any
from weakref import WeakValueDictionary

import celery
from celery import signals, states
from celery._state import _get_active_apps
from celery.app.task import Context
from celery.exceptions import Reject

from ..app import App
from .calls import Call, Tags, tags_header
from .reports import described, error, json_form, progress, report, traceback_text
from .teller import Teller, guarded

_FAREWELL_SECONDS = 2.0
_HOUSEKEEPING = "celery."
_NOBODYS = "default"  # the application that is current in threads for which none was made so
_UNTOLD_ENDS = (states.IGNORED, states.REJECTED)  # there is no signal for either
_REPLACED = "Replaced by new task"  # Celery's words for an ignored task that goes on as another one with its id

_bridges: dict[tuple[int, int], "Bridge"] = {}


def connect(celery_app: celery.Celery, app: App, *, tags: Tags = tags_header) -> "Bridge":
    """Report the tasks of a Celery application from now on, in this process and those that it forks.

    To connect the same two again changes nothing and returns the same bridge.

    :param celery_app: its tasks alone are reported.
    :param app: takes the reports; whoever made it closes it.
    :param tags: makes the tags of a task's reports.
    """
    key = id(celery_app), id(app)
    bridge = _bridges.get(key)
    if bridge is None:
        # The bridge holds both, so their ids stay theirs.
        bridge = _bridges[key] = Bridge(celery_app, app, tags, lambda: _bridges.pop(key, None))
        bridge.connect()
    return bridge


class Bridge:
    """Receives Celery's signals until it is disconnected."""

    def __init__(
        self, celery_app: celery.Celery, app: App, tags: Tags, disconnected: Callable[[], object] = lambda: None
    ) -> None:
        self._celery_app = celery_app
        self._teller = Teller(app, tags)
        self._app = app
        self._disconnected = disconnected
        self._start_times: dict[str, datetime] = {}
        self._requests: WeakValueDictionary[str, Any] = WeakValueDictionary()  # of a worker's main process
        self._ended = _Recent()
        self._of_thread = threading.local()
        self._uid = f"pulp_notifiers {id(self)}"
        self._receivers = [
            (signals.before_task_publish, guarded(self._sent)),
            (signals.task_received, guarded(self._received)),
            (signals.task_prerun, guarded(self._started)),
            (signals.task_retry, guarded(self._retried)),
            (signals.task_success, guarded(self._succeeded)),
            (signals.task_failure, guarded(self._failed)),
            (signals.task_internal_error, guarded(self._broke)),
            (signals.task_postrun, guarded(self._left)),
            (signals.task_revoked, guarded(self._revoked)),
            (signals.task_unknown, guarded(self._unknown)),
            (signals.worker_process_shutdown, guarded(self._process_ends)),
            (signals.worker_shutdown, guarded(self._process_ends)),
        ]

    def connect(self) -> None:
        """Listen to Celery."""
        for signal, receiver in self._receivers:
            signal.connect(receiver, weak=False, dispatch_uid=self._uid)

    def disconnect(self) -> None:
        """Report nothing any more; to say it twice is harmless."""
        for signal, _ in self._receivers:
            signal.disconnect(dispatch_uid=self._uid)
        self._disconnected()

    def _sent(self, sender: str, headers: Mapping[str, Any] | None = None, body: Any = None, **_: Any) -> None:
        # Before and not after: the worker may be faster than whatever is done after it.
        if not self._owns_name(sender):
            return
        call = Call.published(sender, headers, body)
        reason = None
        if call.retries:
            self._sent_again().add(call.task_id)
            handled = sys.exception()
            reason = described(handled) if handled is not None else None
        self._tell(call, "waiting", progress_report=progress(call, reason))

    def _received(self, request: Any, **_: Any) -> None:
        self._requests[request.id] = request

    def _started(self, sender: Any, task_id: str, **_: Any) -> None:
        if self._owns(sender):
            now = datetime.now(UTC)
            self._start_times[task_id] = now
            self._tell(Call.requested(sender.name, sender.request), "running", start_time=now)

    def _retried(self, sender: Any, request: Any, reason: Any = None, **_: Any) -> None:
        if not self._owns(sender) or request.is_eager or request.id in self._sent_again():
            return
        call = Call.requested(sender.name, request)
        self._tell(call, "waiting", progress_report=progress(call, reason and str(reason)))

    def _succeeded(self, sender: Any, result: Any = None, **_: Any) -> None:
        if self._owns(sender):
            self._end(Call.requested(sender.name, sender.request), "finished", result=json_form(result))

    def _failed(self, sender: Any, task_id: str, exception: Any = None, einfo: Any = None, **_: Any) -> None:
        # Of one that is rejected for good the main process tells what its child has told already.
        if not self._owns(sender) or isinstance(exception, Reject):
            return
        request = sender.request if sender.request.id == task_id else self._request(task_id)
        call = Call.requested(sender.name, request)
        self._end(call, "error", error=error(exception), traceback=traceback_text(einfo))

    def _broke(
        self, sender: Any, args: Any, kwargs: Any, request: Any, exception: Any = None, einfo: Any = None, **_: Any
    ) -> None:
        # Not the task's own failure but Celery's, such as a store of results that cannot be reached.
        if self._owns(sender):
            call = Call.requested(sender.name, Context(request or {}, args=args, kwargs=kwargs))
            self._end(call, "error", error=error(exception), traceback=traceback_text(einfo))
            self._start_times.pop(call.task_id, None)

    def _left(self, sender: Any, task_id: str, state: Any = None, retval: Any = None, **_: Any) -> None:
        if not self._owns(sender):
            return
        if state in _UNTOLD_ENDS:
            self._given_back(Call.requested(sender.name, sender.request), state, retval)
        if state != states.SUCCESS or task_id in self._ended:  # else Celery itself fails next, and that needs the time
            self._start_times.pop(task_id, None)
        self._sent_again().discard(task_id)

    def _given_back(self, call: Call, state: str, reason: Any) -> None:
        if state == states.REJECTED and reason.requeue:
            self._tell(call, "waiting", progress_report=progress(call, str(reason)))
        elif state == states.REJECTED:
            self._end(call, "error", error=error(reason))
        elif str(reason) != _REPLACED:
            self._end(call, "skipped", progress_report=progress(call, str(reason) or None))

    def _revoked(self, sender: Any, request: Any, terminated: Any, expired: Any, **_: Any) -> None:
        if self._owns(sender):
            call = Call.requested(sender.name, request)
            reason = "terminated" if terminated else "expired" if expired else "revoked"
            self._end(call, "canceled", progress_report=progress(call, reason))

    def _unknown(self, sender: Any, message: Any, name: str, id: str, **_: Any) -> None:
        if sender.app == self._celery_app:
            call = Call(task_id=id, name=name, headers=message.headers or {}, worker_name=sender.hostname)
            self._end(call, "error", error=error(LookupError(f"The worker has no task named {name}.")))

    def _process_ends(self, **_: Any) -> None:
        # The processes of a pool end by os._exit(), which leaves the stream's queue as it is.
        self._teller.flush(_FAREWELL_SECONDS)

    def _tell(self, call: Call, state: str, **values: Any) -> None:
        self._ended.discard(call.task_id)
        values.setdefault("progress_report", progress(call))
        self._teller.tell(report(call, state, self._teller.tags(call), **values))

    def _end(self, call: Call, state: str, **values: Any) -> None:
        # Celery tells some ends twice, such as that of a task which exceeded its time.
        if call.task_id in self._ended:
            return
        start_time = self._start_times.get(call.task_id) or self._accepted_at(call.task_id)
        self._tell(call, state, start_time=start_time, finish_time=datetime.now(UTC), **values)
        self._ended.add(call.task_id)

    def _request(self, task_id: str) -> Any:
        request = self._requests.get(task_id)
        return Context({"id": task_id} if request is None else request.request_dict)

    def _accepted_at(self, task_id: str) -> datetime | None:
        started = getattr(self._requests.get(task_id), "time_start", None)
        return None if started is None else datetime.fromtimestamp(started, UTC)

    def _owns(self, task: Any) -> bool:
        return bool(task.app == self._celery_app) and not task.name.startswith(_HOUSEKEEPING)

    def _owns_name(self, name: str) -> bool:
        # The signal does not say which application sends, and who sends by name alone need not have the task.
        if name.startswith(_HOUSEKEEPING):
            return False
        return name in self._celery_app.tasks or (
            (celery.current_app == self._celery_app or celery.current_app.main == _NOBODYS)
            and not any(other.finalized and name in other.tasks for other in _get_active_apps())
        )

    def _sent_again(self) -> set[str]:
        known: set[str] = self._of_thread.__dict__.setdefault("sent_again", set())
        return known


class _Recent:
    """The ids seen lately: a thousand at least, and twice as many at most; needs no lock, which a fork could break."""

    def __init__(self, remembered: int = 1000) -> None:
        self._remembered = remembered
        self._recent: dict[str, None] = {}
        self._older: dict[str, None] = {}

    def __contains__(self, task_id: str) -> bool:
        return task_id in self._recent or task_id in self._older

    def add(self, task_id: str) -> None:
        if len(self._recent) >= self._remembered:
            self._older, self._recent = self._recent, {}
        self._recent[task_id] = None

    def discard(self, task_id: str) -> None:
        self._recent.pop(task_id, None)
        self._older.pop(task_id, None)
