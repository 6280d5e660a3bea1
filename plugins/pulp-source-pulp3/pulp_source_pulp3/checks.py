"""What is looked at before a server is watched."""

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
from .failures import NotThere, unreadable
from .server import OLDEST_VERSION, Domain, Server
from .tasks import results

_LARGEST_DIFFERENCE = timedelta(seconds=30)
_LOOKED_AT = "100"


@dataclass
class Inspection:
    """The findings so far, and what was learned on the way.

    :ivar failure: what stopped the looking.
    """

    checks: list[Check] = field(default_factory=list)
    server: Server | None = None
    domains: list[Domain] = field(default_factory=list)
    failure: PermanentFailure | TemporaryFailure | None = None

    def add(self, subject: str, passed: bool, finding: str) -> None:
        """Write a finding down."""
        self.checks.append(Check(subject, passed, finding))

    def attempt(self, subject: str, look: Callable[[], Any]) -> Any:
        """Return what a look brings; None, and a finding, where it fails."""
        try:
            return look()
        except (PermanentFailure, TemporaryFailure) as failure:
            self.failure = failure
            self.add(subject, False, failure.reason)
            return None


@dataclass(frozen=True, slots=True)
class Account:
    """Who asks.

    :ivar href: empty where the server does not tell.
    """

    name: str
    href: str

    @classmethod
    def asking(cls, client: Client) -> Self:
        """Return the account by which the server knows the client.

        :raises PermanentFailure: the server refuses it.
        """
        try:
            document = client.get(client.login_path).document
        except NotThere:
            return cls("the account", "")  # a server without logins
        if not isinstance(document, dict) or not isinstance(document.get("username"), str):
            raise unreadable(client.login_path)
        return cls(document["username"], str(document.get("pulp_href") or ""))

    def started(self, task: TaskDocument) -> bool:
        """Tell whether a task is its own: those it sees without any role. Tasks of schedules are nobody's."""
        return task.fields.get("created_by") == self.href


def inspect(client: Client, config: Pulp3Config) -> Inspection:
    """Look at a server as far as what was found lets; nothing is changed."""
    found = Inspection()
    found.server = found.attempt("server", lambda: Server.meet(client, config))
    if found.server is None:
        return found
    found.add("server", True, f"A Pulp 3 answers at {config.origin}.")
    if not _version(found, found.server):
        return found
    _clock(found, found.server)
    server = found.server
    account = found.attempt("login", lambda: Account.asking(client))
    if account is None:
        return found
    found.add("login", True, f"The server knows the account as {account.name}.")
    found.domains = found.attempt("domains", lambda: server.domains(client, config)) or []
    if found.domains:
        _domains(found, found.domains)
        _rights(found, client, account)
    return found


def _version(found: Inspection, server: Server) -> bool:
    needed = ".".join(map(str, OLDEST_VERSION))
    if server.is_old():
        sentence = (
            f"The server runs pulpcore {server.version}, and watching needs {needed} or newer; update the server."
        )
        found.add("version", False, sentence)
        found.failure = PermanentFailure(sentence)
        return False
    found.add("version", True, f"pulpcore {server.version}")
    return True


def _clock(found: Inspection, server: Server) -> None:
    difference = server.clock_difference
    if difference is None:
        found.add("clock", True, "The server does not tell its time.")
        return
    told = f"{abs(difference.total_seconds()):.0f} s {'ahead of' if difference > timedelta() else 'behind'} this one"
    if abs(difference) <= HEADER_PRECISION:
        told = "that of this machine"
    if abs(difference) > _LARGEST_DIFFERENCE:
        found.add("clock", False, f"The server's clock is {told}; times of events are the server's. Set both by NTP.")
    else:
        found.add("clock", True, f"The server's clock is {told}.")


def _domains(found: Inspection, domains: list[Domain]) -> None:
    names = [domain.name for domain in domains if domain.name]
    found.add("domains", True, f"Watched: {', '.join(names)}." if names else "The server has no domains.")


def _rights(found: Inspection, client: Client, account: Account) -> None:
    seen: dict[str, list[TaskDocument]] = {}
    for domain in found.domains:
        tasks = found.attempt("tasks", partial(_newest, client, domain))
        if tasks is None:
            return
        seen[domain.key] = tasks
    blind = [name for name, tasks in seen.items() if all(map(account.started, tasks))]
    if len(blind) == len(seen) and _is_administrator(client, found.domains[0]):
        found.add("tasks", True, f"{account.name} is an administrator and sees everything.")
        return
    if len(blind) == len(seen):
        sentence = (
            f"{account.name} sees no task of anybody else, so its tasks may be hidden from it; grant it the role "
            "core.task_viewer. If it has the role already, nobody has run a task yet: run one and test again."
        )
        found.failure = PermanentFailure(sentence)
        found.add("tasks", False, sentence)
        return
    silent = f" In {', '.join(blind)} it sees none: nobody has run one there yet, or they are hidden." if blind else ""
    found.add("tasks", True, f"{account.name} sees the tasks of others.{silent}")
    _repositories(found, client, [task for tasks in seen.values() for task in tasks], account)


def _newest(client: Client, domain: Domain) -> list[TaskDocument]:
    fields = "pulp_href,name,state,pulp_created,created_by,reserved_resources_record"
    answer = client.get(domain.tasks, {"ordering": "-pulp_created", "limit": _LOOKED_AT, "fields": fields})
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
        found.add("repositories", True, "No task has named one yet, so there was nothing to look at.")
        return
    for domain in found.domains:
        names = found.attempt("repositories", partial(_repository_names, client, domain))
        if names is None:
            return
        if names:
            found.add("repositories", True, f"{account.name} sees repositories, so events can name them.")
            return
    sentence = (
        f"{account.name} sees no repository, so events cannot name them; grant it a viewer role for each type of "
        "repository, such as file.filerepository_viewer."
    )
    found.failure = PermanentFailure(sentence)
    found.add("repositories", False, sentence)
