"""The App used by Pulp 2.7's names if none is passed."""

import atexit
import threading

from ..app import App


class _SharedApp:
    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._app: App | None = None

    def app(self) -> App:
        with self._lock:
            if self._app is None:
                self._app = App.from_settings()
            return self._app

    def close(self) -> None:
        with self._lock:
            app, self._app = self._app, None
        if app is not None:
            app.close()


_shared = _SharedApp()
atexit.register(_shared.close)


def shared_app() -> App:
    """Return the shared App of this process, created from the settings on first use.

    :raises InvalidSetting: a setting is wrong.
    :raises StoreUnavailable: the database does not answer.
    """
    return _shared.app()


def close() -> None:
    """Close the shared App of this process; the next use creates a new one. It is also closed at exit."""
    _shared.close()
