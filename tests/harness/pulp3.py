"""A real Pulp 3 on private loopback ports: PostgreSQL, API, content app, workers, and a remote to sync from."""

import base64
import os
import secrets
import shutil
import signal
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Sequence
from contextlib import ExitStack
from pathlib import Path
from types import TracebackType
from typing import Self

from tests.harness.postgres import PostgreSQL, find_binaries
from tests.harness.process import GuardedProcess, children, free_ports, output_of, run
from tests.harness.pulp3_api import Pulp3Api
from tests.harness.pulp3_environment import environment
from tests.harness.pulp3_record import TaskRecord
from tests.harness.pulp3_remote import RemoteFiles

VERSION = "3.123.1"
_LOOK_SECONDS = 0.1
_GONE_SECONDS = 6
"""Pulp considers a program lost if it had no heartbeat for this long; a heartbeat comes every third of it."""

_SETTINGS = """\
SECRET_KEY = {secret!r}
DB_ENCRYPTION_KEY = "{folder}/encryption.key"
DATABASES = {{"default": {database!r}}}
DEPLOY_ROOT = "{folder}/pulp"
MEDIA_ROOT = "{folder}/pulp/media"
WORKING_DIRECTORY = FILE_UPLOAD_TEMP_DIR = "{folder}/pulp/tmp"
CONTENT_ORIGIN = "http://127.0.0.1:{content_port}"
DOMAIN_ENABLED = {domain_enabled}
# The default reports to the project once a day.
ANALYTICS = False
# The cache needs a Redis.
CACHE_ENABLED = False
TASK_GRACE_INTERVAL = 1
WORKER_TTL = {gone_seconds}
"""

_COUNT_LOST = "SELECT count(*) FROM core_appstatus WHERE last_heartbeat < now() - ttl"


class Pulp3:
    """A server that runs between ``with Pulp3() as pulp:`` and the end of the block.

    :param workers: how many tasks run at the same time.
    :param api_workers: how many requests the API answers at the same time.
    :param domain_enabled: whether there are domains.
    :param deadline_seconds: how long the start may take.
    :ivar worker_count: the same as ``workers``.
    :ivar api: a session of its administrator.
    :ivar remote: what its repositories can sync from.
    :ivar record: every change of every task, as its database saw it.
    :ivar postgresql: the server of its database.
    :ivar database_url: the URL of its database.
    :ivar url: the URL of its API's host, without a trailing slash.
    :ivar password: the password of user ``admin``.
    :raises FileNotFoundError: it cannot be installed here; see :meth:`available`.
    :raises RuntimeError: it does not start; the text has the end of its logs.
    """

    def __init__(
        self,
        workers: int = 2,
        api_workers: int = 1,
        domain_enabled: bool = False,
        version: str = VERSION,
        deadline_seconds: float = 180.0,
    ) -> None:
        reason = self.available(version)
        if reason:
            raise FileNotFoundError(reason)
        self._programs = environment(version)
        self.worker_count = workers
        self._api_workers = api_workers
        self._domain_enabled = domain_enabled
        self._deadline_seconds = deadline_seconds
        self._workers: list[GuardedProcess] = []
        self._started = 0
        self.password = secrets.token_urlsafe(16)

    @classmethod
    def available(cls, version: str = VERSION) -> str | None:
        """Return why no server can be started here, or None if one can; installs it the first time (20 s)."""
        binaries = find_binaries()
        if binaries is None:
            return "PostgreSQL is not installed; on Debian: apt-get install postgresql"
        shares = (binaries.parent / "share", Path("/usr/share/postgresql") / binaries.parent.name)
        if not any(path for share in shares for path in share.glob("**/extension/hstore.control")):
            return "PostgreSQL lacks its extension hstore; on Debian: apt-get install postgresql-contrib"
        try:
            environment(version)
        except RuntimeError as problem:
            return f"Pulp 3 cannot be started: {problem}"
        return None

    def __enter__(self) -> Self:
        self.folder = Path(tempfile.mkdtemp(prefix="pulp3-"))
        with ExitStack() as undo:
            undo.callback(shutil.rmtree, self.folder, ignore_errors=True)
            self.remote = undo.enter_context(RemoteFiles())
            self.postgresql = undo.enter_context(PostgreSQL(self._deadline_seconds))
            self.database_url = self.postgresql.create_database()
            self.record = TaskRecord(self.postgresql, self.database_url)
            api_port, content_port = free_ports(2)
            self.url = f"http://127.0.0.1:{api_port}"
            self.api = self.session("admin", self.password)
            self._configure(content_port)
            undo.callback(self._kill_all)
            self._start(api_port, content_port)
            self._undo = undo.pop_all()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._undo.close()

    def session(self, user: str, password: str, domain: str = "default") -> Pulp3Api:
        """Return a session of a user; :meth:`Pulp3Api.log_in` logs in."""
        return Pulp3Api(self.url, user, password, domain if self._domain_enabled else None)

    def wait_until_idle(self, deadline_seconds: float = 120.0) -> None:
        """Return when every task has ended.

        :raises TimeoutError: some tasks have not ended in time.
        """
        deadline = time.monotonic() + deadline_seconds
        while unfinished := self.api.unfinished():
            if time.monotonic() > deadline:
                raise TimeoutError(f"{unfinished} tasks have not ended after {deadline_seconds:g} s")
            time.sleep(_LOOK_SECONDS)

    def start_worker(self) -> None:
        """Start one more worker."""
        self._started += 1
        name = f"worker-{self._started}"
        self._workers.append(self._spawn(name, "pulpcore-worker", "--name-template", f"{name}-{{pid}}@test"))

    def kill_worker(self) -> None:
        """Kill the oldest worker and the task that it runs at once, as a power cut would."""
        self._workers.pop(0).kill()

    def kill_running_tasks(self) -> int:
        """Kill the processes of the running tasks, but not the workers; return how many there were.

        :raises TimeoutError: no task starts in time.
        """
        deadline = time.monotonic() + self._deadline_seconds
        while not (running := [process for worker in self._workers for process in children(worker.process_id)]):
            if time.monotonic() > deadline:
                raise TimeoutError(f"no task ran within {self._deadline_seconds:g} s")
            time.sleep(_LOOK_SECONDS / 10)
        for process in running:
            os.kill(process, signal.SIGKILL)
        return len(running)

    def forget_lost_workers(self) -> None:
        """Do at once what workers do every few minutes: give up the tasks of workers without a heartbeat.

        :raises TimeoutError: every worker has a heartbeat.
        """
        deadline = time.monotonic() + self._deadline_seconds
        while self.postgresql.query(self.database_url, _COUNT_LOST) == [["0"]]:
            if time.monotonic() > deadline:
                raise TimeoutError(f"no worker was lost within {self._deadline_seconds:g} s")
            time.sleep(_LOOK_SECONDS)
        self.manage("shell", "-c", "from pulpcore.app.models import AppStatus; AppStatus.objects.missing().delete()")

    def manage(self, *arguments: str, standard_input: str = "") -> str:
        """Run ``pulpcore-manager`` and return its output.

        :raises RuntimeError: it fails.
        """
        command = [str(self._programs / "pulpcore-manager"), *arguments]
        # It reads the password from its standard input only if it has no terminal.
        ended = run(command, self.folder, self._environment(), self._deadline_seconds, standard_input=standard_input)
        return output_of(ended, f"pulpcore-manager {arguments[0]}")

    def server_process_ids(self) -> list[int]:
        """Return the first processes of the API and of its PostgreSQL, which together answer requests."""
        database = self.postgresql.process_id
        return [self._api.process_id, *([database] if database else [])]

    def _configure(self, content_port: int) -> None:
        for name in ("media", "tmp", "assets"):
            (self.folder / "pulp" / name).mkdir(parents=True)
        host, _, name = self.database_url.rpartition("@")[2].partition("/")
        password = self.database_url.rpartition("@")[0].rpartition(":")[2]
        database = {"ENGINE": "django.db.backends.postgresql", "NAME": name, "USER": "postgres"}
        database |= {"PASSWORD": password, "HOST": "127.0.0.1", "PORT": host.partition(":")[2]}
        settings = _SETTINGS.format(
            secret=secrets.token_urlsafe(32),
            folder=self.folder,
            database=database,
            content_port=content_port,
            domain_enabled=self._domain_enabled,
            gone_seconds=_GONE_SECONDS,
        )
        key = base64.urlsafe_b64encode(secrets.token_bytes(32)).decode("ascii")
        # Only its owner can read the folder, and so these files.
        (self.folder / "settings.py").write_text(settings, encoding="utf-8")
        (self.folder / "encryption.key").write_text(key, encoding="ascii")

    def _start(self, api_port: int, content_port: int) -> None:
        self.postgresql.query(self.database_url, "CREATE EXTENSION hstore")
        self.manage("migrate", "--noinput")
        self.manage("reset-admin-password", standard_input=f"{self.password}\n{self.password}\n")
        self.record.begin()
        common = ("--no-control-socket", "--name-template")
        bind = ("--bind", f"127.0.0.1:{api_port}", "--workers", str(self._api_workers))
        self._api = self._spawn("api", "pulpcore-api", *bind, *common, "api-{pid}@test")
        # The guard of this one removes the whole folder if this process is killed.
        self._content = self._spawn(
            ".",
            "pulpcore-content",
            "--bind",
            f"127.0.0.1:{content_port}",
            "--workers",
            "1",
            *common,
            "content-{pid}@test",
        )
        for _ in range(self.worker_count):
            self.start_worker()
        self._wait_until_ready()
        self.api.log_in()

    def _spawn(self, name: str, program: str, *arguments: str) -> GuardedProcess:
        folder = self.folder / name
        folder.mkdir(exist_ok=True)
        return GuardedProcess([str(self._programs / program), *arguments], folder, self._environment())

    def _environment(self) -> dict[str, str]:
        # Nothing of this process's environment: a PULP_ variable would be a setting.
        return {
            "PATH": f"{self._programs}{os.pathsep}{os.environ.get('PATH', os.defpath)}",
            "LC_ALL": "C.UTF-8",
            "HOME": str(self.folder),
            "TMPDIR": str(self.folder / "pulp" / "tmp"),
            "PULP_SETTINGS": str(self.folder / "settings.py"),
            "DJANGO_SETTINGS_MODULE": "pulpcore.app.settings",
            "PYTHONUNBUFFERED": "1",
        }

    def _wait_until_ready(self) -> None:
        deadline = time.monotonic() + self._deadline_seconds
        while not self._ready():
            if self._api.exited(within_seconds=_LOOK_SECONDS) or time.monotonic() > deadline:
                raise RuntimeError(f"Pulp does not start:\n{self._ends_of_logs()}")

    def _ready(self) -> bool:
        try:
            status = self.api.request("GET", "/pulp/api/v3/status/")
        except (OSError, urllib.error.URLError):
            return False
        return len(status["online_workers"]) >= self.worker_count and bool(status["online_content_apps"])

    def _processes(self) -> Sequence[GuardedProcess]:
        found = [getattr(self, name) for name in ("_api", "_content") if hasattr(self, name)]
        return [*found, *self._workers]

    def _kill_all(self) -> None:
        for process in self._processes():
            process.kill()

    def _ends_of_logs(self) -> str:
        logs = sorted(self.folder.glob("**/output"))
        return "\n".join(
            f"{log.parent.name}: {log.read_text(encoding='utf-8', errors='replace')[-2000:]}" for log in logs
        )
