"""A distribution with the source type ``trial``, whose options determine its findings and its status."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from .distributions import installed

_MODULE = """
from pydantic import Field, SecretStr

from pulp_notifiers.errors import TemporaryFailure
from pulp_notifiers.source import Check, Source, SourceConfig


class Options(SourceConfig):
    url: str = Field(description="Where it is.")
    password: SecretStr | None = None
    domains: tuple[str, ...] = ()
    retries: int = 3
    verify: bool = True


class Trial(Source[Options]):
    Config = Options

    def check(self, config):
        yield Check("the server", True, f"{config.url} answers")
        right = config.password is not None and config.password.get_secret_value() == "right"
        yield Check("the login", right, "logged in" if right else "The password is wrong: correct it.")

    def run(self, config, intake):
        if config.url == "http://down/":
            raise TemporaryFailure("The server is down: start it.")
        intake.update_status(lag_seconds=1.25, domains=list(config.domains))
        intake.stopping.wait()
"""


@contextmanager
def trial_source(folder: Path) -> Iterator[Path]:
    """Put it on the import path while the block runs; yield the folder, for other processes."""
    with installed(
        folder,
        "trial-source",
        {"trial": "trial_source_module:Trial"},
        {"trial_source_module": _MODULE},
        group="pulp_notifiers.sources",
    ) as site:
        yield site
