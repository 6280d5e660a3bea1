"""The script for Qpid brokers in the documentation, as a process against real AMQP 1.0 servers."""

import json
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import closing, contextmanager
from dataclasses import replace
from itertools import islice
from pathlib import Path
from uuid import uuid4

import pytest

from tests.support.amqp import channel_of
from tests.support.patient import REPORT, patient_publisher
from tests.support.qpid_pulp import QpidPulp, qpid_url
from tests.support.watching import Pulp

EXAMPLE = Path(__file__).parents[3] / "docs" / "examples" / "watch_tasks_qpid.py"


@contextmanager
def script(*arguments: str) -> Iterator[subprocess.Popen[str]]:
    """Run the script, and wait until it receives what is published."""
    watching = subprocess.Popen(
        [sys.executable, str(EXAMPLE), *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    try:
        assert watching.stderr is not None
        assert "waiting\n" == watching.stderr.readline()
        yield watching
    finally:
        watching.kill()
        watching.communicate()


@pytest.fixture(params=["rabbitmq", "proton_broker"])
def server(request):
    """Return each AMQP 1.0 server in turn, with the stream's exchange."""
    running = request.getfixturevalue(request.param)
    if request.param == "rabbitmq":
        with channel_of(running) as channel:
            channel.exchange_declare("pulp.api.v2", "topic", durable=True)
    return running


def test_it_prints_what_the_product_publishes(server):
    """The changes of all tasks, until Ctrl-C."""
    tasks = [str(uuid4()) for _ in range(3)]
    with closing(patient_publisher(qpid_url(server))) as publisher, script(qpid_url(server, "amqp")) as watching:
        for task in tasks:
            publisher.publish(replace(REPORT, task_id=task))
        assert publisher.flush(60)

        # Other tests may have left messages in the example broker's queue.
        printed = (json.loads(line)["task_id"] for line in watching.stdout)
        assert tasks == list(islice((task for task in printed if task in tasks), 3))

        watching.send_signal(signal.SIGINT)
        output, errors = watching.communicate(timeout=60)
        assert ("\n", 0) == (output, watching.returncode)
        # Python prints that if Ctrl-C comes while Proton creates one of its objects.
        assert not errors or errors.startswith("Exception ignored in: <function Wrapper.__del__")


def test_it_prints_the_changes_of_one_task(server):
    """Also if the server does not know the filter."""
    task = str(uuid4())
    with closing(QpidPulp(server)) as pulp, script(qpid_url(server, "amqp"), task) as watching:
        pulp.report(str(uuid4()), "running")
        pulp.report(task, "finished")

        assert [task, "finished"] == list(map(json.loads(watching.stdout.readline()).get, ["task_id", "state"]))


def test_it_reads_what_is_published_with_amqp_0_9_1(rabbitmq):
    """RabbitMQ hands it over without a map."""
    task = str(uuid4())
    with closing(Pulp(rabbitmq.url)) as pulp, script(qpid_url(rabbitmq, "amqp"), task) as watching:
        pulp.report(task, "canceled")

        assert "canceled" == json.loads(watching.stdout.readline())["state"]
