"""The service as an administrator runs it: a process of its own, which can be killed."""

import os
import socket
import subprocess
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self

import requests

from tests.support.migrated import new_state
from tests.support.waiting import wait_until

PASSWORD = "correct horse battery staple"
START_SECONDS = 60.0


def free_port() -> int:
    """Return a port that is not in use."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class Service:
    """``pulp-notifiers serve`` with its state in a folder.

    :param environ: further settings, as environment variables without their prefix.
    :param python: the interpreter of the environment in which it is installed.
    :param arguments: options of ``serve``.
    :param first_start: begin without a database and without users.
    """

    def __init__(
        self,
        folder: Path,
        python: Path = Path(sys.executable),
        arguments: Sequence[str] = (),
        first_start: bool = False,
        **environ: str,
    ) -> None:
        if not first_start and not (folder / "state").exists():
            new_state(folder / "state", "admin", PASSWORD)
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self.log = folder / "service.log"
        self._command = [str(python), "-m", "pulp_notifiers", "serve", *arguments]
        self._environ = {
            **{key: value for key, value in os.environ.items() if not key.startswith("PULP_NOTIFIERS_")},
            "PULP_NOTIFIERS_STATE_DIRECTORY": str(folder / "state"),
            "PULP_NOTIFIERS_BIND": f"127.0.0.1:{self.port}",
            "PULP_NOTIFIERS_ADMIN_PASSWORD": PASSWORD,
            "PULP_NOTIFIERS_CLIENT_URL": self.url,
            "PULP_NOTIFIERS_CLIENT_USERNAME": "admin",
            "PULP_NOTIFIERS_CLIENT_PASSWORD": PASSWORD,
            **{f"PULP_NOTIFIERS_{key}": value for key, value in environ.items()},
        }
        self._process: subprocess.Popen[bytes] | None = None
        self.session = requests.Session()
        self.session.auth = ("admin", PASSWORD)
        self.session.trust_env = False

    @property
    def environ(self) -> Mapping[str, str]:
        """The environment in which a command line uses this service."""
        return self._environ

    @property
    def pid(self) -> int:
        """The id of the process that was started last."""
        assert self._process is not None
        return self._process.pid

    def start(self) -> None:
        """Start the process and return once it answers."""
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(self._command, env=self._environ, stdout=log, stderr=log)
        process = self._process
        wait_until(lambda: self._answers() or process.poll() is not None, self.log.read_text, START_SECONDS)
        assert process.poll() is None, self.log.read_text()

    def kill(self) -> None:
        """Kill the process without warning."""
        assert self._process is not None
        self._process.kill()
        self._process.wait()

    def stop(self) -> int:
        """Ask the process to end, and return its exit code."""
        assert self._process is not None
        self._process.terminate()
        return self._process.wait(60)

    def call(self, method: str, path: str, expected: int = 200, **options: Any) -> Any:
        """Make a request as admin and return the answer's JSON."""
        answer = self.session.request(method, f"{self.url}{path}", timeout=30, **options)
        assert expected == answer.status_code, answer.text
        return answer.json()

    def register(self, notifier_type: str, config: Mapping[str, Any], *event_types: str) -> str:
        """Register a listener and return its id."""
        body = {"notifier_type_id": notifier_type, "notifier_config": config, "event_types": event_types}
        listener_id: str = self.call("POST", "/pulp/api/v2/events/", 201, json=body)["id"]
        return listener_id

    def fire(self, event_type: str, **payload: Any) -> Any:
        """Fire an event and return the answer."""
        body = {"event_type": event_type, "payload": payload, "call_report": None}
        return self.call("POST", "/pulp/api/v3/notifications/events/", 202, json=body)

    def deliveries(self, **filters: str) -> list[dict[str, Any]]:
        """Return deliveries, newest first."""
        found: list[dict[str, Any]] = self.call("GET", "/pulp/api/v3/notifications/deliveries/", params=filters)[
            "results"
        ]
        return found

    def wait_until_idle(self, seconds: float = 60.0) -> None:
        """Return once nothing is pending."""
        wait_until(lambda: not self._backlog()["pending"], self._backlog, seconds)

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.session.close()
        if self._process is not None and self._process.poll() is None:
            self.kill()

    def _backlog(self) -> Mapping[str, Any]:
        found: Mapping[str, Any] = self.call("GET", "/pulp/api/v3/notifications/status/")["backlog"]
        return found

    def _answers(self) -> bool:
        try:
            status = self.session.get(f"{self.url}/pulp/api/v3/notifications/status/", timeout=5)
        except (requests.ConnectionError, requests.Timeout):  # the deadline is that of the start
            return False
        return status.status_code == requests.codes.ok
