"""The Celery bridge without a worker: what it makes of calls and results, and whom it never disturbs."""

import logging
from datetime import UTC, datetime
from uuid import UUID

import celery
import pytest
from celery import signals
from celery.app.task import Context
from celery.exceptions import Reject

from pulp_notifiers.celery import connect
from pulp_notifiers.celery.calls import Call, tags_header
from pulp_notifiers.celery.reports import clean, described, error, json_form, progress, record_id, report
from pulp_notifiers.celery.teller import Teller
from pulp_notifiers.errors import StoreUnavailable
from pulp_notifiers.task import TaskReport

TASK = "c1c6f3e4-1f0a-4b5e-9f0e-3b3a4a4f9b11"
REPORT = TaskReport(id="57238b2aaca4886d97990601", task_id=TASK, state="running")


class Stream:
    """Takes reports."""

    def __init__(self):
        self.published = []
        self.flushed = 0

    def publish(self, report):
        self.published.append(report)

    def flush(self, timeout_seconds):
        self.flushed += 1
        return True


class Receiver:
    """An application whose database can be away.

    :ivar away: whether it is.
    :ivar broken: whether it raises what nobody expects.
    """

    def __init__(self):
        self.stream = Stream()
        self.told = []
        self.asked = 0
        self.away = self.broken = False

    def task_changed(self, report):
        self.asked += 1
        self.stream.publish(report)
        if self.broken:
            raise ZeroDivisionError
        if self.away:
            raise StoreUnavailable("The database is away.")
        self.told.append(report)
        return 0

    def states(self):
        return [report.state for report in self.told]


class Rude(Exception):
    def __str__(self):
        raise RuntimeError


def number(text):
    return int(text)


@pytest.fixture
def receiver():
    return Receiver()


@pytest.fixture
def celery_app():
    """Return an application that runs its tasks at once."""
    app = celery.Celery("eager", broker="memory://", set_as_current=False)
    app.conf.update(task_always_eager=True)
    yield app
    app.close()


@pytest.fixture
def bridge(celery_app, receiver):
    made = connect(celery_app, receiver)
    yield made
    made.disconnect()


class TestAResult:
    """Travels as far as it has a JSON form."""

    @pytest.mark.parametrize(
        ("result", "form"),
        [
            (None, None),
            ({"added": 3, "units": ("a", "b")}, {"added": 3, "units": ["a", "b"]}),
            ({"odd": object(), (1, 2): 3}, {"odd": None}),
            ({1, 2}, None),
            (datetime(2026, 11, 23, tzinfo=UTC), {"$date": 1795392000000}),
            (UUID(TASK), {"$uuid": UUID(TASK).hex}),
            (float("nan"), None),
            ("\0", None),
            ("\ud800", None),
            (2**64, None),
            ("x" * 100_000, None),
        ],
        ids=lambda value: type(value).__name__,
    )
    def test_has_that_form(self, result, form):
        """What has none becomes null."""
        assert form == json_form(result)

    def test_may_hold_itself_or_be_deep(self):
        """It has no form then."""
        endless, deep = [], []
        endless.append(endless)
        for _ in range(100_000):
            deep = [deep]

        assert [None, None] == [json_form(endless), json_form(deep)]

    def test_is_a_copy(self):
        """What the task does with its own afterwards is not published."""
        result = {"units": []}
        form = json_form(result)
        result["units"].append(1)

        assert {"units": []} == form


class TestAReport:
    """Has Pulp 2's words."""

    def test_has_an_id_that_follows_from_the_task(self):
        """Of 24 hexadecimal digits, the same everywhere."""
        assert "cac10db2ad5f3935ebcdce5b" == record_id(TASK)
        assert record_id(TASK) != record_id("another")

    def test_is_a_record(self):
        """One that can be read back."""
        call = Call(task_id=TASK, name="sync", group=TASK, children=(TASK, "child"), retries=2)
        made = report(call, "waiting", ["a"], progress_report=progress(call, "why\0"))

        assert made == TaskReport.from_record({**made.document(), "_id": made.id})
        assert ({"retries": 2, "reason": "why\ufffd"}, ("child",), UUID(TASK)) == (
            made.progress_report,
            made.spawned_tasks,
            made.group_id,
        )

    def test_leaves_out_a_group_that_is_no_uuid(self):
        """Celery takes any text."""
        assert None is report(Call(task_id=TASK, name="sync", group="night"), "waiting", ()).group_id

    def test_describes_exceptions_whatever_they_do(self):
        """By their class where they have no text."""
        assert "ValueError: boom" == described(ValueError("boom"))
        assert ["KeyError", "Rude"] == [described(KeyError()), described(Rude())]
        assert ["boom", "Rude"] == [error(thrown)["description"] for thrown in (ValueError("boom"), Rude())]
        assert "a?" == clean("a\ud800")


class TestACall:
    """Is found in messages and requests."""

    def test_of_the_first_protocol_has_everything_in_the_body(self):
        """Celery still sends it when asked."""
        body = {"id": TASK, "task": "sync", "args": [1], "kwargs": {"a": 2}, "retries": 1, "taskset": TASK}
        call = Call.published("sync", {"tags": ["x"]}, body)

        assert (TASK, [1], {"a": 2}, 1, TASK) == (call.task_id, call.args, call.kwargs, call.retries, call.group)
        assert ["x"] == tags_header(call.name, call.args, call.kwargs, call.headers)

    @pytest.mark.parametrize("tags", [None, "text", 3, [3]])
    def test_with_odd_tags_has_none(self, tags):
        """They are somebody else's then."""
        assert [] == tags_header("sync", (), {}, {"tags": tags})


class TestTheDatabase:
    """May be away."""

    def test_is_left_alone_for_a_while(self, receiver, caplog):
        """The stream goes on; there is one line when it begins and one when it is over."""
        caplog.set_level(logging.INFO)
        now = [0.0]
        teller = Teller(receiver, tags_header, clock=lambda: now[0], pause_seconds=10)
        receiver.away = True

        for now[0] in (0, 1, 9, 10, 11):
            teller.tell(REPORT)
        receiver.away = False
        for now[0] in (12, 20, 21):
            teller.tell(REPORT)

        assert 8 == len(receiver.stream.published)
        assert (4, 2) == (receiver.asked, len(receiver.told))
        assert ["ERROR", "INFO"] == [record.levelname for record in caplog.records]
        assert "again; 6 were not" in caplog.records[1].getMessage()


class TestTasks:
    """Are not disturbed."""

    def test_are_reported_where_they_run(self, celery_app, receiver, bridge):
        """Also without a worker."""
        task = celery_app.task(name="eager.add", shared=False)(number)

        assert 3 == task.apply_async(("3",), headers={"tags": ["a"]}).get()

        assert ["running", "finished"] == receiver.states()
        assert ("eager.add", 3, ("a",)) == (
            receiver.told[1].task_type,
            receiver.told[1].result,
            receiver.told[1].tags,
        )
        assert receiver.told[0].start_time == receiver.told[1].start_time <= receiver.told[1].finish_time

    def test_go_on_when_a_report_fails(self, celery_app, receiver, bridge, caplog):
        """The log says so once for each kind of change."""
        receiver.broken = True
        task = celery_app.task(name="eager.add", shared=False)(number)

        assert [3, 3] == [task.apply_async(("3",)).get() for _ in range(2)]

        told = [record for record in caplog.records if record.levelname == "ERROR"]
        assert ["A change of a Celery task could not be reported."] * 2 == [record.getMessage() for record in told]

    def test_go_on_without_tags_when_those_fail(self, celery_app, receiver, caplog):
        """They are left out."""
        bridge = connect(celery_app, receiver, tags=lambda name, args, kwargs, headers: [args[7]])
        task = celery_app.task(name="eager.add", shared=False)(number)

        assert 3 == task.apply_async(("3",)).get()

        bridge.disconnect()
        assert [(), ()] == [report.tags for report in receiver.told]
        assert ["The tags of Celery tasks cannot be told, and are left out."] == [
            record.getMessage() for record in caplog.records if record.levelname == "ERROR"
        ]

    def test_that_are_tried_again_at_once_end_once(self, celery_app, receiver, bridge):
        """Without a broker they wait nowhere."""

        @celery_app.task(name="eager.twice", bind=True, shared=False)
        def twice(self):
            if not self.request.retries:
                raise self.retry(countdown=0)
            return "done"

        assert "done" == twice.apply_async().get()
        assert ["running", "running", "finished"] == receiver.states()

    def test_that_go_back_to_the_queue_wait_again(self, celery_app, receiver, bridge):
        """Whether the task rejects its message, or the worker loses its connection."""
        task = celery_app.task(name="eager.add", shared=False)(number)
        request = Context({"id": TASK, "hostname": "celery@here"})
        task.request_stack.push(request)
        try:
            rejection = Reject("later", requeue=True)
            signals.task_postrun.send(sender=task, task_id=TASK, state="REJECTED", retval=rejection)
            signals.task_retry.send(task, request=request, einfo=None)
        finally:
            task.request_stack.pop()

        assert ["waiting", "waiting"] == receiver.states()
        assert "later" in receiver.told[0].progress_report["reason"]

    def test_are_flushed_when_a_process_ends(self, receiver, bridge):
        """It may end by os._exit()."""
        signals.worker_process_shutdown.send(sender=None, pid=1, exitcode=0)
        signals.worker_shutdown.send(sender=None)

        assert 2 == receiver.stream.flushed
