"""``TopicPublishManager``, over real Apps and RabbitMQ."""

import json
from concurrent.futures import ThreadPoolExecutor

import pika
import pytest

from pulp_notifiers.event import Event
from pulp_notifiers.legacy import TopicPublishManager
from pulp_notifiers.plugin_host.handle_event import LegacyEvent
from pulp_notifiers.records import DeliveryFilter, DeliveryState
from tests.support.legacy_app import app_in

pytestmark = pytest.mark.filterwarnings("ignore:.* is deprecated since Pulp 2.7:DeprecationWarning")


def test_each_publish_is_one_pending_delivery(app):
    """It belongs to a listener that matches no events; an event that was fired too is published again."""
    event = Event("repo.sync.finish", {"repo_id": "zoo"})
    app.pulp2_listeners.create("n1", {}, ["*"])

    assert 1 == app.fire(event)
    for exchange in ("mine", "mine", None, ""):
        TopicPublishManager.publish(event, exchange, app=app)
    app.fire(Event("repo.sync.start", {}))

    _, mine, default = app.listeners.list()
    assert [("amqp", {"exchange": "mine"}, ()), ("amqp", {}, ())] == [
        (listener.notifier_type, listener.config, listener.event_types) for listener in (mine, default)
    ]
    assert 2 == app.deliveries.list(DeliveryFilter(listener_id=mine.id, state=DeliveryState.PENDING))[0]
    assert 2 == app.deliveries.list(DeliveryFilter(listener_id=default.id, state=DeliveryState.PENDING))[0]


def test_processes_share_the_listener_of_an_exchange(tmp_path):
    """They do so even if they create it at the same moment."""
    with app_in(tmp_path) as one, app_in(tmp_path) as other, ThreadPoolExecutor(8) as threads:
        event = Event("repo.sync.finish", {"repo_id": "zoo"})
        for done in [threads.submit(TopicPublishManager.publish, event, "mine", app=app) for app in [one, other] * 8]:
            done.result()

        assert 1 == len(one.listeners.list())
        assert 16 == one.deliveries.list()[0]


def test_a_deleted_listener_of_an_exchange_is_created_again(app):
    """The next publish does so."""
    TopicPublishManager.publish(Event("repo.sync.start", {}), "mine", app=app)
    app.listeners.delete(app.listeners.list()[0].id)

    TopicPublishManager().publish(LegacyEvent(Event("repo.sync.start", {})), "mine", app=app)

    assert 1 == len(app.listeners.list())
    assert 1 == app.store.history.backlog().pending


def test_a_published_event_reaches_the_exchange(tmp_path, rabbitmq):
    """Routing key and body are those of Pulp 2."""
    event = Event("repo.sync.finish", {"repo_id": "zoo"}, {"task_id": "t"})
    connection = pika.BlockingConnection(pika.ConnectionParameters("127.0.0.1", rabbitmq.port))
    channel = connection.channel()
    channel.exchange_declare("legacy-names", "topic")
    queue = channel.queue_declare("", exclusive=True).method.queue
    channel.queue_bind(queue, "legacy-names", "pulp.server.#")

    with app_in(tmp_path, messaging={"url": rabbitmq.url}) as app:
        app.worker.start()
        TopicPublishManager.publish(event, "legacy-names", app=app)
        method, properties, body = next(channel.consume(queue, auto_ack=True, inactivity_timeout=60))

    channel.cancel()
    connection.close()
    assert "pulp.server.repo.sync.finish" == method.routing_key
    assert event.body() == json.loads(body)
    assert properties.message_id
