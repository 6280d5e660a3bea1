"""The Pulp 3 that other tests rely on."""

import os
import select
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tests.harness.pulp3_api import ApiRefused
from tests.support.waiting import wait_until

ROLES = ("core.task_viewer", "file.filerepository_viewer")
PARENT = """
import sys
from tests.harness.pulp3 import Pulp3
with Pulp3(workers=1) as pulp:
    print(pulp.folder, *pulp.server_process_ids(), flush=True)
    sys.stdin.read()
"""


def test_it_syncs_publishes_and_accepts_uploads(pulp3):
    """It uses its own remote and its own workers."""
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
    ("name", "reason"),
    [("absent", "404"), ("lying", "failed validation due to checksum"), ("refused", "Cannot connect")],
)
def test_a_sync_fails_with_the_reason_of_its_remote(pulp3, name, reason):
    """The remote is missing, has other content than its manifest says, or refuses the connection."""
    pulp3.remote.offer("lying", {"a.iso": b"not so"}, lying=True)
    url = "http://127.0.0.1:9/PULP_MANIFEST" if name == "refused" else pulp3.remote.url(name)
    repository = pulp3.api.create_repository(f"harness-{name}", url)

    ended = pulp3.api.wait(pulp3.api.sync(repository))

    assert "failed" == ended["state"]
    assert reason in ended["error"]["description"]


def test_the_record_has_every_state_of_a_task(pulp3):
    """That includes states that no poll would see."""
    pulp3.remote.offer("harness-slow", {"a.iso": b"a"})
    repository = pulp3.api.create_repository("harness-slow", pulp3.remote.url("harness-slow", slow_seconds=60))
    begun = pulp3.api.sync(repository)
    pulp3.api.wait(begun, {"running"})

    pulp3.api.cancel(begun)
    ended = pulp3.api.wait(begun)

    own = [each for each in pulp3.record.transitions() if each.task in ended["prn"]]
    assert ["waiting", "running", "canceling", "canceled"] == [each.state for each in own]
    assert sorted(own, key=lambda each: each.at) == own


def test_a_task_fails_if_its_process_or_its_worker_is_killed(pulp3):
    """Pulp gives a different reason for each."""
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
    again = pulp3.api.sync(killed)
    pulp3.api.wait(again, {"running"})
    of_lost = pulp3.api.wait(begun)
    pulp3.api.cancel(again)
    pulp3.api.wait(again)  # other tests watch the ends of syncs

    assert ["Killed by signal 9.", "Worker has gone missing."] == [
        of_killed["error"]["reason"],
        of_lost["error"]["reason"],
    ]


def test_a_user_sees_only_what_the_roles_permit(pulp3):
    """Without the role for tasks the list is empty."""
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
    """Its processes are killed and its files are removed."""
    with subprocess.Popen(
        [sys.executable, "-c", PARENT], cwd=Path(__file__).parents[2], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as parent:
        folder, *processes = parent.stdout.readline().decode().split()
        handles = [os.pidfd_open(int(process)) for process in processes]

        parent.send_signal(signal.SIGKILL)

        for handle in handles:
            assert [handle] == select.select([handle], [], [], 60)[0]
            os.close(handle)
        wait_until(lambda: not Path(folder).exists())
