"""The tests that every notifier must pass; the test class of a plugin inherits them.

::

    class TestFileNotifier(NotifierContract):
        notifier = FileNotifier
        options = {"path": "/tmp/events"}

pytest runs the inherited tests. If options are only known when a test runs, such as the port of a receiver, set them
in a fixture::

        @pytest.fixture(autouse=True)
        def receiver(self):
            with HttpReceiver() as receiver:
                self.options = {"url": receiver.url}
                yield
"""

import copy
import json
import re
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from types import MappingProxyType
from typing import Any

from ..event import Event
from ..options import SECRET_NAME
from ..plugin_host import LoadedNotifier
from ..settings import Settings
from .templates import template_problems
from .trial import Trial, failures, logged

THREADS = 8
EVENTS_PER_THREAD = 4

_ODD_VALUES: tuple[Any, ...] = (
    *(None, True, 0, -1, 1.5, 2**70),
    *("", " ", "\x00", "\r\n", "é😀", "x" * 10_000),
    *([], [None], ["", 1], [[]], {}, {"a": [1]}),
)
_HOST = re.compile(r"[\w.:%\[\]-]+")
_NOTHING: Mapping[str, Any] = MappingProxyType({})


class NotifierContract:
    """Inherit from this class and set what to test.

    :cvar notifier: what the entry point names: a class, an object, a module, or a function as ``staticmethod(...)``.
    :cvar options: valid options of a listener, with a value for every secret one.
    :cvar reachable: whether :meth:`Notifier.send` succeeds with these options.
    :cvar failing_options: options with which every attempt fails.
    :cvar invalid_options: options that must be refused, each with the names of the wrong ones.
    :cvar secrets: texts within other options, such as a password in a URL, that neither failures nor the log may show.
    :cvar public_options: options that are not secret although their names suggest it.
    :cvar settings: sections of the configuration file.
    """

    notifier: Any
    options: Mapping[str, Any] = _NOTHING
    reachable: bool = True
    failing_options: Sequence[Mapping[str, Any]] = ()
    invalid_options: Sequence[tuple[Mapping[str, Any], Collection[str]]] = ()
    secrets: Sequence[str] = ()
    public_options: Collection[str] = ()
    settings: Mapping[str, Mapping[str, str]] = MappingProxyType({})

    def received(self, count: int) -> Collection[str] | None:
        """Return the event id of each message that arrived, when there are ``count``; None if that is not known."""
        return None

    def event(self) -> Event:
        """Return a new event to send."""
        return Event("repo.sync.finish", {"repo_id": "zoo", "summary": {"é": None}}, {"task_id": "t", "tags": []})

    def test_its_options_have_a_json_schema(self) -> None:
        """REST, the command line and the documentation use it."""
        with self._trial() as trial:
            schema = json.loads(json.dumps(trial.loaded.schema()))

        assert schema.get("type") == "object", f"The schema is not that of an object: {schema}"
        bare = [name for name, facts in schema.get("properties", {}).items() if not facts.get("description")]
        assert not bare, f"Options without a description: {bare}. Write Field(description=...)."

    def test_secrets_are_declared(self) -> None:
        """Everybody who may read listeners sees options that are not declared secret."""
        with self._trial() as trial:
            names = {*trial.option_names(), *self.options}
            declared = trial.loaded.secret_options(dict.fromkeys(names, ""))

        suspects = {name for name in names if SECRET_NAME.search(name)} - declared - {*self.public_options}
        assert not suspects, f"Options that sound secret and are not SecretStr: {sorted(suspects)}"

    def test_valid_options_are_accepted(self) -> None:
        """The notifier does not change them."""
        given = copy.deepcopy(dict(self.options))

        with self._trial() as trial:
            refused = trial.refused(given)

        assert not refused, f"Valid options are refused: {sorted(refused)}"
        assert given == self.options, "The options were changed"

    def test_valid_options_can_be_registered(self) -> None:
        """They have no problems, and ``hosts`` returns hosts, not URLs."""
        with self._trial() as trial:
            config = trial.loaded.parse(self.options)
            problems, hosts = trial.loaded.problems(config), trial.loaded.hosts(config)

        assert not problems, f"Valid options have problems: {problems}"
        names = {*self.options, *trial.option_names()}
        wrong = {option: host for option, host in hosts.items() if option not in names or not _HOST.fullmatch(host)}
        assert not wrong, f"Not an option and its host: {wrong}"

    def test_any_options_are_accepted_or_refused(self) -> None:
        """Clients may send any JSON value; the notifier accepts it or raises InvalidConfig."""
        with self._trial() as trial:
            for name in trial.option_names():
                for value in _ODD_VALUES:
                    trial.refused({**self.options, name: value})

    def test_all_problems_are_reported_at_once(self) -> None:
        """Nobody wants to correct a listener option by option."""
        with self._trial() as trial:
            wrong = {name: value for name in trial.option_names() for value in self._wrong_value(trial, name)}
            required = {*trial.loaded.schema().get("required", ())}
            rest = {name: value for name, value in self.options.items() if name not in required}

            for options, at_fault in (({**self.options, **wrong}, wrong), (rest, required), *self.invalid_options):
                refused = trial.refused(options)
                missing = {*at_fault} - refused
                assert not missing, f"{options}: {sorted(missing)} are not reported, only {sorted(refused)}"

    def test_targets_are_unique_texts(self) -> None:
        """Each target gets its own delivery, which is shown and logged with this text."""
        with self._trial() as trial:
            config = trial.loaded.parse(self.options)
            targets = [*getattr(trial.loaded.notifier, "targets", trial.loaded.targets)(config)]

            assert targets, "There is no target"
            assert targets == [*trial.loaded.targets(config)], f"Targets are not unique, or change: {targets}"
            assert all(isinstance(target, str) and target.isprintable() for target in targets), targets

    def test_send_takes_the_documented_arguments(self) -> None:
        """They are event, config and target, and the number of the attempt if the signature has it."""
        with self._trial() as trial:
            trial.bind_send()

    def test_its_templates_can_be_rendered(self) -> None:
        """Those that it brings along fit its parts, and make something of every recorded event."""
        with self._trial() as trial:
            wrong = [*template_problems(trial.loaded, trial.loaded.parse(self.options))]

        assert not wrong, f"Templates: {wrong}"

    def test_an_event_is_sent(self) -> None:
        """The notifier does not change it, because other listeners get it too; failures are raised, not returned."""
        event = self.event()
        before = copy.deepcopy(event.body())

        with self._trial() as trial:
            results = trial.send_all([event], self.options)

        assert event.body() == before, "The event was changed"
        returned = [result for result in results if result is not None and not failures([result])]
        assert not returned, f"send returned {returned}; it must raise failures and return nothing"
        self._require_arrival(results, [event])

    def test_threads_may_send_at_once(self) -> None:
        """The service calls one notifier from many threads."""
        shares = [[self.event() for _ in range(EVENTS_PER_THREAD)] for _ in range(THREADS)]

        with self._trial() as trial:
            results = trial.send_at_once(shares, self.options)

        self._require_arrival(results, [event for share in shares for event in share])

    def test_failures_have_a_reason(self) -> None:
        """It is one line for the administrator, in a TemporaryFailure or PermanentFailure."""
        with self._trial() as trial:
            results = self._failing_results(trial)

        for result in results:
            assert failures([result]), f"Sending with failing_options did not fail: send returned {result!r}"
            assert str(result).strip(), f"{result!r} has no reason"
            assert str(result).isprintable(), f"The reason is not one line of text: {str(result)!r}"

    def test_no_secret_reaches_text(self) -> None:
        """Neither configs nor errors nor the log nor the schema show a secret."""
        with self._trial() as trial, logged() as lines:
            names = trial.secret_names()
            unset = names - {*self.options}
            assert not unset, f"Set {sorted(unset)} in the options, so that the test can search for the values"
            texts = [str(trial.loaded.schema()), *self._texts_of_options(trial, names)]
            results = [*self._failing_results(trial), *trial.send_all([self.event()], self.options)]
            shown = [text for result in results for text in (str(result), repr(result))]

        secrets = {str(self.options[name]) for name in names}
        assert not _showing(secrets, texts), f"A secret option is shown: {_showing(secrets, texts)}"
        showing = _showing({*secrets, *self.secrets}, [*shown, *lines])
        assert not showing, f"A secret is shown by a failure or in the log: {showing}"

    def test_closing_twice_is_harmless(self) -> None:
        """That is true before and after the first event."""
        with self._trial() as trial:
            trial.loaded.close()
        with self._trial() as trial:
            trial.send_all([self.event()], self.options)
            trial.loaded.close()

    @contextmanager
    def _trial(self) -> Iterator[Trial]:
        loaded = LoadedNotifier("contract", self.notifier, Settings(self.settings).section)
        try:
            yield Trial(loaded)
        finally:
            loaded.close()

    def _failing_results(self, trial: Trial) -> list[object]:
        return [result for options in self.failing_options for result in trial.send_all([self.event()], options)]

    def _wrong_value(self, trial: Trial, name: str) -> list[Any]:
        return [value for value in _ODD_VALUES if name in trial.refused({**self.options, name: value})][-1:]

    def _texts_of_options(self, trial: Trial, secret_names: Collection[str]) -> Iterator[str]:
        yield trial.shown(self.options)
        for name in trial.option_names():
            secret = self.options.get(name)
            values = ([secret], {"x": secret}, f"{secret}" * 1000) if name in secret_names else _ODD_VALUES
            yield from (trial.shown({**self.options, name: value}) for value in values)

    def _require_arrival(self, results: Collection[object], events: Collection[Event]) -> None:
        reasons = {str(failure) for failure in failures(results)}
        assert not (reasons and self.reachable), f"Sending failed: {reasons}. Set reachable = False if that is right."
        arrived = self.received(len(results)) if self.reachable else None
        if arrived is not None:
            targets = len(results) // len(events)
            lost = Counter([str(event.id) for event in events] * targets) - Counter(arrived)
            assert not lost, f"{lost.total()} of {len(results)} were accepted but did not arrive: {sorted(lost)}"


def _showing(secrets: Collection[str], texts: Collection[str]) -> list[str]:
    return [text for text in texts if any(secret in text for secret in secrets)]
