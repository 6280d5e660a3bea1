"""The rule that a listener must not name the service's own machine as its receiver, unless the settings allow it."""

from collections.abc import Callable, Mapping
from typing import Any

from ..errors import InvalidConfig, NotifierUnavailable
from ..outbound import local_address
from ..plugin_host import LoadedNotifier
from .checks import Problems


class LocalReceivers:
    """Finds the hosts of a config that are the service's own machine or on its network link.

    :param allowed: whether listeners may name them.
    :param find: returns an address of a host that is local, or None. It may ask the name server, so do not call it
        within a transaction.
    """

    def __init__(self, allowed: bool, find: Callable[[str], str | None] = local_address) -> None:
        self._allowed = allowed
        self._find = find

    def problems(self, notifier: LoadedNotifier, config: Mapping[str, Any]) -> Problems:
        """Return what is wrong with a listener's options, by ``config.NAME``; nothing if they are not valid."""
        if self._allowed:
            return {}
        try:
            hosts = notifier.hosts(notifier.parse(config))
        except (InvalidConfig, NotifierUnavailable):
            return {}
        found = {option: (host, self._find(host)) for option, host in hosts.items()}
        return {f"config.{option}": [_sentence(host, local)] for option, (host, local) in found.items() if local}


def _sentence(host: str, local: str) -> str:
    leads = "" if local == host else f" leads to {local}, which"
    return (
        f"{host}{leads} is the service's own machine, or only on its network link: name another receiver. If the "
        "receiver is there, an administrator can set allow_local_receivers = true in [notifiers]."
    )
