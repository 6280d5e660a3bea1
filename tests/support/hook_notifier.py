"""A notifier with an option, a secret and a warning, for tests of the rules for listeners."""

from typing import Annotated

from pydantic import SecretStr

from pulp_notifiers.event import Event
from pulp_notifiers.notifier import Destination, Notifier, NotifierConfig


class HookConfig(NotifierConfig):
    """Options of the notifier."""

    url: Annotated[str, Destination()]
    password: SecretStr | None = None


class Hook(Notifier[HookConfig]):
    """Accepts everything and sends nothing."""

    Config = HookConfig

    def advice(self, config: HookConfig) -> list[str]:
        return ["The URL is not encrypted."] if config.url.startswith("http:") else []

    def send(self, event: Event, config: HookConfig, target: str) -> None: ...
