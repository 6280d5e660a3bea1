"""Tasks that run without a worker are reported, and nothing that fails in the bridge disturbs them."""

import celery
import pytest
from celery import signals
from celery.app.task import Context
from celery.exceptions import Reject

from pulp_notifiers.celery import connect
from tests.support.celery_receiver import Receiver

TASK = "c1c6f3e4-1f0a-4b5e-9f0e-3b3a4a4f9b11"


def number(text):
    return int(text)


@pytest.fixture
def receiver():
    return Receiver()


@pytest.fixture
def celery_app():
    """Return an application that runs its tasks immediately."""
    app = celery.Celery("eager", broker="memory://", set_as_current=False)
    app.conf.update(task_always_eager=True)
    yield app
    app.close()


@pytest.fixture
def bridge(celery_app, receiver):
    made = connect(celery_app, receiver)
    yield made
    made.disconnect()


def test_a_task_is_reported_by_the_process_that_runs_it(celery_app, receiver, bridge):
    """Also without a worker."""
    task = celery_app.task(name="eager.add", shared=False)(number)

    assert 3 == task.apply_async(("3",), headers={"tags": ["a"]}).get()

    assert ["running", "finished"] == receiver.states()
    assert ("eager.add", 3, ("a",)) == (
        receiver.taken[1].task_type,
        receiver.taken[1].result,
        receiver.taken[1].tags,
    )
    assert receiver.taken[0].start_time == receiver.taken[1].start_time <= receiver.taken[1].finish_time


def test_a_report_that_fails_does_not_disturb_the_task(celery_app, receiver, bridge, caplog):
    """It is logged once for each kind of change."""
    receiver.broken = True
    task = celery_app.task(name="eager.add", shared=False)(number)

    assert [3, 3] == [task.apply_async(("3",)).get() for _ in range(2)]

    errors = [record for record in caplog.records if record.levelname == "ERROR"]
    assert ["Unexpected error in the Celery bridge; a change of a task was not reported."] * 2 == [
        record.getMessage() for record in errors
    ]


def test_a_function_for_tags_that_fails_does_not_disturb_the_task(celery_app, receiver, caplog):
    """The reports have no tags then."""
    bridge = connect(celery_app, receiver, tags=lambda name, args, kwargs, headers: [args[7]])
    task = celery_app.task(name="eager.add", shared=False)(number)

    assert 3 == task.apply_async(("3",)).get()

    bridge.disconnect()
    assert [(), ()] == [report.tags for report in receiver.taken]
    assert ["The function for the tags of Celery tasks failed; reports go out without tags."] == [
        record.getMessage() for record in caplog.records if record.levelname == "ERROR"
    ]


def test_a_task_that_is_retried_immediately_ends_once(celery_app, receiver, bridge):
    """Without a broker it is never waiting."""

    @celery_app.task(name="eager.twice", bind=True, shared=False)
    def twice(self):
        if not self.request.retries:
            raise self.retry(countdown=0)
        return "done"

    assert "done" == twice.apply_async().get()
    assert ["running", "running", "finished"] == receiver.states()


def test_a_task_that_returns_to_the_queue_is_waiting_again(celery_app, receiver, bridge):
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
    assert "later" in receiver.taken[0].progress_report["reason"]


def test_the_stream_is_flushed_when_a_process_ends(receiver, bridge):
    """It may end by os._exit()."""
    signals.worker_process_shutdown.send(sender=None, pid=1, exitcode=0)
    signals.worker_shutdown.send(sender=None)

    assert 2 == receiver.stream.flushed
