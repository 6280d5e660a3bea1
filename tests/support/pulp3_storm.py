"""Everything that can happen in a busy Pulp 3, within a few minutes."""

from collections import Counter
from dataclasses import dataclass, field

from tests.harness.pulp3 import Pulp3
from tests.harness.pulp3_api import Document

ROUNDS = 15
_QUICK = 4
_WAITING_TOO_LONG_SECONDS = 600.0


@dataclass
class Storm:
    """A storm on one server.

    :ivar begun: kinds of tasks, and how often each was started.
    """

    pulp: Pulp3
    begun: Counter[str] = field(default_factory=Counter)

    def blow(self, rounds: int = ROUNDS) -> None:
        """Start all kinds of tasks, and return when every task has ended."""
        self._prepare()
        for number in range(rounds):
            self._ordinary(number)
            self._failing(number)
            self._cancel_running_and_waiting()
            if number % 4 == 1:
                self._kill_task()
            if number == rounds // 2:
                self._kill_worker()
        self._clear_up()
        self._wait_until_idle()

    def _prepare(self) -> None:
        api, remote = self.pulp.api, self.pulp.remote
        remote.offer("liar", {"a.iso": b"something"}, lying=True)
        self._offer(0)
        urls = {"absent": remote.url("nowhere"), "liar": remote.url("liar")}
        urls |= {"refused": "http://127.0.0.1:9/PULP_MANIFEST", "slow": remote.url("steady", slow_seconds=60)}
        urls |= {"steady": remote.url("steady")} | {f"quick-{number}": remote.url("moving") for number in range(_QUICK)}
        self._repositories = {name: api.create_repository(f"storm-{name}", url) for name, url in urls.items()}
        moving = remote.url("moving")
        self._repositories["published"] = api.create_repository("storm-published", moving, autopublish=True)
        self._repositories["lazy"] = api.create_repository("storm-lazy", moving, policy="on_demand")
        self._repositories["filled"] = api.create_repository("storm-filled")
        made = api.wait(self._begun("distribution", api.distribute("storm", self._repositories["published"])))
        [self._distribution] = made["created_resources"]

    def _offer(self, number: int) -> None:
        files = {f"{part}.iso": f"{part} of {number}".encode() for part in range(number, number + 3)}
        self.pulp.remote.offer("moving", files)
        self.pulp.remote.offer("steady", {"a.iso": b"a"})

    def _ordinary(self, number: int) -> None:
        api = self.pulp.api
        self._offer(number)
        for each in range(_QUICK):
            repository = self._repositories[f"quick-{each}"]
            self._begun("sync", api.sync(repository, mirror=bool(each % 2)))
            self._begun("publish", api.publish(repository))
        for name in ("steady", "published", "lazy"):
            self._begun(f"sync, {name}", api.sync(self._repositories[name]))
        # The server finishes this task before it answers.
        self._begun(
            "distribution", api.task(api.request("PATCH", self._distribution, {"pulp_labels": {"n": str(number)}}))
        )
        filled = self._repositories["filled"]
        for part in range(3):
            uploaded = self._begun("upload", api.upload(f"{number}-{part}", f"{number} {part}".encode(), filled))
        made = api.wait(uploaded)["created_resources"]
        unit = next(href for href in made if "/content/" in href)
        self._begun("modify", api.modify(filled, remove=[unit]))
        self._begun("modify", api.modify(filled, add=[unit]))

    def _failing(self, number: int) -> None:
        names = (("absent",) * 3, ("absent", "liar"), ("absent", "refused"))[number % 3]
        for name in names:
            self._begun(f"sync, {name}", self.pulp.api.sync(self._repositories[name]))

    def _cancel_running_and_waiting(self) -> None:
        api, slow = self.pulp.api, self._repositories["slow"]
        running = self._begun("sync, to be canceled", api.sync(slow))
        waiting = self._begun("sync, to be canceled", api.sync(slow))
        api.wait(running, {"running"})
        api.cancel(waiting)
        api.cancel(running)

    def _kill_task(self) -> None:
        begun = self._begun("sync, to be killed", self.pulp.api.sync(self._repositories["slow"]))
        self.pulp.api.wait(begun, {"running"})
        self.pulp.kill_running_tasks()

    def _kill_worker(self) -> None:
        begun = self._begun("sync, with its worker killed", self.pulp.api.sync(self._repositories["slow"]))
        self.pulp.api.wait(begun, {"running"})
        # It is not known which worker runs the task.
        for _ in range(self.pulp.worker_count):
            self.pulp.kill_worker()
            self.pulp.start_worker()
        self.pulp.forget_lost_workers()

    def _clear_up(self) -> None:
        api = self.pulp.api
        filled: Document = api.request("GET", self._repositories["filled"]["pulp_href"])
        self._wait_until_idle()
        for name in ("lazy", "absent"):
            href = self._repositories[name]["pulp_href"]
            self._begun("repository, removed", api.task(api.request("DELETE", href)))
        self._begun("version, removed", api.task(api.request("DELETE", filled["versions_href"] + "2/")))
        self._begun("orphans", api.task(api.request("POST", "orphans/cleanup/", {"orphan_protection_time": 0})))

    def _begun(self, kind: str, task: str) -> str:
        self.begun[kind] += 1
        return task

    def _wait_until_idle(self) -> None:
        self.pulp.wait_until_idle(_WAITING_TOO_LONG_SECONDS)
