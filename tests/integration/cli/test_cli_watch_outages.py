"""The commands tail and wait while their messaging server is killed, and started again with its data."""

import json
import signal
from contextlib import closing
from dataclasses import replace

from pulp_notifiers.task import TaskReport
from tests.support.relay import Relay
from tests.support.stream_trouble import hasty_publisher, in_outage
from tests.support.waiting import wait_until
from tests.support.watching import environment_for, publish_until_shown, watching

TASKS = [f"9bd2c7a0-5c1e-4d0e-8f60-{number:012}" for number in range(200)]
REPORT = TaskReport(id="57238b2aaca4886d97990601", task_id="", state="running")


def report(publisher, state, tasks=TASKS):
    """Report tasks in a state."""
    for task in tasks:
        publisher.publish(replace(REPORT, task_id=task, state=state))


def shown_states(output):
    """Return the states of each task that a tail has shown, in the order in which it did."""
    states = {task: [] for task in TASKS}
    for line in output.splitlines(keepends=True):
        if line.endswith("\n"):
            document = json.loads(line)
            states[document["task_id"]].append(document["state"])
    return states


def test_tail_and_wait_miss_no_end_while_the_server_was_away(rabbitmq, tmp_path):
    """Also if the publisher is connected again long before them; nothing is shown twice, and no queue is left."""
    waited_for = TASKS[-1]
    before = rabbitmq.rows("queues", "name")
    with (
        Relay(rabbitmq.port) as relay,
        closing(hasty_publisher(rabbitmq.url, len(TASKS))) as publisher,
        watching(
            environment := environment_for(f"amqp://127.0.0.1:{relay.port}//", tmp_path), "tail", "--json"
        ) as tail,
        watching(environment, "wait", waited_for) as wait,
    ):
        for watcher in (tail, wait):
            publish_until_shown(watcher, "running", lambda: report(publisher, "running", [waited_for]))
        report(publisher, "running")
        assert publisher.flush(60)

        relay.end()
        rabbitmq.kill()
        report(publisher, "finished")
        wait_until(lambda: in_outage(publisher))
        rabbitmq.start()
        assert publisher.flush(60)
        wait_until(lambda: not publisher.counts.remembered)
        relay.begin()

        assert 0 == wait.ended()
        tail.wait_for(lambda tail: all("finished" in states for states in shown_states(tail.output).values()))
        tail.process.send_signal(signal.SIGHUP)
        assert 0 == tail.ended()
        others = [states for task, states in shown_states(tail.output).items() if task != waited_for]
        assert [["running", "finished"]] * len(others) == others
        for watcher in (tail, wait):
            lost, back = watcher.errors.splitlines()
            assert lost.startswith("Lost the connection to the messaging server; reconnecting: ")
            assert back.startswith("Reconnected after ")
            assert back.endswith("; the changes in between follow.")
        assert [] == [queue for queue in rabbitmq.rows("queues", "name") if queue not in before]
