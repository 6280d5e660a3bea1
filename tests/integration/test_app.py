"""The wired product, as an embedding developer uses it."""

import sqlite3

import pytest

from pulp_notifiers.app import App
from pulp_notifiers.errors import InvalidSetting
from pulp_notifiers.event import Event
from pulp_notifiers.records import DeliveryState, SourceDraft, SourceState
from pulp_notifiers.settings import Settings
from pulp_notifiers.testing.http import HttpReceiver
from tests.support.running import running_app, wait_until_idle
from tests.support.trial_source import trial_source
from tests.support.waiting import wait_until


def settings(folder, **own):
    return Settings({"notifiers": {"state_directory": str(folder), **own}})


def test_an_event_fired_in_a_script_is_delivered(tmp_path):
    """It is the example in the docstring of App."""
    with HttpReceiver() as receiver, running_app(tmp_path) as app:
        app.pulp2_listeners.create("http", {"url": receiver.url}, ["*"])

        assert 1 == app.fire(Event("repo.sync.finish", {"repo_id": "zoo"}))

        (request,) = receiver.wait_for(1)
        assert "zoo" == request.json()["payload"]["repo_id"]


def test_an_event_fired_without_a_worker_is_delivered_after_the_next_start(tmp_path):
    """The worker may be in another process."""
    with HttpReceiver() as receiver:
        with App.from_settings(settings(tmp_path / "state")) as app:
            app.pulp2_listeners.create("http", {"url": receiver.url}, ["*"])
            app.fire(Event("repo.sync.start", {"repo_id": "zoo"}))
            assert not app.worker.running
        with running_app(tmp_path) as app:
            receiver.wait_for(1)
            wait_until_idle(app)


def test_no_source_runs_before_the_listeners_have_been_read(tmp_path, caplog):
    """It would skip events that a listener matches."""
    state = tmp_path / "state"
    with trial_source(tmp_path / "site"), App.from_settings(settings(state)) as app:
        app.sources.add(SourceDraft("zoo", "trial", {"url": "http://up/"}))
        sql(state, "ALTER TABLE listeners RENAME TO gone")
        app.source_runner.start()
        wait_until(lambda: "Sources are waiting for the database" in caplog.text)
        assert SourceState.WAITING == app.sources.status("zoo").state

        sql(state, "ALTER TABLE gone RENAME TO listeners")
        app.source_runner.wake()
        wait_until(lambda: app.sources.status("zoo").state is SourceState.RUNNING)


def sql(state, statement):
    """Change the database in a way that the product never does."""
    connection = sqlite3.connect(state / "notifiers.db")
    with connection:
        connection.execute(statement)
    connection.close()


def test_an_app_with_a_lost_key_file_does_not_start(tmp_path):
    """Nothing is written with another key."""
    with App.from_settings(settings(tmp_path)) as app:
        app.pulp2_listeners.create("http", {"url": "http://x/", "password": "p"}, ["*"])
    (tmp_path / "secret.key").unlink()

    with pytest.raises(InvalidSetting, match="restore the file from a backup"):
        App.from_settings(settings(tmp_path))


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("mysql://u:hunter2@h/d", "only sqlite and postgresql|cannot be used"),
        ("not a url hunter2", "cannot be used"),
        ("sqlite://", "names no file"),
        ("sqlite:////proc/none/x.db", "cannot be created"),
    ],
)
def test_the_error_about_an_unusable_database_does_not_contain_the_password(tmp_path, url, message):
    """It names the setting or the file."""
    with pytest.raises(InvalidSetting, match=message) as caught:
        App.from_settings(settings(tmp_path, database_url=url))

    assert "hunter2" not in str(caught.value)


def test_the_schema_of_postgresql_is_not_upgraded_at_start(tmp_path, postgresql):
    """Several machines may share it, and not all of them are upgraded at once."""
    with pytest.raises(InvalidSetting, match="run pulp-notifiers db upgrade"):
        App.from_settings(settings(tmp_path, database_url=postgresql.create_database()))


def test_two_workers_on_postgresql_deliver_each_event_once_and_in_order(tmp_path, postgresql):
    """They may run on two machines."""
    from pulp_notifiers.app import open_store

    own = {"database_url": postgresql.create_database()}
    open_store(settings(tmp_path / "state", **own).own(), upgrade=True).close()
    with (
        HttpReceiver() as receiver,
        running_app(tmp_path, notifiers=own) as first,
        running_app(tmp_path, notifiers=own) as second,
    ):
        first.pulp2_listeners.create("http", {"url": receiver.url}, ["*"])
        for number in range(200):
            (first, second)[number % 2].fire(Event("repo.sync.start", {"repo_id": f"r{number % 5}", "n": number}))
        wait_until_idle(first, 60)

        numbers = [
            (request.json()["payload"]["repo_id"], request.json()["payload"]["n"]) for request in receiver.requests
        ]
    assert 200 == len(numbers)
    for repo in range(5):
        of_repo = [number for repo_id, number in numbers if repo_id == f"r{repo}"]
        assert sorted(of_repo) == of_repo


def test_closing_finishes_running_attempts_and_can_be_repeated(tmp_path):
    """Their outcome is recorded."""
    with HttpReceiver() as receiver, running_app(tmp_path) as app:
        app.pulp2_listeners.create("http", {"url": receiver.url}, ["*"])
        app.fire(Event("repo.sync.start", {"repo_id": "zoo"}))
        receiver.wait_for(1)
        app.close()
        app.close()

    with App.from_settings(settings(tmp_path / "state")) as app:
        assert [DeliveryState.DELIVERED] == [delivery.state for delivery in app.deliveries.list()[1]]


def test_each_publication_to_a_topic_is_a_message_of_its_own(tmp_path):
    """Although the same event was fired or published before."""
    event = Event("repo.sync.finish", {"repo_id": "zoo"})
    with App.from_settings(settings(tmp_path)) as app:
        app.fire(event)
        for _ in range(3):
            app.publish_to_topic(event, "alerts")

        count, deliveries = app.deliveries.list()
        assert (3, 3) == (count, len({delivery.event_id for delivery in deliveries}))
        assert {"amqp"} == {delivery.notifier_type for delivery in deliveries}
