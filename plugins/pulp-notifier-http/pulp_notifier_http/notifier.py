"""The notifier ``http``: posts the event to the listener's URL and reads the status of the answer."""

import os
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from pulp_notifiers.event import Event
from pulp_notifiers.notifier import Notifier, SendContext

from .config import HttpConfig, HttpSettings
from .connections import Connections
from .destination import destination, strict_problem
from .failures import answer_failure
from .from_template import PARTS, rendered_problem, template_problems
from .request import TIMEOUT_SECONDS, render
from .trust import TrustStores


class HttpNotifier(Notifier[HttpConfig]):
    """Posts events to a URL.

    :param timeout_seconds: for one exchange as a whole.
    """

    Config = HttpConfig
    Settings = HttpSettings
    settings_section = "http"
    template_parts = PARTS

    def __init__(self, timeout_seconds: float = TIMEOUT_SECONDS) -> None:
        self._timeout_seconds = timeout_seconds
        self.configure(HttpSettings.model_validate({}))
        # By process and thread, because a fork copies the connections of threads that it does not copy. A new thread
        # may get the number of one that ended; it then uses those connections.
        self._connections: dict[tuple[int, int], Connections] = {}

    def configure(self, settings: HttpSettings) -> None:
        """Use the settings in the section ``[http]``."""
        self._settings = settings
        self._trust = TrustStores(settings.certificate_dirs)

    def problems(self, config: HttpConfig) -> Mapping[str, str]:
        """Return what is wrong with the URL although requests to it can be sent, and which files are not allowed."""
        problems = {"url": strict_problem(config.url)}
        for option, path in (("ca_path", config.ca_path), ("cert", config.cert), ("key", config.key)):
            problems[option] = path and self._place_problem(path)
        return {option: problem for option, problem in problems.items() if problem}

    def hosts(self, config: HttpConfig) -> Mapping[str, str]:
        """Return the host of the URL."""
        return {"url": urlsplit(destination(config.url).url).hostname or ""}

    def advice(self, config: HttpConfig) -> Sequence[str]:
        """Remark on credentials that are incomplete, or given twice."""
        if config.token is not None and config.credentials() is not None:
            return ("The http listener has a token, so it does not send its username and password; remove them.",)
        if (config.username is None) == (config.password is None):
            return ()
        given, missing = ("username", "password") if config.password is None else ("password", "username")
        return (f"The http listener has a {given} but no {missing}, so it does not authenticate; set both.",)

    def template_problems(self, parts: Mapping[str, Any]) -> Mapping[str, str]:
        """Return two bodies, and headers that a template may not set."""
        return dict(template_problems(parts))

    def rendered_problem(self, rendered: Mapping[str, Any]) -> str | None:
        """Return which header cannot be sent."""
        return rendered_problem(rendered)

    def send(
        self, event: Event, config: HttpConfig, target: str, *, attempt: int = 1, context: SendContext | None = None
    ) -> None:
        """Post an event; see :meth:`pulp_notifiers.notifier.Notifier.send`."""
        request = render(event, config, attempt, self._timeout_seconds, context)
        failure = answer_failure(self._own_connections().post(request), request)
        if failure:
            raise failure

    def close(self) -> None:
        """Close all connections."""
        for process, thread in list(self._connections):
            if process == os.getpid():
                self._connections.pop((process, thread)).close()

    def _place_problem(self, path: str) -> str | None:
        # As it is written, because where it leads says which files exist; that is checked at an attempt.
        directories = self._settings.certificate_dirs
        written = Path(os.path.normpath(path))
        if not directories or any(written.is_relative_to(directory) for directory in directories):
            return None
        return f"it is not in {' or '.join(map(str, directories))}, as [http] certificate_dirs demands"

    def _own_connections(self) -> Connections:
        owner = (os.getpid(), threading.get_ident())
        connections = self._connections.get(owner)
        if connections is None:
            connections = self._connections[owner] = Connections(self._trust)
        return connections
