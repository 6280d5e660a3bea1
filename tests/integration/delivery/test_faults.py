"""Receivers that fail in every way: nothing is lost, nothing else is delayed, and firing is not affected."""

import time
from threading import Event as Gate

import pika
import pytest

from pulp_notifiers.event import Event
from pulp_notifiers.records import DeliveryFilter, DeliveryState
from pulp_notifiers.testing.http import Answer, HttpReceiver
from pulp_notifiers.testing.smtp import SmtpReceiver
from tests.support.running import running_app, wait_for_failure, wait_until_idle

SYNC = "repo.sync.finish"


def fire(app, count=1, repo="zoo"):
    return [app.fire(Event(SYNC, {"repo_id": repo, "n": number})) for number in range(count)]


@pytest.mark.parametrize(
    "failure", [Answer(500), Answer(503), Answer(302, {"Location": "/login"}), Answer(429), Answer(drop=True)]
)
def test_a_receiver_that_fails_for_a_while_gets_everything_in_order(tmp_path, failure):
    """Each event arrives once the receiver answers again."""
    with HttpReceiver([failure] * 3) as receiver, running_app(tmp_path) as app:
        app.pulp2_listeners.create("http", {"url": receiver.url}, ["*"])
        fire(app, 5)

        assert 0 == wait_until_idle(app).dead
        numbers = [request.json()["payload"]["n"] for request in receiver.requests]
        assert sorted(numbers) == numbers
        assert set(range(5)) == set(numbers)
        assert ["1", "2", "3", "4"] == [request.headers["Pulp-Delivery-Attempt"] for request in receiver.requests[:4]]
        assert 5 == len({request.headers["Pulp-Event-Id"] for request in receiver.requests})


def test_a_delivery_to_a_receiver_that_is_down_stays_pending_with_its_error(tmp_path):
    """A refused connection is a temporary failure."""
    down = HttpReceiver()
    with down:
        url = down.url
    with running_app(tmp_path) as app:
        app.pulp2_listeners.create("http", {"url": url}, ["*"])
        fire(app, 3)

        failed = wait_for_failure(app)

        assert DeliveryState.PENDING is failed.state
        assert failed.last_error.startswith("HTTP Notification Failed")


def test_a_receiver_that_hangs_delays_neither_the_caller_nor_anybody_else(tmp_path):
    """The others get their events within seconds, not after its time-out of fifteen."""
    gate = Gate()
    with (
        HttpReceiver(lambda request: Answer(until=gate)) as hanging,
        HttpReceiver() as quick,
        running_app(tmp_path) as app,
    ):
        for _ in range(3):
            app.pulp2_listeners.create("http", {"url": hanging.url}, ["*"])
        app.pulp2_listeners.create("http", {"url": quick.url}, ["*"])

        began = time.monotonic()
        for number in range(30):
            fire(app, repo=f"repo{number}")
        quick.wait_for(30)
        took = time.monotonic() - began
        gate.set()
        wait_until_idle(app)

        assert took < 10
        assert 90 == len(hanging.requests)


def test_many_receivers_that_hang_delay_one_that_answers_by_seconds_at_most(tmp_path):
    """Even if there are more of them than threads, and the listener that answers is new."""
    gate = Gate()
    with (
        HttpReceiver(lambda request: Answer(until=gate)) as hanging,
        HttpReceiver() as quick,
        running_app(tmp_path, notifiers={"worker_threads": "4"}) as app,
    ):
        for _ in range(20):
            app.pulp2_listeners.create("http", {"url": hanging.url}, ["*"])
        app.pulp2_listeners.create("http", {"url": quick.url}, ["*"])

        fire(app)
        quick.wait_for(1, 14)
        gate.set()
        assert 0 == wait_until_idle(app, 60).dead


def test_a_permanent_failure_is_a_dead_letter_with_its_reason(tmp_path):
    """The next event is attempted."""
    with HttpReceiver([404]) as receiver, running_app(tmp_path) as app:
        app.pulp2_listeners.create("http", {"url": receiver.url}, ["*"])
        fire(app, 2)

        assert 1 == wait_until_idle(app).dead
        (dead,) = app.deliveries.list(DeliveryFilter(state=DeliveryState.DEAD))[1]
        assert f"Received HTTP 404 from HTTP notifier to {receiver.url}." == dead.last_error


def test_a_refused_recipient_does_not_keep_the_mail_from_the_other_one(tmp_path):
    """Each address is a delivery of its own."""
    with SmtpReceiver() as mail:
        mail.refuse("RCPT", "550 5.1.1 No such user", address="gone@example.com")
        email = {"enabled": "true", "host": mail.host, "port": str(mail.port)}
        with running_app(tmp_path, email=email) as app:
            app.pulp2_listeners.create(
                "email", {"subject": "s", "addresses": ["gone@example.com", "here@example.com"]}, ["*"]
            )

            assert [2] == fire(app)
            assert 1 == wait_until_idle(app).dead

            states = {delivery.target: delivery.state for delivery in app.deliveries.list()[1]}
            assert {"gone@example.com": DeliveryState.DEAD, "here@example.com": DeliveryState.DELIVERED} == states
            assert ["here@example.com"] == [recipient for each in mail.mails for recipient in each.recipients]


def test_a_delivery_by_mail_that_is_switched_off_says_so(tmp_path, caplog):
    """Nothing is sent, and the log has one line."""
    with SmtpReceiver() as mail, running_app(tmp_path, email={"port": str(mail.port)}) as app:
        app.pulp2_listeners.create("email", {"subject": "s", "addresses": ["a@example.com"]}, ["*"])
        fire(app, 5)
        wait_until_idle(app)

        assert {"E-mail is switched off ([email] enabled is false); nothing was sent."} == {
            delivery.last_error for delivery in app.deliveries.list()[1]
        }
        assert 0 == mail.connections
        assert 1 == len([record for record in caplog.records if record.name == "pulp_notifiers.delivery.attempt_log"])


def test_a_wrong_config_is_logged_once_and_named_in_every_dead_letter(tmp_path, caplog):
    """The sentence names the option."""
    with running_app(tmp_path) as app:
        app.pulp2_listeners.create("http", {}, ["*"])
        fire(app, 5)
        wait_until_idle(app)

        errors = {delivery.last_error for delivery in app.deliveries.list(DeliveryFilter(state=DeliveryState.DEAD))[1]}
        (error,) = errors
        assert "HTTP notifier configured without a URL; cannot fire event" in error
        logged = [record for record in caplog.records if record.levelname == "ERROR"]
        assert 1 == len(logged)


def test_a_broker_that_is_restarted_loses_nothing(tmp_path, rabbitmq):
    """Messages published before are still there, and events fired while it was down arrive."""
    with pika.BlockingConnection(pika.ConnectionParameters("127.0.0.1", rabbitmq.port)) as connection:
        channel = connection.channel()
        channel.queue_declare("faults", durable=True)
        channel.queue_bind("faults", "amq.topic", "pulp.server.#")
    try:
        with running_app(tmp_path, messaging={"url": rabbitmq.url}) as app:
            app.pulp2_listeners.create("amqp", {}, ["*"])
            fire(app, 10)
            wait_until_idle(app)
            rabbitmq.stop()
            fire(app, 10, repo="other")
            wait_for_failure(app)
            rabbitmq.start()
            assert 0 == wait_until_idle(app, 60).dead
        with pika.BlockingConnection(pika.ConnectionParameters("127.0.0.1", rabbitmq.port)) as connection:
            channel = connection.channel()
            ids = set()
            while (found := channel.basic_get("faults", auto_ack=True))[0] is not None:
                ids.add(found[1].message_id)
        assert 20 == len(ids)
    finally:
        with pika.BlockingConnection(pika.ConnectionParameters("127.0.0.1", rabbitmq.port)) as connection:
            connection.channel().queue_delete("faults")
