"""The options of the source, and the checks before it runs."""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import certifi
import pytest
from pulp_source_amqp import AmqpSource, AmqpSourceConfig
from pydantic import ValidationError

from pulp_notifiers.errors import PermanentFailure, TemporaryFailure
from pulp_notifiers.testing.source import RecordingIntake
from tests.harness.rabbitmq import RabbitMQ


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        ({}, "Field required"),
        ({"url": ""}, "name a messaging server"),
        ({"url": "qpid://joe:hidden@localhost"}, "AMQP 0-9-1 servers only"),
        ({"url": "amqp://one;amqp10s://joe:hidden@localhost"}, "AMQP 0-9-1 servers only"),
        ({"url": "memory://"}, "AMQP 0-9-1 servers only"),
        ({"url": "amqp://one;memory://"}, "AMQP 0-9-1 servers only"),
        ({"url": "amqp://joe:hidden@localhost:port"}, "the port is not a number"),
        ({"url": "amqp://localhost", "exchange": ""}, "name the exchange; Pulp 2 published to pulp.api.v2"),
        ({"url": "amqp://localhost", "exchange": "x" * 256}, "at most 255 bytes"),
        ({"url": "amqp://localhost", "prefetch": 0}, "greater than or equal to 1"),
        ({"url": "amqp://localhost", "prefetch": 10_001}, "less than or equal to 10000"),
        ({"url": "amqps://localhost", "cacert": "/does/not/exist"}, "the file cannot be used"),
        ({"url": "amqp://localhost", "cacert": certifi.where()}, "need TLS; write amqps://"),
        ({"url": "amqp://localhost", "queue": "mine"}, "Extra inputs are not permitted"),
    ],
)
def test_invalid_options_are_refused(options: dict[str, Any], sentence: str) -> None:
    """The message says what helps, and does not repeat passwords."""
    with pytest.raises(ValidationError) as raised:
        AmqpSourceConfig(**options)

    assert sentence in str(raised.value)
    assert "hidden" not in " ".join(problem["msg"] for problem in raised.value.errors())


def test_the_password_is_not_shown() -> None:
    """It is neither in the config's text nor in what is shown of it."""
    config = AmqpSourceConfig(url="amqp://joe:hidden@localhost", cacert="", clientcert=None)

    assert "hidden" not in f"{config!r} {config.shown()} {config.broker()!r}"
    assert ("pulp.api.v2", 500, None) == (config.exchange, config.prefetch, config.cacert)


def findings(config: AmqpSourceConfig) -> list[tuple[str, bool, str]]:
    return [(check.subject, check.passed, check.finding) for check in AmqpSource().check(config)]


def test_a_check_of_a_working_server_passes(rabbitmq: RabbitMQ) -> None:
    """It leaves nothing on the server."""
    listed = rabbitmq.rows("queues", "name"), rabbitmq.rows("exchanges", "name")

    subjects = [
        (subject, passed) for subject, passed, _ in findings(AmqpSourceConfig(url=rabbitmq.url, exchange="new"))
    ]

    expected = ["messaging server", "exchange", "queue", "own messages"]
    assert [(subject, True) for subject in expected] == subjects
    assert listed == (rabbitmq.rows("queues", "name"), rabbitmq.rows("exchanges", "name"))


def test_a_check_reports_whether_the_exchange_exists(rabbitmq: RabbitMQ) -> None:
    """Otherwise a misspelt name would be declared silently."""
    existing = findings(AmqpSourceConfig(url=rabbitmq.url, exchange="amq.topic"))[1]
    missing = findings(AmqpSourceConfig(url=rabbitmq.url, exchange="pulp.api.v3"))[1]

    assert ("exchange", True, "amq.topic exists.") == existing
    assert "pulp.api.v3 does not exist yet" in missing[2]


def test_a_check_ends_if_the_server_is_unreachable() -> None:
    """The finding says what to check, without the password."""
    [(subject, passed, finding)] = findings(AmqpSourceConfig(url="amqp://joe:hidden@127.0.0.1:1"))

    assert ("messaging server", False) == (subject, passed)
    assert "Connection refused; check url, cacert and clientcert" in finding
    assert "hidden" not in finding


@pytest.fixture
def reader(rabbitmq: RabbitMQ) -> Iterator[str]:
    """Return the URL of a user without any permission."""
    rabbitmq.add_user("reader", "hidden")
    rabbitmq.permit("reader", "^$", "^$", "^$")
    yield f"amqp://reader:hidden@127.0.0.1:{rabbitmq.port}/"
    rabbitmq.delete_user("reader")


def test_a_missing_permission_is_a_permanent_failure(reader: str, rabbitmq: RabbitMQ) -> None:
    """The check reports it too."""
    config = AmqpSourceConfig(url=reader)
    *_, (subject, passed, finding) = findings(config)

    assert ("queue", False) == (subject, passed)
    assert "ACCESS_REFUSED" in finding
    assert "permit this user to configure, write and read what is named." in finding
    with pytest.raises(
        PermanentFailure, match="could not subscribe to pulp.api.v2: .*ACCESS_REFUSED.*permit this user"
    ):
        AmqpSource().run(config, RecordingIntake())


def test_the_permissions_in_the_documentation_are_enough(reader: str, rabbitmq: RabbitMQ) -> None:
    """This holds for a server that runs Pulp 2, and for an exchange that does not exist yet."""
    page = (Path(__file__).parents[3] / "docs" / "pulp-2.rst").read_text(encoding="utf-8")
    [line] = [line for line in page.splitlines() if "rabbitmqctl set_permissions" in line]
    rabbitmq.permit("reader", *[part.strip("'") for part in line.split()[-3:]])
    intake = RecordingIntake(source="permitted")

    assert all(passed for _, passed, _ in findings(AmqpSourceConfig(url=reader)))
    with intake.running(AmqpSource(), AmqpSourceConfig(url=reader)):
        intake.wait_until(lambda: bool(intake.status_updates))


def test_a_wrong_password_is_a_temporary_failure(rabbitmq: RabbitMQ) -> None:
    """The password is not in the reason."""
    config = AmqpSourceConfig(url=f"amqp://guest:hidden@127.0.0.1:{rabbitmq.port}")

    with pytest.raises(TemporaryFailure, match="ACCESS_REFUSED") as raised:
        AmqpSource().run(config, RecordingIntake())

    assert "hidden" not in raised.value.reason
    assert [False] == [passed for _, passed, _ in findings(config)]


def test_a_certificate_that_cannot_be_read_does_not_say_why(tmp_path):
    """Whoever may add a source could find out which files exist. A pipe does not block."""
    os.mkfifo(tmp_path / "pipe")
    (tmp_path / "folder").mkdir()
    names = [tmp_path / "missing", tmp_path / "folder", tmp_path / "pipe", "/dev/zero", "/proc/self/no", "nul\0"]

    sentences = set()
    for name in names:
        with pytest.raises(ValidationError) as caught:
            AmqpSourceConfig.model_validate({"url": "amqps://localhost", "cacert": str(name)})
        sentences.add(caught.value.errors()[0]["msg"])

    assert 1 == len(sentences)
