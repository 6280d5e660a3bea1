"""A client that reads a world in memory, so that thousands of polls take seconds."""

from collections import Counter
from collections.abc import Callable, Mapping
from typing import Any

import pulp3_documents
import pulp3_queries
from pulp3_world import World
from pulp_source_pulp3.client import Answer
from pulp_source_pulp3.config import Pulp3Config
from pulp_source_pulp3.content import ContentNames
from pulp_source_pulp3.failures import NotFound
from pulp_source_pulp3.interest import Interest
from pulp_source_pulp3.kinds import Kinds
from pulp_source_pulp3.memory import Memory
from pulp_source_pulp3.names import Names
from pulp_source_pulp3.poll import Poll
from pulp_source_pulp3.repository_events import Origin
from pulp_source_pulp3.tasks import TaskQueries
from pulp_source_pulp3.translation import Translator

ROOT = "/pulp/api/v3/"
ORIGIN = Origin("https://pulp.example", "https://pulp.example", "pulp.example", None, "tried")


class DirectClient:
    """Answers like the server of a world.

    :ivar before: called before each request is answered, so that a test can change things while they are read.
    :ivar asked: paths and parameters of all requests.
    """

    def __init__(self, world: World) -> None:
        self.world = world
        self.before: Callable[[], None] = lambda: None
        self.asked: list[tuple[str, Mapping[str, str]]] = []

    def get(self, path: str, parameters: Mapping[str, str] | None = None) -> Answer:
        """Return the document at a path."""
        self.before()
        query = dict(parameters or {})
        self.asked.append((path, query))
        return Answer(self._document(path.removeprefix(ROOT), query), self.world.clock().replace(microsecond=0))

    def _document(self, rest: str, query: dict[str, str]) -> Any:
        if rest == "tasks/":
            chosen = pulp3_queries.select(list(self.world.tasks.values()), query)
            return pulp3_queries.page(rest, query, chosen, lambda task: task.document())
        repositories = list(self.world.repositories.values())
        if rest in ("repositories/", "remotes/"):
            show = pulp3_documents.of_repository if rest == "repositories/" else pulp3_documents.of_remote
            items = pulp3_documents.named([show(each) for each in repositories], query)
            return pulp3_queries.page(rest, query, items, lambda item: item)
        for repository in repositories:
            for number in range(1, len(repository.added) + 1):
                if repository.version_href(number).endswith(rest):
                    return pulp3_documents.of_version(repository, number)
        raise NotFound(f"{rest} does not exist")


def poll_of(
    world: World,
    intake: Any,
    client: DirectClient | None = None,
    seconds: Callable[[], float] = lambda: 0.0,
    page: int = 500,
    **options: Any,
) -> Poll:
    """Return the watch of a world, which continues from what the intake remembers."""
    client = client or DirectClient(world)
    kinds = Kinds(Pulp3Config(url=ORIGIN.url, **options))
    names = Names(client, f"{ROOT}repositories/", seconds), Names(client, f"{ROOT}remotes/", seconds)
    translator = Translator(ORIGIN, kinds, *names, client, Interest(intake), Counter(), ContentNames(client, 1000))
    memory = Memory("default", intake.remembered())
    return Poll(None, TaskQueries(client, f"{ROOT}tasks/"), memory, translator, kinds, intake, seconds, page)
