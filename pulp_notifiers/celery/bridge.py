"""Celery's signals, and which of them is which change of a task."""

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
from .recent_ids import RecentIds
from .reporter import Reporter, guarded
from .reports import described_error, error_document, json_form, progress, task_report, traceback_text

_FLUSH_SECONDS = 2.0
_CELERYS_OWN = "celery."
_DEFAULT_APP = "default"  # the application that is current in a thread if none was made current
_ENDS_WITHOUT_SIGNAL = (states.IGNORED, states.REJECTED)
_REPLACED = "Replaced by new task"  # Celery's reason for ignoring a task that continues as another one with its id

_bridges: dict[tuple[int, int], "Bridge"] = {}


def connect(celery_app: celery.Celery, app: App, *, tags: Tags = tags_header) -> "Bridge":
    """Report the tasks of a Celery application from now on, in this process and those that it forks.

    Connecting the same two again changes nothing and returns the same bridge.

    :param celery_app: only its tasks are reported.
    :param app: takes the reports; its creator closes it.
    :param tags: returns the tags of a task's reports.
    """
    key = id(celery_app), id(app)
    bridge = _bridges.get(key)
    if bridge is None:
        # The bridge keeps both alive, so no other object gets their ids.
        bridge = _bridges[key] = Bridge(celery_app, app, tags, lambda: _bridges.pop(key, None))
        bridge.connect()
    return bridge


class Bridge:
    """Receives Celery's signals until it is disconnected."""

    def __init__(
        self, celery_app: celery.Celery, app: App, tags: Tags, disconnected: Callable[[], object] = lambda: None
    ) -> None:
        self._celery_app = celery_app
        self._reporter = Reporter(app, tags)
        self._app = app
        self._disconnected = disconnected
        self._start_times: dict[str, datetime] = {}
        self._requests: WeakValueDictionary[str, Any] = WeakValueDictionary()  # of a worker's main process
        self._ended = RecentIds()
        self._thread_state = threading.local()
        self._uid = f"pulp_notifiers {id(self)}"
        self._receivers = [
            (signals.before_task_publish, guarded(self._sent)),
            (signals.task_received, guarded(self._received)),
            (signals.task_prerun, guarded(self._started)),
            (signals.task_retry, guarded(self._retried)),
            (signals.task_success, guarded(self._succeeded)),
            (signals.task_failure, guarded(self._failed)),
            (signals.task_internal_error, guarded(self._failed_internally)),
            (signals.task_postrun, guarded(self._returned)),
            (signals.task_revoked, guarded(self._revoked)),
            (signals.task_unknown, guarded(self._unknown)),
            (signals.worker_process_shutdown, guarded(self._process_ending)),
            (signals.worker_shutdown, guarded(self._process_ending)),
        ]

    def connect(self) -> None:
        """Listen to Celery."""
        for signal, receiver in self._receivers:
            signal.connect(receiver, weak=False, dispatch_uid=self._uid)

    def disconnect(self) -> None:
        """Stop reporting; disconnecting twice is harmless."""
        for signal, _ in self._receivers:
            signal.disconnect(dispatch_uid=self._uid)
        self._disconnected()

    def _sent(self, sender: str, headers: Mapping[str, Any] | None = None, body: Any = None, **_: Any) -> None:
        # On before_task_publish, because a worker may run the task before after_task_publish is handled.
        if not self._owns_name(sender):
            return
        call = Call.published(sender, headers, body)
        reason = None
        if call.retries:
            self._resent().add(call.task_id)
            handled = sys.exception()
            reason = described_error(handled) if handled is not None else None
        self._report(call, "waiting", progress_report=progress(call, reason))

    def _received(self, request: Any, **_: Any) -> None:
        self._requests[request.id] = request
        self._ended.discard(request.id)  # of an earlier message with the same id

    def _started(self, sender: Any, task_id: str, **_: Any) -> None:
        if self._owns(sender):
            now = datetime.now(UTC)
            self._start_times[task_id] = now
            self._report(Call.requested(sender.name, sender.request), "running", start_time=now)

    def _retried(self, sender: Any, request: Any, reason: Any = None, **_: Any) -> None:
        if not self._owns(sender) or request.is_eager or request.id in self._resent():
            return
        call = Call.requested(sender.name, request)
        self._report(call, "waiting", progress_report=progress(call, reason and str(reason)), resumed=True)

    def _succeeded(self, sender: Any, result: Any = None, **_: Any) -> None:
        if self._owns(sender):
            self._end(Call.requested(sender.name, sender.request), "finished", result=json_form(result))

    def _failed(self, sender: Any, task_id: str, exception: Any = None, einfo: Any = None, **_: Any) -> None:
        # If a task is rejected for good, the main process signals what its child has already reported.
        if not self._owns(sender) or isinstance(exception, Reject):
            return
        request = sender.request if sender.request.id == task_id else self._request(task_id)
        call = Call.requested(sender.name, request)
        self._end(call, "error", error=error_document(exception), traceback=traceback_text(einfo))

    def _failed_internally(
        self, sender: Any, args: Any, kwargs: Any, request: Any, exception: Any = None, einfo: Any = None, **_: Any
    ) -> None:
        # A failure of Celery, not of the task, such as a result backend that cannot be reached.
        if self._owns(sender):
            call = Call.requested(sender.name, Context(request or {}, args=args, kwargs=kwargs))
            self._end(call, "error", error=error_document(exception), traceback=traceback_text(einfo))
            self._start_times.pop(call.task_id, None)

    def _returned(self, sender: Any, task_id: str, state: Any = None, retval: Any = None, **_: Any) -> None:
        if not self._owns(sender):
            return
        if state in _ENDS_WITHOUT_SIGNAL:
            self._ignored_or_rejected(Call.requested(sender.name, sender.request), state, retval)
        if state != states.SUCCESS or task_id in self._ended:  # else a failure of Celery follows, which needs it
            self._start_times.pop(task_id, None)
        self._resent().discard(task_id)

    def _ignored_or_rejected(self, call: Call, state: str, reason: Any) -> None:
        if state == states.REJECTED and reason.requeue:
            self._report(call, "waiting", progress_report=progress(call, str(reason)), resumed=True)
        elif state == states.REJECTED:
            self._end(call, "error", error=error_document(reason))
        elif str(reason) != _REPLACED:
            self._end(call, "skipped", progress_report=progress(call, str(reason) or None))

    def _revoked(self, sender: Any, request: Any, terminated: Any, expired: Any, **_: Any) -> None:
        if self._owns(sender):
            call = Call.requested(sender.name, request)
            reason = "terminated" if terminated else "expired" if expired else "revoked"
            if not terminated:  # else its child may have reported the end
                self._ended.discard(call.task_id)
            self._end(call, "canceled", progress_report=progress(call, reason))

    def _unknown(self, sender: Any, message: Any, name: str, id: str, **_: Any) -> None:
        if sender.app == self._celery_app:
            call = Call(task_id=id, name=name, headers=message.headers or {}, worker_name=sender.hostname)
            self._ended.discard(id)  # of an earlier message with the same id
            self._end(call, "error", error=error_document(LookupError(f"The worker has no task named {name}.")))

    def _process_ending(self, **_: Any) -> None:
        # The processes of a pool end by os._exit(), which runs no exit handler of the stream.
        self._reporter.flush(_FLUSH_SECONDS)

    def _report(self, call: Call, state: str, **values: Any) -> None:
        self._ended.discard(call.task_id)
        values.setdefault("progress_report", progress(call))
        values.setdefault("resumed", call.resumed)
        # Tells the runs of a task apart that have no start time.
        values.setdefault("changed_at", values.get("finish_time") or values.get("start_time") or datetime.now(UTC))
        self._reporter.report(task_report(call, state, self._reporter.tags(call), **values))

    def _end(self, call: Call, state: str, **values: Any) -> None:
        # Celery signals some ends twice, such as that of a task that exceeded its time limit.
        if call.task_id in self._ended:
            return
        start_time = self._start_times.get(call.task_id) or self._accepted_at(call.task_id)
        self._report(call, state, start_time=start_time, finish_time=datetime.now(UTC), **values)
        self._ended.add(call.task_id)

    def _request(self, task_id: str) -> Any:
        request = self._requests.get(task_id)
        return Context({"id": task_id} if request is None else request.request_dict)

    def _accepted_at(self, task_id: str) -> datetime | None:
        started = getattr(self._requests.get(task_id), "time_start", None)
        return None if started is None else datetime.fromtimestamp(started, UTC)

    def _owns(self, task: Any) -> bool:
        return bool(task.app == self._celery_app) and not task.name.startswith(_CELERYS_OWN)

    def _owns_name(self, name: str) -> bool:
        # The signal does not name the application that sends, and one that sends by name need not have the task.
        if name.startswith(_CELERYS_OWN):
            return False
        return name in self._celery_app.tasks or (
            (celery.current_app == self._celery_app or celery.current_app.main == _DEFAULT_APP)
            and not any(other.finalized and name in other.tasks for other in _get_active_apps())
        )

    def _resent(self) -> set[str]:
        known: set[str] = self._thread_state.__dict__.setdefault("resent", set())
        return known
