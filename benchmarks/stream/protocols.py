"""The task-status stream over AMQP 0-9-1 and over AMQP 1.0, side by side; prints a Markdown table.

No consumer reads, and no queue is bound on RabbitMQ; Proton's example broker keeps what it gets in memory. Its window
of five messages, not the stream, limits how fast it takes them.
"""

from collections.abc import Mapping
from functools import partial

from tests.harness.process import free_ports
from tests.harness.proton_broker import ProtonBroker
from tests.harness.rabbitmq import RabbitMQ
from tests.support.amqp import channel_of

from ..child import in_child
from ..rounds import ROUNDS, Figures, medians
from ..tables import Column, print_table
from .measure import measure
from .shapes import OURS, PROTON

SIZE = 1536
_COLUMNS = [
    Column("messages/s", "rate", "{:,.0f}"),
    Column("times 0-9-1", "ratio", "{:.2f}"),
    Column("call p50", "p50", "{:.2f} µs"),
    Column("call p99", "p99", "{:.2f} µs"),
    Column("away: p50", "away_p50", "{:.2f} µs"),
    Column("away: p99", "away_p99", "{:.2f} µs"),
    Column("memory", "memory", "{:.1f} MB"),
]
_REFERENCE = "RabbitMQ over 0-9-1"


def main() -> None:
    """Measure and print."""
    with RabbitMQ() as rabbitmq, ProtonBroker() as broker:
        with channel_of(rabbitmq) as channel:
            channel.exchange_declare("pulp.api.v2", "topic", durable=True)
        login, address = f"guest:guest@127.0.0.1:{rabbitmq.port}", f"127.0.0.1:{broker.port}"
        urls = {
            _REFERENCE: f"amqp://{login}//",
            "RabbitMQ over 1.0": f"amqp10://{login}",
            "Proton's example broker": f"amqp10://{address}",
        }
        figures = medians([*urls], partial(_stream, urls=urls))
        naive = {
            "Proton's BlockingSender, RabbitMQ": f"{login}/exchange/pulp.api.v2",
            "Proton's BlockingSender, example broker": f"{address}/pulp.api.v2",
        }
        figures |= medians([*naive], lambda name: in_child(measure, "throughput", PROTON, naive[name], SIZE, 1_000))
    for run in figures.values():
        run["ratio"] = run["rate"] / figures[_REFERENCE]["rate"]
    facts = f"Messages of {SIZE / 1024:.1f} KB, medians of {ROUNDS} interleaved runs."
    print_table("The task-status stream over both protocols", facts, _COLUMNS, figures)


def _stream(name: str, urls: Mapping[str, str]) -> Figures:
    url = urls[name]
    nobody = f"{url.partition('://')[0]}://127.0.0.1:{free_ports(1)[0]}"
    away = in_child(measure, "trouble", OURS, nobody, SIZE, 4_000)
    return {
        **in_child(measure, "caller", OURS, url, SIZE, 4_000),
        **in_child(measure, "throughput", OURS, url, SIZE, 10_000),
        "away_p50": away["p50"],
        "away_p99": away["p99"],
    }


if __name__ == "__main__":
    main()
