"""A Pulp 3 server: its version, its domains, and the paths of its lists."""

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, Self

from pulp_notifiers.errors import PermanentFailure
from pulp_notifiers.event import utc_now

from .client import Client
from .config import Pulp3Config
from .documents import parsed_time
from .failures import OLDEST_VERSION, unreadable
from .tasks import results

_MOST_DOMAINS = "10000"


@dataclass(frozen=True, slots=True)
class Domain:
    """A domain, which has its own tasks.

    :ivar name: None if the server has no domains.
    :ivar root: root path of its lists.
    :ivar created: None if it is not known.
    """

    name: str | None
    root: str
    created: datetime | None = None

    @property
    def key(self) -> str:
        """Return the key under which its state is remembered."""
        return self.name or "default"

    @property
    def tasks(self) -> str:
        """Return the path of its tasks."""
        return f"{self.root}tasks/"


@dataclass(frozen=True, slots=True)
class Server:
    """What the status document says about the server.

    :ivar version: of pulpcore.
    :ivar clock_difference: how far the server's clock is ahead of ours; None if its answer has no date.
    """

    version: str
    has_domains: bool
    clock_difference: timedelta | None
    api_root: str

    @classmethod
    def read(cls, client: Client, config: Pulp3Config) -> Self:
        """Read the status, which needs no login, and set the client's login path.

        :raises TemporaryFailure: the server cannot answer now.
        :raises PermanentFailure: there is no Pulp 3 at this URL.
        """
        path = f"{config.api_root}api/v3/status/"
        asked = utc_now()
        answer = client.get(path, anonymous=True)
        # The header is cut to whole seconds.
        half = timedelta(seconds=0.5)
        difference = None if answer.date is None else answer.date + half - (asked + (utc_now() - asked) / 2)
        server = cls(_core_version(answer.document, path), _has_domains(answer.document), difference, config.api_root)
        client.login_path = f"{server.domain('default').root}login/"
        return server

    def is_old(self) -> bool:
        """Return whether the server is too old to be watched."""
        return tuple(map(int, re.findall(r"\d+", self.version)[:2])) < OLDEST_VERSION

    def domain(self, name: str, created: datetime | None = None) -> Domain:
        """Return the domain with a name; on a server without domains, the only one."""
        if not self.has_domains:
            return Domain(None, f"{self.api_root}api/v3/")
        return Domain(name, f"{self.api_root}{name}/api/v3/", created)

    def domains(self, client: Client, config: Pulp3Config) -> list[Domain]:
        """Return the domains to watch.

        :raises PermanentFailure: all domains are to be watched, and the account sees none.
        """
        if not self.has_domains:
            return [self.domain("default")]
        if config.domains != "all":
            return [self.domain(name) for name in config.domains]
        path = f"{self.domain('default').root}domains/"
        answer = client.get(path, {"fields": "name,pulp_created", "limit": _MOST_DOMAINS})
        found = results(answer.document, lambda entry: (entry["name"], parsed_time(entry.get("pulp_created"))), path)
        if not found:
            raise PermanentFailure(
                f"The account does not see any domains of {config.origin}; grant it the role core.domain_viewer, or "
                "name the domains in the option domains."
            )
        return [self.domain(name, created) for name, created in found]


def _core_version(document: Any, path: str) -> str:
    try:
        versions = {entry["component"]: str(entry["version"]) for entry in document["versions"]}
    except (KeyError, TypeError):
        raise unreadable(path) from None
    if "core" not in versions:
        raise unreadable(path)
    return versions["core"]


def _has_domains(document: Any) -> bool:
    return bool(document.get("domain_enabled"))
