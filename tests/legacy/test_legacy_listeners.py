"""``EventListenerManager``, over real Apps."""

import pytest

from pulp_notifiers.errors import InvalidValue, NoSuchListener
from pulp_notifiers.legacy import EventListenerManager
from tests.support.bson_types import ObjectId

HEX = "57238b2aaca4886d97990601"
CONFIG = {"url": "https://receiver.example/", "username": "joe", "password": "correct horse"}

pytestmark = pytest.mark.filterwarnings("ignore:.* is deprecated since Pulp 2.7:DeprecationWarning")


def test_listeners_are_the_documents_of_the_rest_api(app):
    """Secrets are masked."""
    created = EventListenerManager(app).create("http", CONFIG, ["repo.sync.finish", "repo.sync.finish"])

    assert {
        "_href": f"/pulp/api/v2/events/{created['id']}/",
        "_id": {"$oid": created["id"]},
        "_ns": "event_listeners",
        "id": created["id"],
        "notifier_type_id": "http",
        "notifier_config": {**CONFIG, "password": "*****"},
        "event_types": ["repo.sync.finish", "repo.sync.finish"],
    } == created
    assert (
        created
        == EventListenerManager(app).get(created["id"])
        == EventListenerManager(app).get(ObjectId(created["id"]))
    )
    assert [created] == EventListenerManager(app).list()


def test_an_update_merges_the_config(app):
    """None removes a key, other keys stay, and the caller's dict is not modified."""
    manager = EventListenerManager(app)
    listener = manager.create("http", CONFIG, ["*"])
    delta = {"username": None, "password": "*****", "url": "https://other.example/"}

    changed = manager.update(listener["id"], notifier_config=delta)

    assert {"url": "https://other.example/", "password": "*****"} == changed["notifier_config"]
    assert "correct horse" == app.listeners.get(listener["id"]).config["password"]
    assert {"username": None, "password": "*****", "url": "https://other.example/"} == delta
    assert ["repo.sync.start"] == manager.update(listener["id"], event_types=["repo.sync.start"])["event_types"]
    assert manager.get(listener["id"]) == manager.update(listener["id"])


def test_a_deleted_listener_cannot_be_read_changed_or_deleted(app):
    """Pulp 2 raised an exception too."""
    manager = EventListenerManager(app)
    listener = manager.create("n1", None, ["*"])

    manager.delete(listener["id"])

    assert [] == manager.list()
    for call in (manager.get, manager.delete, manager.update):
        with pytest.raises(NoSuchListener):
            call(listener["id"])


@pytest.mark.parametrize("listener_id", ["", "zoo", None, 7, "57238B2AACA4886D97990601", {"$oid": HEX}])
def test_a_value_that_is_not_an_id_is_no_such_listener(app, listener_id):
    """It may have any type."""
    with pytest.raises(NoSuchListener):
        EventListenerManager(app).get(listener_id)


@pytest.mark.parametrize(
    ("arguments", "names"),
    [
        (("n1", {}, []), ["event_types"]),
        (("n1", {}, "repo.sync.start"), ["event_types"]),
        (("nobody", {}, ["repo-sync-started"]), ["event_types"]),
        (("nobody", {}, ["*"]), ["notifier_type_id"]),
        (("n1", [], ["*"]), ["notifier_config"]),
    ],
)
def test_wrong_values_are_refused_by_the_rules_of_rest(app, arguments, names):
    """They are checked in the same order."""
    with pytest.raises(InvalidValue) as refusal:
        EventListenerManager(app).create(*arguments)

    assert names == refusal.value.property_names
    assert [] == app.listeners.list()
