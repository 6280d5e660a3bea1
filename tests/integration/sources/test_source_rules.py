"""The rules for sources: adding, showing, checking and removing them."""

import json

import pytest

from pulp_notifiers.errors import InvalidSource, NoSuchSource
from pulp_notifiers.plugin_host import LoadedSourceType
from pulp_notifiers.records import RegisteredSource, SourceDraft
from pulp_notifiers.source import Check
from pulp_notifiers.sources import Sources
from pulp_notifiers.store import Store
from tests.support.memory import START, Clock
from tests.support.watch_source import Options, Watching, WatchingOnly


@pytest.fixture
def sources(store: Store) -> Sources:
    return Sources(store.sources, WatchingOnly(), clock=Clock())


def test_an_added_source_is_listed_and_shown_by_name_until_it_is_removed(sources):
    """Its secrets are masked."""
    sources.add(SourceDraft("zoo", "watch", {"url": "http://z", "password": "hush-hush"}))
    added = sources.add(SourceDraft("ape", "watch", {"url": "http://a"}))

    assert ["ape", "zoo"] == [source.name for source in sources.list()]
    assert added == sources.get("ape")
    assert {"url": "http://z", "password": "*****"} == sources.shown_config(sources.get("zoo"))
    sources.remove("zoo")
    assert ["ape"] == [source.name for source in sources.list()]
    for ask in (sources.get, sources.remove, sources.status, sources.check):
        with pytest.raises(NoSuchSource, match="'zoo'"):
            ask("zoo")


def test_all_problems_of_a_source_are_reported_at_once(sources):
    """Unknown options are named, and values are not repeated."""
    sources.add(SourceDraft("zoo", "watch", {"url": "http://z"}))

    with pytest.raises(InvalidSource) as refused:
        sources.add(SourceDraft("zoo", "watch", {"password": 5, "colour": "x"}))
    with pytest.raises(InvalidSource) as unknown:
        sources.add(SourceDraft("a" * 65, "tail", {}))
    with pytest.raises(InvalidSource) as masked:
        sources.add(SourceDraft("ape", "watch", {"url": "http://a", "password": "*****"}))

    assert {"name", "config.url", "config.password", "config.colour"} == set(refused.value.problems)
    assert ["Unexpected field"] == refused.value.problems["config.colour"]
    assert {"name", "source_type"} == set(unknown.value.problems)
    assert {"config.password"} == set(masked.value.problems)


@pytest.mark.parametrize("name", ["", ".", "..", "-x", "a b", "a/b", "ä", "a\n", "a" * 65])
def test_a_name_that_does_not_fit_urls_and_command_lines_is_refused(sources, name):
    """It is no name of a source either, so looking it up finds none."""
    with pytest.raises(InvalidSource, match="use 1 to 64 letters"):
        sources.add(SourceDraft(name, "watch", {"url": "http://z"}))
    with pytest.raises(NoSuchSource):
        sources.get(name)


def test_all_options_of_a_source_without_its_plugin_are_masked(sources):
    """Without the plugin it is unknown which of them are secret."""
    gone = RegisteredSource("gone", "other", {"url": "u"}, START, id="1" * 24)

    assert {"url": "*****"} == sources.shown_config(gone)


def test_stored_and_new_configs_can_be_checked(sources):
    """A check that raises is a finding that did not pass."""
    sources.add(SourceDraft("zoo", "watch", {"url": "http://z"}))

    assert [Check("the server", True, "answers")] == list(sources.check("zoo"))
    assert not sources.check_config("watch", {"url": "ftp://z"})[0].passed
    (failed,) = sources.check_config("watch", {"url": "boom"})
    assert "The watch source's check failed: KeyError: 'boom'" == failed.finding
    with pytest.raises(InvalidSource, match="url"):
        sources.check_config("watch", {})


def test_the_schema_of_a_source_type_contains_its_secret_options():
    """A class without check() is refused as a source type."""
    assert json.dumps(LoadedSourceType("watch", Watching).schema()).count('"password"') >= 1
    for wrong in (object(), Options):
        with pytest.raises(TypeError, match=r"has no check\(config\)"):
            LoadedSourceType("watch", wrong)
