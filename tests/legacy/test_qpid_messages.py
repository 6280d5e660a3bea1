"""The messages of the task-status stream for Qpid, as recorded in the contract's vectors."""

import json
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as some

from pulp_notifiers.task import TaskReport
from pulp_notifiers.task_stream.document import FORM, message
from tests.support.qpidd_translation import translated
from tests.support.stream_inbox import VECTORS

proton = pytest.importorskip("proton", reason="python-qpid-proton is not installed")

from pulp_notifiers.broker.amqp10 import MapMessages, target_of  # noqa: E402  needs proton

RECORDED = [v for v in json.loads(VECTORS.read_text())["vectors"] if "qpid010" in v.get("expect", ())]
LARGEST_SHORT_BINARY = 65535
MAPS = ("headers", "properties", "properties.delivery_info")
INTEGERS = ("properties.delivery_mode", "properties.delivery_info.priority")


def encoder(**server: Any) -> MapMessages:
    """Return what encodes messages for a server with these properties."""
    return MapMessages(
        FORM.exchange,
        FORM.content_type,
        FORM.content_encoding,
        FORM.delivery_mode,
        FORM.priority,
        target_of(FORM.exchange, server, ""),
    )


def decoded(encoded: bytes) -> Any:
    """Return a message as proton decodes it."""
    found = proton.Message()
    found.decode(encoded)
    return found


def plain(value: Any) -> Any:
    """Return a value of proton with bytes instead of memoryviews."""
    if isinstance(value, dict):
        return {plain(key): plain(item) for key, item in value.items()}
    return bytes(value) if isinstance(value, memoryview) else value


def test_vectors_are_found() -> None:
    """The parametrized tests below are not empty."""
    assert 5 == len(RECORDED)


@pytest.mark.parametrize("vector", RECORDED, ids=lambda vector: vector["id"])
def test_a_task_record_becomes_the_recorded_map(vector: Any) -> None:
    """As kombu's qpid transport made it; proton decodes what is encoded by hand."""
    expected = vector["expect"]["qpid010"]
    made = message(TaskReport.from_record(vector["given"]["task_status"]))

    found = decoded(encoder().of(made.routing_key, made.body))

    content = plain(found.body)
    UUID(content["properties"].pop("delivery_tag"))
    assert expected["content"] == content | {
        "body": content["body"].decode(),
        "properties": content["properties"] | {"delivery_tag": "@any"},
    }
    assert (expected["subject"], expected["message_headers"]) == (found.subject, found.properties)
    assert (True, 0, None) == (found.durable, found.priority, found.id)


@pytest.mark.parametrize("vector", RECORDED, ids=lambda vector: vector["id"])
def test_a_client_of_amqp_0_10_receives_the_recorded_content(vector: Any) -> None:
    """After qpidd has translated it; the types of the values are the recorded ones."""
    expected = vector["expect"]["qpid010"]
    made = message(TaskReport.from_record(vector["given"]["task_status"]))

    found = translated(encoder().of(made.routing_key, made.body))

    assert (expected["content_type"], expected["subject"]) == (found.content_type, found.routing_key)
    assert (expected["message_headers"], 2, 0) == (found.application_headers, found.delivery_mode, found.priority)
    encodings = found.encodings
    # A client of AMQP 1.0 cannot choose between vbin16 and vbin32; both are the same text to qpid.messaging.
    assert encodings.pop("body") in ("vbin16", "vbin32")
    for path in MAPS:
        assert "map" == encodings.pop(path)
    for path, kind in encodings.items():
        assert expected["map_encodings"]["ints" if path in INTEGERS else "strings"] == kind, path


@given(
    key=some.text("a.#/% \n\xe9\u20ac\U0001f600", min_size=1, max_size=255).filter(
        lambda key: len(key.encode()) <= 255
    ),
    size=some.sampled_from([0, 1, 190, 192, LARGEST_SHORT_BINARY, LARGEST_SHORT_BINARY + 1]),
    version=some.sampled_from(["", "3.10.8", "4.2.0"]),
)
def test_a_message_of_any_size_can_be_decoded(key: str, size: int, version: str) -> None:
    """Each size in it counts what follows."""
    made = encoder(product="RabbitMQ", version=version)

    found = decoded(made.of(key, b"x" * size))

    assert (key, {"qpid.subject": key}) == (found.subject, found.properties)
    assert key == found.body["properties"]["delivery_info"]["routing_key"]
    assert -(-size // 3) * 4 == len(found.body["body"])


def test_each_message_has_a_delivery_tag_of_its_own() -> None:
    """A UUID, as kombu from 3.0.34 on."""
    made = encoder()

    tags = [UUID(decoded(made.of("tasks.1", b"")).body["properties"]["delivery_tag"]) for _ in range(100)]

    assert 100 == len(set(tags))
    assert {4} == {tag.version for tag in tags}


@pytest.mark.parametrize(
    ("server", "to"),
    [
        ({}, None),
        ({"product": "RabbitMQ", "version": "3.13.7"}, None),
        ({"product": "RabbitMQ", "version": "4.3.0"}, "/exchanges/pulp.api.v2/tasks.a%2Fb%20c"),
    ],
)
def test_rabbitmq_4_gets_the_address_in_each_message(server: dict[str, str], to: str | None) -> None:
    """Its older form of addresses depends on a deprecated feature."""
    assert to == decoded(encoder(**server).of("tasks.a/b c", b"")).address
