"""The Pulp 3 that the other tests stand on."""

import os
import select
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.harness.pulp3_api import ApiRefused

ROLES = ("core.task_viewer", "file.filerepository_viewer")
PARENT = """
import sys
from tests.harness.pulp3 import Pulp3
with Pulp3(workers=1) as pulp:
    print(pulp.folder, *pulp.server_process_ids(), flush=True)
    sys.stdin.read()
"""


def test_it_syncs_publishes_and_takes_uploads(pulp3):
    """From its own remote, with its own workers."""
    pulp3.remote.offer("harness", {"a.iso": b"a", "b.iso": b"b"})
    repository = pulp3.api.create_repository("harness", pulp3.remote.url("harness"))

    ended = [
        pulp3.api.wait(begun)
        for begin in (
            lambda: pulp3.api.sync(repository),
            lambda: pulp3.api.publish(repository),
            lambda: pulp3.api.upload("c.iso", b"c", repository),
        )
        for begun in [begin()]
    ]

    assert ["completed"] * 3 == [task["state"] for task in ended]
    assert 2 == ended[0]["result"]["content_summary"]["added"]["file.file"]["count"]


@pytest.mark.parametrize(
    ("name", "said"), [("absent", "404"), ("lying", "failed validation due to checksum"), ("refused", "Cannot connect")]
)
def test_a_sync_fails_as_its_remote_does(pulp3, name, said):
    """Nothing there, other content than promised, or nobody who answers."""
    pulp3.remote.offer("lying", {"a.iso": b"not so"}, lying=True)
    url = "http://127.0.0.1:9/PULP_MANIFEST" if name == "refused" else pulp3.remote.url(name)
    repository = pulp3.api.create_repository(f"harness-{name}", url)

    ended = pulp3.api.wait(pulp3.api.sync(repository))

    assert "failed" == ended["state"]
    assert said in ended["error"]["description"]


def test_the_database_keeps_every_state_of_a_task(pulp3):
    """Also those that nobody asked for in time."""
    pulp3.remote.offer("harness-slow", {"a.iso": b"a"})
    repository = pulp3.api.create_repository("harness-slow", pulp3.remote.url("harness-slow", slow_seconds=60))
    begun = pulp3.api.sync(repository)
    pulp3.api.wait(begun, {"running"})

    pulp3.api.cancel(begun)
    ended = pulp3.api.wait(begun)

    own = [each for each in pulp3.record.transitions() if each.task in ended["prn"]]
    assert ["waiting", "running", "canceling", "canceled"] == [each.state for each in own]
    assert sorted(own, key=lambda each: each.at) == own


def test_a_killed_task_and_a_killed_worker_end_what_they_ran(pulp3):
    """With the reasons that Pulp gives."""
    pulp3.remote.offer("harness-killed", {"a.iso": b"a"})
    url = pulp3.remote.url("harness-killed", slow_seconds=60)
    killed, lost = (pulp3.api.create_repository(f"harness-{name}", url) for name in ("killed", "lost"))
    begun = pulp3.api.sync(killed)
    pulp3.api.wait(begun, {"running"})
    pulp3.kill_running_tasks()
    of_killed = pulp3.api.wait(begun)
    begun = pulp3.api.sync(lost)
    pulp3.api.wait(begun, {"running"})

    for _ in range(pulp3.worker_count):
        pulp3.kill_worker()
        pulp3.start_worker()
    pulp3.forget_lost_workers()
    pulp3.api.wait(pulp3.api.sync(killed), {"running"})
    of_lost = pulp3.api.wait(begun)

    assert ["Killed by signal 9.", "Worker has gone missing."] == [
        of_killed["error"]["reason"],
        of_lost["error"]["reason"],
    ]


def test_a_user_sees_what_the_roles_say(pulp3):
    """Tasks with the role for it; else an empty list."""
    pulp3.api.create_user("harness-viewer", "sees-tasks-1", ROLES)
    pulp3.api.create_user("harness-nobody", "sees-nothing-1")
    sessions = [pulp3.session("harness-viewer", "sees-tasks-1"), pulp3.session("harness-nobody", "sees-nothing-1")]
    pulp3.api.wait(pulp3.api.upload("harness-viewer", b"x"))

    counts = [session.request("GET", "tasks/?limit=1")["count"] for session in sessions]

    assert counts[0] > 0 == counts[1]
    with pytest.raises(ApiRefused, match="403"):
        sessions[1].request("GET", "users/")


@pytest.mark.usefixtures("pulp3")
def test_nothing_outlives_a_killed_test_run():
    """Neither processes nor files."""
    with subprocess.Popen(
        [sys.executable, "-c", PARENT], cwd=Path(__file__).parents[2], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as parent:
        folder, *processes = parent.stdout.readline().decode().split()
        handles = [os.pidfd_open(int(process)) for process in processes]

        parent.send_signal(signal.SIGKILL)

        for handle in handles:
            assert [handle] == select.select([handle], [], [], 60)[0]
            os.close(handle)
        deadline = time.monotonic() + 60
        while Path(folder).exists():
            assert time.monotonic() < deadline
            time.sleep(0.1)
