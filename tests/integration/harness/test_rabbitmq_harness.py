"""The RabbitMQ that other tests rely on."""

from pathlib import Path

import pytest

from tests.harness.rabbitmq import RabbitMQ


def test_a_node_that_cannot_start_says_why_and_leaves_nothing_behind() -> None:
    """The error has the end of the log, and neither processes nor files remain."""
    if RabbitMQ.available():
        pytest.skip(RabbitMQ.available() or "")
    node = RabbitMQ(extra_configuration=["no.such.setting = 1"])

    with pytest.raises(RuntimeError, match=r"no\.such\.setting"), node:
        pass

    assert not processes_of(node)


def test_a_node_has_its_own_processes_and_data(rabbitmq: RabbitMQ) -> None:
    """It neither uses nor disturbs a broker of the machine."""
    assert f"{rabbitmq.port}" in rabbitmq.control("status")
    assert {"beam.smp", "epmd"} <= processes_of(rabbitmq)


def test_a_command_that_fails_says_so(rabbitmq: RabbitMQ) -> None:
    """The error has rabbitmqctl's output."""
    with pytest.raises(RuntimeError, match="rabbitmqctl no_such_command failed: "):
        rabbitmq.control("no_such_command")


def test_erlang_that_fails_says_so(rabbitmq: RabbitMQ) -> None:
    """The error has what Erlang says; text and other values are returned as text."""
    with pytest.raises(RuntimeError, match="badarith"):
        rabbitmq.evaluate("1 / 0")

    assert ["2", "\u00e4 b", '{1,<<"b">>}'] == [
        rabbitmq.evaluate(code) for code in ("1 + 1", '[228, " b"]', '{1, <<"b">>}')
    ]


def test_rows_are_those_that_rabbitmqctl_lists(rabbitmq: RabbitMQ) -> None:
    """With the same values in the same columns."""
    listed = rabbitmq.control("list_exchanges", "name", "type", "durable").splitlines()[1:]

    assert sorted(line.split("\t") for line in listed) == sorted(rabbitmq.rows("exchanges", "name", "type", "durable"))


def processes_of(node: RabbitMQ) -> set[str]:
    """Return the names of the processes that run in the node's environment."""
    home = f"HOME={node.folder}\0".encode()
    found = set()
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if home in (process / "environ").read_bytes():
                found.add((process / "comm").read_text().strip())
        except OSError:  # it has ended, or belongs to another user
            continue
    return found
