"""What is asked for, by the server's product and the administrator's pattern."""

import pytest

sources = pytest.importorskip("pulp_notifiers.broker.amqp10.sources", reason="python-qpid-proton is not installed")


@pytest.mark.parametrize(
    ("product", "pattern", "address"),
    [
        ("", "", "pulp.api.v2"),
        ("qpid-cpp", "", "pulp.api.v2"),
        ("RabbitMQ", "", "/exchange/pulp.api.v2/tasks.#"),
        ("", "topic://{exchange}", "topic://pulp.api.v2"),
        ("", "/exchange/{exchange}", "/exchange/pulp.api.v2/tasks.#"),
        ("", "{other}{exchange}", "{other}pulp.api.v2"),
    ],
)
def test_the_address_is_that_of_the_product_or_of_the_pattern(product, pattern, address):
    """Only RabbitMQ's form has the routing keys in it."""
    assert address == sources.source_of("pulp.api.v2", "tasks.#", product, pattern).address


@pytest.mark.parametrize(
    ("binding", "subject", "expected"),
    [
        ("tasks.#", "tasks.a", True),
        ("tasks.#", "pulp.server.repo.sync.finish", False),
        ("tasks.#", None, True),
        ("tasks.a", "tasks.a", True),
        ("tasks.a", "tasks.b", False),
        ("tasks.a", None, False),
        ("tasks.a", "", False),
    ],
)
def test_a_message_is_chosen_by_its_subject(binding, subject, expected):
    """One without a subject may be about any task."""
    assert expected is sources.source_of("pulp.api.v2", binding, "").matches(subject)
