"""Runs a notifier on options and events, and returns the results as values that a test can examine."""

import inspect
import logging
import sys
import threading
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import Any

from ..errors import InvalidConfig, NotifierUnavailable, PermanentFailure, TemporaryFailure
from ..event import Event
from ..notifier import SendContext
from ..plugin_host import LoadedNotifier

_SWITCH_SECONDS = 1e-5  # a five-hundredth of the default, so that race conditions show sooner


class Trial:
    """Runs one loaded notifier."""

    def __init__(self, loaded: LoadedNotifier) -> None:
        self.loaded = loaded

    def option_names(self) -> list[str]:
        """Return the options that the schema describes."""
        return [*self.loaded.schema().get("properties", {})]

    def secret_names(self) -> frozenset[str]:
        """Return the options that the notifier declares secret."""
        return self.loaded.secret_options(dict.fromkeys(self.option_names(), ""))

    def targets(self, options: Mapping[str, Any]) -> tuple[str, ...]:
        """Return the targets of valid options."""
        return self.loaded.targets(self.loaded.parse(options))

    def refused(self, options: Mapping[str, Any]) -> set[str]:
        """Return which options are refused; none if all are accepted.

        :raises AssertionError: a reason is missing, or the notifier raised something other than InvalidConfig.
        """
        try:
            config = self.loaded.parse(options)
            self.loaded.targets(config)
            self.loaded.advice(config)
            self.loaded.problems(config)
            self.loaded.hosts(config)
        except InvalidConfig as refusal:
            if not refusal.problems:
                raise AssertionError(f"{options} are refused without a reason") from refusal
            return {name.partition(".")[0] for name in refusal.problems}
        except NotifierUnavailable as failure:
            raise AssertionError(f"{options}: {failure.reason}") from failure
        return set()

    def shown(self, options: Mapping[str, Any]) -> str:
        """Return the text of the config that options become, or of the error that refuses them."""
        try:
            config = self.loaded.parse(options)
            said = self.loaded.targets(config), self.loaded.advice(config), self.loaded.problems(config)
            return f"{config} {config!r} {said}"
        except InvalidConfig as refusal:
            return f"{refusal} {refusal!r}"

    def bind_send(self) -> None:
        """Bind the documented arguments to the plugin's own ``send`` without calling it.

        :raises TypeError: it does not take them.
        """
        inspect.signature(self.loaded.notifier.send).bind("event", "config", "target", **self._further())

    def send(self, event: Event, options: Mapping[str, Any], target: str) -> object:
        """Return what the plugin's own ``send`` returns, or the failure that it raises."""
        try:
            result: object = self.loaded.notifier.send(event, self.loaded.parse(options), target, **self._further())
        except (TemporaryFailure, PermanentFailure) as failure:
            return failure
        return result

    def send_all(self, events: Sequence[Event], options: Mapping[str, Any]) -> list[object]:
        """Send events to every target of the options, and return the result of each."""
        return [self.send(event, options, target) for event in events for target in self.targets(options)]

    def send_at_once(self, shares: Sequence[Sequence[Event]], options: Mapping[str, Any]) -> list[object]:
        """Send each share of events in its own thread, all starting together."""
        return _at_once(lambda share: self.send_all(share, options), shares)

    def _further(self) -> dict[str, Any]:
        known = {"attempt": 1, "context": SendContext()}
        parameters = inspect.signature(self.loaded.notifier.send).parameters
        return {name: value for name, value in known.items() if name in parameters}


def failures(results: Collection[object]) -> list[object]:
    """Return the results of sending that are failures."""
    return [result for result in results if isinstance(result, TemporaryFailure | PermanentFailure)]


@contextmanager
def logged() -> Iterator[list[str]]:
    """Collect the lines that are logged, at any level, while the block runs."""
    root, handler = logging.getLogger(), _Lines()
    level = root.level
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    try:
        yield handler.lines
    finally:
        root.setLevel(level)
        root.removeHandler(handler)


class _Lines(logging.Handler):
    def __init__(self) -> None:
        super().__init__(logging.NOTSET)
        self.lines: list[str] = []

    def emit(self, record: logging.LogRecord) -> None:
        self.lines.append(self.format(record))


def _at_once(work: Callable[[Sequence[Event]], list[object]], shares: Sequence[Sequence[Event]]) -> list[object]:
    ready = threading.Barrier(len(shares))

    def start(share: Sequence[Event]) -> list[object]:
        ready.wait()
        return work(share)

    usual = sys.getswitchinterval()
    sys.setswitchinterval(_SWITCH_SECONDS)
    try:
        with ThreadPoolExecutor(len(shares)) as threads:
            return [result for results in threads.map(start, shares) for result in results]
    finally:
        sys.setswitchinterval(usual)
