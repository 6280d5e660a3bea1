"""Celery tasks that end in every way, and an application for workers that reports them.

Workers are started as ``celery -A tests.support.celery_tasks:worker_app worker``.
"""

import os
import time
from pathlib import Path
from threading import Event

import celery
from celery.backends.base import DisabledBackend
from celery.exceptions import Ignore, Reject

BROKER, QUEUE = "CELERY_BRIDGE_BROKER", "CELERY_BRIDGE_QUEUE"


def add(left, right):
    return {"sum": left + right, "process": os.getpid(), "descriptors": len(os.listdir("/proc/self/fd"))}


def fail(text):
    raise ValueError(text)


def once_more(self):
    try:
        if not self.request.retries:
            raise TimeoutError("no answer")
    except TimeoutError as error:
        raise self.retry(exc=error, countdown=0) from error
    return self.request.retries


def hang():
    time.sleep(3600)


def wait_for(path):
    while not Path(path).exists():
        Event().wait(0.05)


def odd_result():
    return {"odd": object(), (1, 2): 3, "even": [None]}


def parent(self):
    return self.app.send_task("bridged.add", (1, 2)).id


def ignored():
    raise Ignore("not today")


def rejected():
    raise Reject("never")


def replaced(self):
    raise self.replace(self.app.signature("bridged.add", (3, 4)))


def die(path):
    wait_for(path)
    os._exit(1)


class AbsentStore(DisabledBackend):
    """A result backend that cannot be reached."""

    def mark_as_done(self, *arguments, **options):
        raise LookupError("the result backend is away")

    def mark_as_failure(self, *arguments, **options):
        raise LookupError("the result backend is away")


BOUND = (once_more, parent, replaced)
PLAIN = (add, fail, hang, wait_for, odd_result, ignored, rejected, die)


def new_celery(broker: str, queue: str = "bridged") -> celery.Celery:
    """Return an application with the tasks above, named ``bridged.`` and the function's name."""
    app = celery.Celery("bridged", broker=broker, set_as_current=False)
    app.conf.update(
        broker_connection_retry_on_startup=True,
        task_default_queue=queue,
        task_ignore_result=True,
        worker_prefetch_multiplier=1,
    )
    for function in (*PLAIN, *BOUND):
        app.task(name=f"bridged.{function.__name__}", bind=function in BOUND, shared=False)(function)
    app.task(name="bridged.unkept", backend=AbsentStore(app), shared=False)(add)
    app.task(name="bridged.slow", time_limit=1, shared=False)(hang)
    return app


if BROKER in os.environ:
    from pulp_notifiers.app import App
    from pulp_notifiers.celery import connect

    worker_app = new_celery(os.environ[BROKER], os.environ[QUEUE])
    bridge = connect(worker_app, App.from_settings())
