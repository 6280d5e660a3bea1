"""The addresses of exchanges on servers of AMQP 1.0."""

from typing import Any

import pytest

pytest.importorskip("proton", reason="python-qpid-proton is not installed")

from pulp_notifiers.broker.amqp10.addresses import source_address, target_of

RABBITMQ_3 = {"product": "RabbitMQ", "version": "3.10.8"}


@pytest.mark.parametrize(
    ("server", "pattern", "address"),
    [
        ({}, "", "pulp.api.v2"),
        ({"product": "apache-activemq-artemis"}, "", "pulp.api.v2"),
        ({"product": "qpid-cpp"}, "", "pulp.api.v2"),
        (RABBITMQ_3, "", "/exchange/pulp.api.v2"),
        ({"product": "RabbitMQ"}, "", "/exchange/pulp.api.v2"),
        ({"product": "RabbitMQ", "version": "4.0.1"}, "", None),
        ({"product": "RabbitMQ", "version": "4.0.1"}, "/exchange/{exchange}", "/exchange/pulp.api.v2"),
        ({}, "topic://{exchange}", "topic://pulp.api.v2"),
        ({}, "{exchange}/{exchange}", "pulp.api.v2/pulp.api.v2"),
    ],
)
def test_the_address_follows_the_server_unless_a_setting_names_its_form(
    server: dict[str, Any], pattern: str, address: str | None
) -> None:
    """RabbitMQ 4 gets it in each message."""
    assert address == target_of("pulp.api.v2", server, pattern).address


@pytest.mark.parametrize("exchange", ["a/b", "a%2Fb"])
def test_a_slash_in_the_name_of_an_exchange_reaches_rabbitmq(exchange: str) -> None:
    """RabbitMQ 3 decodes nothing else."""
    assert f"/exchange/{exchange.replace('/', '%2F')}" == target_of(exchange, RABBITMQ_3, "").address


def test_only_qpidd_is_asked_to_create_the_exchange() -> None:
    """Everybody is asked for a topic, and not to refuse what nobody subscribed to."""
    for product, creates in {"qpid-cpp": True, "RabbitMQ": False, "": False}.items():
        target = target_of("pulp.api.v2", {"product": product}, "")

        assert creates == target.creates == ("create-on-demand" in target.capabilities)
        assert {"topic", "DISCARD_UNROUTABLE"} <= {*target.capabilities}


@pytest.mark.parametrize(
    ("product", "pattern", "address"),
    [
        ("", "", "pulp.api.v2"),
        ("qpid-cpp", "", "pulp.api.v2"),
        ("RabbitMQ", "", "/exchange/pulp.api.v2/tasks.#"),
        ("", "/exchange/{exchange}", "/exchange/pulp.api.v2/tasks.#"),
        ("RabbitMQ", "topic://{exchange}", "topic://pulp.api.v2"),
    ],
)
def test_a_binding_is_part_of_rabbitmqs_address_only(product: str, pattern: str, address: str) -> None:
    """Others take a filter."""
    assert address == source_address("pulp.api.v2", "tasks.#", product, pattern)
