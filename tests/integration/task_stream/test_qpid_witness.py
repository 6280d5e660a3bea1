"""The stream over AMQP 1.0 as another program reads it: Proton's example client in C, with Debian's library."""

import re
import subprocess
from base64 import b64decode
from pathlib import Path

import pytest

from pulp_notifiers.task import TaskReport
from tests.harness.proton_broker import ProtonBroker
from tests.support.patient import patient_publisher
from tests.support.qpid_pulp import qpid_url
from tests.support.stream_inbox import RECORDED, closing

CLIENT = Path("/usr/share/proton/examples/c/receive.c")


@pytest.fixture(scope="module")
def receive(tmp_path_factory):
    """Compile the client, and return its path."""
    if not CLIENT.exists():
        pytest.skip("libqpid-proton11-dev-examples is not installed")
    program = tmp_path_factory.mktemp("client") / "receive"
    subprocess.run(["cc", "-o", str(program), str(CLIENT), "-lqpid-proton", "-lpthread"], check=True)
    return program


def test_another_client_reads_the_map_that_pulp_2_sent(receive):
    """The base64 text as binary, all other texts as strings, and the record as recorded."""
    if reason := ProtonBroker.available():
        pytest.skip(reason)
    with ProtonBroker() as server:
        with closing(patient_publisher(qpid_url(server))) as publisher:
            for vector in RECORDED:
                publisher.publish(TaskReport.from_record(vector["given"]["task_status"]))
            assert publisher.flush(60)
        command = [str(receive), "127.0.0.1", str(server.port), "pulp.api.v2", str(len(RECORDED))]
        read = subprocess.run(command, capture_output=True, text=True, timeout=60, check=True).stdout.splitlines()

    assert f"{len(RECORDED)} messages received" == read.pop()
    for vector, text in zip(RECORDED, read, strict=True):
        expected = vector["expect"]["amqp091"]
        key = expected["basic_publish"]["routing_key"]
        assert expected["body_exact"].encode() == b64decode(re.search(r'"body"=b"([A-Za-z0-9+/=]*)"', text)[1])
        assert '"content-encoding"="binary", "content-type"="application/data", "headers"={}' in text
        assert f'"routing_key"="{key}"' in text
        assert '"body_encoding"="base64"' in text
