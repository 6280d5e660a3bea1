"""A thread that starts when it is first needed."""

import threading
from collections.abc import Callable


class LazyThread:
    """A daemon thread that any thread may start; the first to do so starts it."""

    def __init__(self, run: Callable[[], None], name: str) -> None:
        self._run = run
        self._name = name
        self._thread: threading.Thread | None = None
        self._starting = threading.Lock()

    def start(self) -> bool:
        """Make sure that the thread runs; return False if it cannot be started."""
        if self._thread is not None or not self._starting.acquire(blocking=False):
            return True  # it runs, or another thread is starting it
        try:
            if self._thread is None:
                thread = threading.Thread(target=self._run, name=self._name, daemon=True)
                thread.start()
                self._thread = thread
        except RuntimeError:  # no more threads, or the interpreter is shutting down
            return False
        finally:
            self._starting.release()
        return True

    def join(self, seconds: float) -> None:
        """Wait for the thread to end, if it was started, at most this long."""
        if self._thread is not None:
            self._thread.join(seconds)
