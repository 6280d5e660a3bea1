"""A service that watches a real Pulp 3."""

from tests.harness.pulp3 import Pulp3
from tests.support.service import Service
from tests.support.waiting import wait_until

_SOURCES = "/pulp/api/v3/notifications/sources/"
_ROLES = ("core.task_viewer", "file.filerepository_viewer", "file.fileremote_viewer", "file.filepublication_viewer")
_SECONDS = 120.0


def watch(service: Service, pulp3: Pulp3, login: str) -> None:
    """Add the server as a source, and return when the source polls it.

    :param login: of the account that is created for the source.
    """
    pulp3.api.create_user(login, "watches-1-syncs", _ROLES)
    config = {"url": pulp3.url, "username": login, "password": "watches-1-syncs", "interval": 0.5}
    added = {"name": "pulp", "type": "pulp3", "config": {**config, "server": "pulp.example.com"}}
    service.call("POST", _SOURCES, 201, json=added)
    wait_until(
        lambda: service.call("GET", f"{_SOURCES}pulp/")["facts"].get("polls"), service.log.read_text, seconds=_SECONDS
    )
