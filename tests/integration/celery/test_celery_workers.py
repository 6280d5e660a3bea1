"""Real workers of Celery report every change of every task."""

import signal
from collections import defaultdict
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from pulp_notifiers.event import utc_now
from pulp_notifiers.records import ListenerDraft
from tests.support.amqp import connections
from tests.support.bridged import STATES, Bridged, StreamReader
from tests.support.stream import SECONDS
from tests.support.waiting import wait_until

EXPIRED = {"expires": "2020-01-01T00:00:00+00:00"}
"""Set as a header, because with the option Celery would have the broker drop the message before a worker sees it."""


def test_every_change_of_200_tasks_is_published_once(bridged: Bridged, tmp_path: Path) -> None:
    """Two processes are replaced meanwhile, and the worker is stopped while a task runs."""
    go = tmp_path / "go"
    with bridged.worker("-c", "2", "--max-tasks-per-child", "40") as worker:
        revoked = [str(uuid4()) for _ in range(16)]
        bridged.client.control.revoke(revoked, reply=True, timeout=SECONDS, limit=1)
        for _ in range(4):
            bridged.send("expired", 1, 2, task="add", headers=EXPIRED)
        for task_id in revoked:
            bridged.send("revoked", 1, 2, task="add", task_id=task_id)
        for number in range(104):
            bridged.send("add", number, 1)
            if number < 40:
                bridged.send("fail", f"failure {number}")
            if number < 30:
                bridged.send("once_more")
        for task_id in [bridged.send("hang") for _ in range(5)]:
            bridged.stream.wait_for(task_id, "running")
            bridged.client.control.terminate(task_id)
        last = bridged.send("wait_for", str(go))
        bridged.stream.wait_for(last, "running")
        expected = bridged.expected()
        del expected[last]
        wait_until(
            lambda: expected.items() <= bridged.stream.states().items(), lambda: bridged.stream.unexpected(bridged.sent)
        )
        connected = len(connections(bridged.rabbitmq))
        worker.send_signal(signal.SIGTERM)
        go.touch()

    assert 200 == len(bridged.sent)
    assert bridged.expected() == bridged.stream.states()
    assert [] == [documents for documents in bridged.stream.documents.values() if out_of_order(documents)]
    assert 4 >= connected  # one of each child, of the worker's main process, and of this one
    assert [] == [counts for counts in descriptors(bridged.stream).values() if max(counts) > min(counts) + 10]


def out_of_order(documents: list[dict[str, Any]]) -> bool:
    """Return whether the reports of one process are out of order; those of other connections may overtake them."""
    states = [document["state"] for document in documents if document["state"] in ("running", "finished", "error")]
    return states != sorted(states, key="running".__ne__)


def descriptors(stream: StreamReader) -> dict[int, list[int]]:
    """Return how many descriptors each child had at each of its tasks."""
    found = defaultdict(list)
    for documents in stream.documents.values():
        for result in (document.get("result") for document in documents):
            if isinstance(result, dict) and "descriptors" in result:
                found[result["process"]].append(result["descriptors"])
    return found


@pytest.mark.parametrize("pool", ["prefork", "threads", "solo"])
def test_each_way_to_end_is_reported_as_its_state(bridged: Bridged, pool: str, tmp_path: Path) -> None:
    """In each kind of pool; only one has processes that die or take too long."""
    kinds = ["odd_result", "ignored", "rejected", "replaced", "unheard_of", "once_more", "parent"]
    with bridged.worker("-P", pool, "-c", "2"):
        sent = {kind: bridged.send(kind) for kind in kinds}
        if pool != "solo":  # there it ends the worker itself
            sent["unkept"] = bridged.send("unkept", 1, 2)
        spawned = bridged.stream.wait_for(sent["parent"], "finished")["result"]
        bridged.sent[spawned] = "add"
        if pool == "prefork":
            sent["slow"] = bridged.send("slow")
            sent["die"] = bridged.send("die", str(tmp_path / "now"))
            bridged.stream.wait_for(sent["die"], "running")
            (tmp_path / "now").touch()
        wait_until(
            lambda: bridged.expected() == bridged.stream.states(), lambda: bridged.stream.unexpected(bridged.sent)
        )

    assert bridged.expected() == bridged.stream.states()
    # The client's report that a task waits comes over another connection and may arrive after its end.
    last = {kind: bridged.stream.wait_for(task_id, STATES[kind][-1]) for kind, task_id in sent.items()}
    assert {"odd": None, "even": [None]} == last["odd_result"]["result"]
    assert [spawned] == last["parent"]["spawned_tasks"]
    assert {"reason": "not today"} == last["ignored"]["progress_report"]
    assert "never" in last["rejected"]["error"]["description"]
    assert "bridged.add" == last["replaced"]["task_type"]
    assert "The worker has no task named bridged.unheard_of." == last["unheard_of"]["error"]["description"]
    if pool != "solo":
        assert "the result backend is away" == last["unkept"]["error"]["description"]
        assert last["unkept"]["start_time"] <= last["unkept"]["finish_time"]
    retried = [
        document["progress_report"]
        for document in bridged.stream.documents[sent["once_more"]]
        if document["progress_report"]
    ]
    assert {"retries": 1, "reason": "TimeoutError: no answer"} in retried
    if pool == "prefork":
        assert "TimeLimitExceeded" in last["slow"]["traceback"]
        assert last["slow"]["start_time"] <= last["slow"]["finish_time"]
        assert "Worker exited" in last["die"]["error"]["description"]


def test_the_last_task_of_a_process_is_published(bridged: Bridged) -> None:
    """Each process is replaced after every task."""
    with bridged.worker("-c", "2", "--max-tasks-per-child", "1"):
        for number in range(6):
            bridged.send("add", number, 1)
        wait_until(
            lambda: bridged.expected() == bridged.stream.states(), lambda: bridged.stream.unexpected(bridged.sent)
        )


@pytest.mark.parametrize("pool", ["prefork", "threads"])
def test_every_run_of_a_task_id_that_comes_back_reaches_listeners(bridged: Bridged, pool: str) -> None:
    """Runs within a second and runs that the worker refuses count as well; a retried run has each state once."""
    app = bridged.app
    assert app is not None
    app.listeners.create(ListenerDraft("http", {"url": "http://127.0.0.1:1/"}, ("task.*",)))
    runs = {
        "fail": ["waiting", "running", "error"],
        "unheard_of": ["waiting", "error"],
        "once_more": ["waiting", "running", "finished"],
    }
    expected = 0
    with bridged.worker("-P", pool, "-c", "2"):
        for kind, states in [*runs.items()] * 3:
            bridged.send(kind, *(["x"] if kind == "fail" else []), task_id=kind)
            expected += len(states)
            wait_until(lambda expected=expected: app.deliveries.list()[0] == expected)

    now = utc_now()
    claims = app.store.claims.claim(now, now + timedelta(seconds=30), 100).claims
    events = [owed.event for claimed in claims for owed in claimed.deliveries]
    found = {kind: [each.payload["state"] for each in events if each.task_id() == kind] for kind in runs}
    assert {kind: states * 3 for kind, states in runs.items()} == found
