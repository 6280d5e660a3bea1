"""The checks before a server is watched."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import timedelta
from functools import partial
from typing import Any, Self

from pulp_notifiers.errors import PermanentFailure, TemporaryFailure
from pulp_notifiers.source import Check

from .client import Client
from .config import Pulp3Config
from .cursor import HEADER_PRECISION
from .documents import TaskDocument
from .failures import VERSION_NEEDED, NotFound, unreadable
from .server import Domain, Server
from .tasks import results

_LARGEST_DIFFERENCE = timedelta(seconds=30)
_SAMPLED_TASKS = "100"
_UNNAMED = "The account"


@dataclass
class Inspection:
    """The findings so far, and what was learned about the server.

    :ivar failure: what ended the checks.
    """

    checks: list[Check] = field(default_factory=list)
    server: Server | None = None
    domains: list[Domain] = field(default_factory=list)
    failure: PermanentFailure | TemporaryFailure | None = None

    def add(self, subject: str, passed: bool, finding: str) -> None:
        """Add a finding."""
        self.checks.append(Check(subject, passed, finding))

    def reject(self, subject: str, finding: str) -> None:
        """Add a finding that stops the source until somebody changes something."""
        self.failure = PermanentFailure(finding)
        self.add(subject, False, finding)

    def attempt(self, subject: str, request: Callable[[], Any]) -> Any:
        """Return the result of a request; if it fails, add its failure as a finding and return None."""
        try:
            return request()
        except (PermanentFailure, TemporaryFailure) as failure:
            self.failure = failure
            self.add(subject, False, failure.reason)
            return None


@dataclass(frozen=True, slots=True)
class Account:
    """The account that the source logs in as.

    :ivar href: empty if the server does not show it.
    """

    name: str
    href: str

    @classmethod
    def read(cls, client: Client) -> Self:
        """Return the account that the server sees.

        :raises PermanentFailure: the server refuses the login.
        """
        try:
            document = client.get(client.login_path).document
        except NotFound:
            return cls(_UNNAMED, "")  # a server without sessions
        if not isinstance(document, dict) or not isinstance(document.get("username"), str):
            raise unreadable(client.login_path)
        return cls(document["username"], str(document.get("pulp_href") or ""))

    def started(self, task: TaskDocument) -> bool:
        """Return whether it started a task: it sees those without any role. Scheduled tasks have no creator."""
        return task.fields.get("created_by") == self.href


def inspect(client: Client, config: Pulp3Config) -> Inspection:
    """Check a server, up to the first failure that makes further checks impossible; nothing is changed."""
    found = Inspection()
    found.server = found.attempt("server", lambda: Server.read(client, config))
    if found.server is None:
        return found
    found.add("server", True, f"There is a Pulp 3 server at {config.origin}.")
    if not _version(found, found.server):
        return found
    _clock(found, found.server)
    server = found.server
    account = found.attempt("login", lambda: Account.read(client))
    if account is None:
        return found
    unnamed = "The server does not show which account is used."
    found.add("login", True, unnamed if account.name == _UNNAMED else f"Logged in as {account.name}.")
    found.domains = found.attempt("domains", lambda: server.domains(client, config)) or []
    if found.domains:
        _domains(found, found.domains)
        _permissions(found, client, account)
    return found


def _version(found: Inspection, server: Server) -> bool:
    if server.is_old():
        found.reject("version", f"The server runs pulpcore {server.version}, and {VERSION_NEEDED}; update the server.")
        return False
    found.add("version", True, f"pulpcore {server.version}")
    return True


def _clock(found: Inspection, server: Server) -> None:
    difference = server.clock_difference
    if difference is None:
        found.add("clock", True, "Unknown: the server's answers have no date.")
    elif abs(difference) <= HEADER_PRECISION:
        found.add("clock", True, "The server's clock agrees with this machine's.")
    else:
        passed = abs(difference) <= _LARGEST_DIFFERENCE
        side = "ahead of" if difference > timedelta() else "behind"
        finding = f"The server's clock is {abs(difference.total_seconds()):.0f} s {side} this machine's"
        remedy = "; events carry the server's times, so synchronize both clocks, as by NTP"
        found.add("clock", passed, f"{finding}{'' if passed else remedy}.")


def _domains(found: Inspection, domains: list[Domain]) -> None:
    names = [domain.name for domain in domains if domain.name]
    found.add("domains", True, f"Watching {', '.join(names)}." if names else "The server has no domains.")


def _permissions(found: Inspection, client: Client, account: Account) -> None:
    seen: dict[str, list[TaskDocument]] = {}
    for domain in found.domains:
        tasks = found.attempt("tasks", partial(_newest, client, domain))
        if tasks is None:
            return
        seen[domain.key] = tasks
    without = [name for name, tasks in seen.items() if all(map(account.started, tasks))]
    if len(without) == len(seen) and _is_administrator(client, found.domains[0]):
        found.add("tasks", True, f"{account.name} is an administrator and sees everything.")
        return
    if len(without) == len(seen):
        found.reject(
            "tasks",
            f"{account.name} sees no tasks of other users, which may be hidden from it; grant it the role "
            "core.task_viewer. If it has the role, no other user has run a task yet: run one and test again.",
        )
        return
    hint = f" It sees none in {', '.join(without)}: none were run there yet, or they are hidden." if without else ""
    found.add("tasks", True, f"{account.name} sees the tasks of other users.{hint}")
    _repositories(found, client, [task for tasks in seen.values() for task in tasks], account)


def _newest(client: Client, domain: Domain) -> list[TaskDocument]:
    fields = "pulp_href,name,state,pulp_created,created_by,reserved_resources_record"
    answer = client.get(domain.tasks, {"ordering": "-pulp_created", "limit": _SAMPLED_TASKS, "fields": fields})
    return results(answer.document, TaskDocument.from_json, domain.tasks)


def _repository_names(client: Client, domain: Domain) -> list[str]:
    path = f"{domain.root}repositories/"
    return results(client.get(path, {"limit": "1", "fields": "name"}).document, lambda entry: entry["name"], path)


def _is_administrator(client: Client, domain: Domain) -> bool:
    # Only administrators may list the users.
    try:
        client.get(f"{domain.root}users/", {"limit": "1", "fields": "username"})
    except PermanentFailure:
        return False
    return True


def _repositories(found: Inspection, client: Client, tasks: Iterable[TaskDocument], account: Account) -> None:
    if not any(task.reserved_repository() for task in tasks):
        found.add("repositories", True, "Not checked: no task has named a repository yet.")
        return
    for domain in found.domains:
        names = found.attempt("repositories", partial(_repository_names, client, domain))
        if names is None:
            return
        if names:
            found.add("repositories", True, f"{account.name} sees repositories, so events can name them.")
            return
    found.reject(
        "repositories",
        f"{account.name} sees no repositories, so events cannot name them; grant it a viewer role for each type of "
        "repository, such as file.filerepository_viewer.",
    )
