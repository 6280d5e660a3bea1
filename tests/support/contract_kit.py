"""A good notifier and its contract; tests change one thing and see which inherited tests fail."""

from pydantic import Field, SecretStr

from pulp_notifiers.errors import TemporaryFailure
from pulp_notifiers.notifier import Notifier, NotifierConfig
from pulp_notifiers.testing.contract import NotifierContract

SECRET = "correct horse battery staple"


class GoodConfig(NotifierConfig):
    """Options of every kind."""

    address: str = Field(min_length=1, description="Where to.")
    size: int = Field(1, ge=0, description="How large.")
    password: SecretStr = Field(SecretStr(""), description="Of the account.")


class GoodNotifier(Notifier[GoodConfig]):
    """Passes every test."""

    Config = GoodConfig

    def __init__(self):
        self.inbox = []

    def targets(self, config):
        """Return two targets."""
        return (config.address, "copy")

    def advice(self, config):
        """Return one warning."""
        return ("Use a longer address.",) if len(config.address) < 3 else ()

    def send(self, event, config, target, *, attempt=1):
        """Keep the event."""
        if config.address == "nowhere":
            raise TemporaryFailure("Nobody is there.")
        Inbox.ids.append(str(event.id))


class Inbox:
    """Keeps the ids of all events that arrived."""

    ids: list[str] = []


class Good(NotifierContract):
    """A contract that its notifier fulfils."""

    notifier = GoodNotifier
    options = {"address": "here", "password": SECRET}
    failing_options = ({"address": "nowhere", "password": SECRET},)
    invalid_options = (({"address": "", "size": -1}, ["address", "size"]),)

    def received(self, _count):
        """Return the ids of the events."""
        return Inbox.ids


TESTS = [name for name in dir(NotifierContract) if name.startswith("test_")]


def failing_tests(contract):
    """Return which of the inherited tests fail."""
    failing = set()
    for name in TESTS:
        try:
            getattr(contract(), name)()
        except Exception:  # noqa: BLE001  a bad notifier may raise anything
            failing.add(name)
    return failing


def contract(config=GoodConfig, notifier=GoodNotifier, **facts):
    """Return the good contract with another notifier, config model or facts."""
    made = type("Changed", (notifier,), {"Config": config})
    return type("Contract", (Good,), {"notifier": made, **facts})
