"""Plugins found through real entry points."""

import sys
from contextlib import ExitStack

import pytest

from pulp_notifiers.errors import NotifierMisconfigured, NotifierUnavailable, SourceUnavailable
from pulp_notifiers.event import Event
from pulp_notifiers.plugin_host import NotifierRegistry, SourceTypeRegistry
from pulp_notifiers.plugin_host.registry import LOOK_SECONDS
from pulp_notifiers.settings import Settings
from tests.support.distributions import installed

GROUP = "pulp_notifiers.test_notifiers"
GOOD = "def handle_event(notifier_config, event): pass\n"


@pytest.fixture
def site(tmp_path):
    """Install throw-away distributions in the group of these tests."""
    with ExitStack() as stack:

        def install(name, entry_points, modules):
            stack.enter_context(installed(tmp_path, name, entry_points, modules, group=GROUP))

        yield install


@pytest.fixture
def registry():
    """Return a registry of the group of these tests."""
    return NotifierRegistry(Settings().section, GROUP)


def test_listing_plugins_imports_none_of_them(site, registry):
    """Names, versions and origins come from metadata."""
    site("chat-dist", {"chat": "chat_module:Chat"}, {"chat_module": "raise RuntimeError('imported')"})

    (found,) = registry.installed()

    assert ("chat", "chat-dist", "1.0", "chat_module:Chat", None) == (
        found.type,
        found.distribution,
        found.version,
        found.origin,
        found.problem,
    )
    assert "chat_module" not in sys.modules


def test_a_notifier_is_loaded_on_first_use_and_once(site, registry):
    """The process has one copy."""
    site("good-dist", {"good": "good_module"}, {"good_module": GOOD})

    assert registry.get("good") is registry.get("good")
    assert "good_module" in sys.modules


@pytest.mark.parametrize(
    ("source", "reason"),
    [
        ("import no_such_module_at_all", "ModuleNotFoundError: No module named 'no_such_module_at_all'"),
        ("raise AssertionError('half built')", "AssertionError: half built"),
        ("raise SystemExit(3)", "SystemExit: 3"),
        ("class Stop(BaseException): pass\nraise Stop('for all')", "Stop: for all"),
        ("raise GeneratorExit", "GeneratorExit"),
        ("class Odd(Exception): __str__ = None\nraise Odd", "Odd: it cannot be printed"),
        ("syntax error", "SyntaxError"),
        ("x = 1", "has no function handle_event"),
    ],
)
def test_a_plugin_that_cannot_be_used_is_listed_with_the_reason(site, registry, source, reason):
    """Other plugins still work."""
    site("bad-dist", {"bad": "bad_module"}, {"bad_module": source})
    site("good-dist", {"good": "good_module"}, {"good_module": GOOD})

    problems = {found.type: found.problem for found in registry.examined()}

    assert reason in problems["bad"]
    assert "bad-dist (bad_module) cannot be loaded" in problems["bad"]
    assert problems["good"] is None


def test_two_distributions_that_offer_the_same_type_are_both_refused(site, registry):
    """The error names both, even if another entry point is between them."""
    site("first-dist", {"chat": "first_module"}, {"first_module": GOOD})
    site("middle-dist", {"other": "middle_module"}, {"middle_module": GOOD})
    site("second-dist", {"chat": "second_module"}, {"second_module": GOOD})

    with pytest.raises(NotifierUnavailable, match=r"first-dist .* and second-dist .*uninstall all but one"):
        registry.get("chat")

    assert not registry.knows("chat")
    assert registry.knows("other")
    assert [True, True, False] == ["uninstall" in (found.problem or "") for found in registry.installed()]


def test_a_plugin_that_is_installed_while_running_is_found(site, registry):
    """No restart is necessary."""
    with pytest.raises(NotifierUnavailable, match="No notifier 'late' is installed"):
        registry.get("late")

    site("late-dist", {"late": "late_module"}, {"late_module": GOOD})

    assert registry.knows("late")
    assert "late" == registry.get("late").type


def test_the_old_name_of_http_still_means_http(site, registry):
    """Stored listeners have that type (CONTRACT 7, Q2), but none can be registered with it."""
    site("http-dist", {"http": "http_module"}, {"http_module": GOOD})

    assert "http" == registry.get("rest-api").type
    assert not registry.knows("rest-api")


CHAT = """
from pydantic import BaseModel

class Section(BaseModel):
    port: int = 1

class Chat:
    Config = Section
    Settings = Section
    settings_section = "chat"

    def configure(self, settings):
        self.port = settings.port

    def targets(self, config):
        return [f"room {self.port}"]

    def send(self, event, config, target):
        pass

    def close(self):
        del self.port
"""


def test_a_notifier_with_a_wrong_setting_is_logged_once_and_sends_nothing(site, caplog):
    """It is loaded all the same, so that listeners can be registered; its problem says what to correct."""
    site("chat-dist", {"chat": "chat_module:Chat"}, {"chat_module": CHAT})
    registry = NotifierRegistry(Settings({"chat": {"port": "many"}}).section, GROUP)

    registry.log_problems()
    registry.log_problems()
    chat = registry.get("chat")
    with pytest.raises(NotifierMisconfigured) as raised:
        chat.send(Event("repo.sync.finish", {}), chat.parse({}), "", 1)

    sentence = "[chat] port = 'many' is not allowed: "
    assert sentence in raised.value.reason
    assert [raised.value.reason] == [one.problem for one in registry.installed()] == [chat.problem]
    (record,) = [record for record in caplog.records if sentence in record.getMessage()]
    assert "ERROR" == record.levelname
    assert "restart the service; until then, deliveries of chat listeners stay pending." in record.getMessage()


def test_what_fails_in_a_notifier_with_a_wrong_setting_is_due_to_that_setting(site, caplog):
    """A method may need what it was not configured with; deliveries wait all the same, and nothing more is logged."""
    site("chat-dist", {"chat": "chat_module:Chat"}, {"chat_module": CHAT})
    registry = NotifierRegistry(Settings({"chat": {"port": "many"}}).section, GROUP)
    chat = registry.get("chat")

    with pytest.raises(NotifierMisconfigured, match=r"\[chat\] port = 'many'"):
        chat.targets(chat.parse({}))
    registry.close()

    assert 1 == caplog.text.count("[chat] port")


def test_close_closes_the_loaded_plugins_once(site, registry):
    """Pools are released."""
    source = (
        "from pulp_notifiers.notifier import Notifier\n"
        "CLOSED = []\n"
        "class Chat(Notifier):\n"
        "    def send(self, event, config, target): pass\n"
        "    def close(self): CLOSED.append(1)\n"
    )
    site("chat-dist", {"chat": "chat_module:Chat"}, {"chat_module": source})
    registry.get("chat")

    registry.close()
    registry.close()

    assert [1] == sys.modules["chat_module"].CLOSED


def test_sources_are_found_and_refused_by_the_same_rules(tmp_path):
    """Each group has its own names."""
    source = (
        "from pulp_notifiers.source import Source\n"
        "CLOSED = []\n"
        "class Good(Source):\n"
        "    def check(self, config): return ()\n"
        "    def run(self, config, intake): pass\n"
        "    def close(self): CLOSED.append(1)\n"
        "class NoRun:\n"
        "    def check(self, config): return ()\n"
    )
    registry = SourceTypeRegistry("pulp_notifiers.test_sources")
    with ExitStack() as stack:
        for name, offered in (("one-dist", {"good": "one:Good", "bad": "one:NoRun"}), ("two-dist", {"twice": "two:A"})):
            module = name.partition("-")[0]
            dist = installed(tmp_path, name, offered, {module: source}, group="pulp_notifiers.test_sources")
            stack.enter_context(dist)
        again = installed(tmp_path, "three-dist", {"twice": "three:A"}, {}, group="pulp_notifiers.test_sources")
        stack.enter_context(again)

        assert ["bad", "good", "twice", "twice"] == [found.type for found in registry.installed()]
        problems = {found.type: found.problem for found in registry.examined()}
        assert "has no run(config, intake)" in problems["bad"]
        assert "Source type 'twice' is offered by three-dist" in problems["twice"]
        assert problems["good"] is None
        with pytest.raises(SourceUnavailable, match="No source type 'late' is installed"):
            registry.get("late")
        closed = sys.modules["one"].CLOSED
        registry.close()
        assert [1] == closed


class Clock:
    """A clock that a test sets."""

    def __init__(self):
        self.seconds = 0.0

    def __call__(self):
        return self.seconds


@pytest.fixture
def clock():
    """Return a clock."""
    return Clock()


@pytest.fixture
def watched(clock):
    """Return a registry that reads this clock."""
    return NotifierRegistry(Settings().section, GROUP, clock)


def test_a_plugin_that_is_uninstalled_while_running_is_no_longer_given_out(tmp_path, watched, clock, caplog):
    """After a bounded time, at most one look for each interval; it is an unknown type then."""
    with installed(tmp_path, "gone-dist", {"gone": "gone_module"}, {"gone_module": GOOD}, group=GROUP):
        loaded = watched.get("gone")
        assert watched.knows("gone")
    assert loaded is watched.get("gone")

    clock.seconds += LOOK_SECONDS

    with pytest.raises(NotifierUnavailable, match="No notifier 'gone' is installed"):
        watched.get("gone")
    assert not watched.knows("gone")
    assert ["Notifier gone was uninstalled: what needs it fails until it is installed again"] == caplog.messages


def test_a_plugin_that_comes_back_is_the_same_one(tmp_path, watched, clock, caplog):
    """Its modules are still imported, and its pools are closed only once."""
    caplog.set_level("INFO")
    source = f"{GOOD}CLOSED = []\ndef close(): CLOSED.append(1)\n"
    with installed(tmp_path / "a", "back-dist", {"back": "back_module"}, {"back_module": source}, group=GROUP):
        loaded = watched.get("back")
    clock.seconds += LOOK_SECONDS
    with pytest.raises(NotifierUnavailable):
        watched.get("back")

    with installed(tmp_path / "b", "back-dist", {"back": "back_module"}, {"back_module": source}, group=GROUP):
        assert loaded is watched.get("back")

    assert "Notifier back is installed again" == caplog.messages[-1]


def test_a_plugin_that_is_upgraded_while_running_needs_a_restart(tmp_path, watched, clock, caplog):
    """The log says so once for each version, and the list for as long as it is true."""
    arguments = {"new": "new_module"}, {"new_module": GOOD}
    with installed(tmp_path / "a", "new-dist", *arguments, version="1.0", group=GROUP):
        loaded = watched.get("new")
    with installed(tmp_path / "b", "new-dist", *arguments, version="2.0", group=GROUP):
        for _ in range(3):
            clock.seconds += LOOK_SECONDS
            assert loaded is watched.get("new")
        (listed,) = watched.installed()

    sentence = "Version 2.0 of the notifier new is installed, and version 1.0 is in use until the service is restarted."
    assert [sentence] == caplog.messages
    assert ("2.0", None, sentence) == (listed.version, listed.problem, listed.warning)


def test_an_upgrade_with_a_pause_needs_a_restart_too(tmp_path, watched, clock, caplog):
    """While nothing is installed, what needs it fails."""
    arguments = {"new": "new_module"}, {"new_module": GOOD}
    with installed(tmp_path / "a", "new-dist", *arguments, version="1.0", group=GROUP):
        loaded = watched.get("new")
    clock.seconds += LOOK_SECONDS
    with pytest.raises(NotifierUnavailable):
        watched.get("new")
    with installed(tmp_path / "b", "new-dist", *arguments, version="2.0", group=GROUP):
        assert loaded is watched.get("new")

    assert "version 1.0 is in use until the service is restarted" in caplog.messages[-1]


def test_a_second_distribution_of_a_loaded_type_is_a_problem_in_the_list(tmp_path, watched, clock):
    """The loaded one is used until the service ends."""
    with installed(tmp_path, "one-dist", {"twice": "one_module"}, {"one_module": GOOD}, group=GROUP):
        loaded = watched.get("twice")
        with installed(tmp_path, "two-dist", {"twice": "two_module"}, {"two_module": GOOD}, group=GROUP):
            clock.seconds += LOOK_SECONDS
            assert loaded is watched.get("twice")
            assert all("uninstall all but one" in found.problem for found in watched.installed())
