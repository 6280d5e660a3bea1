"""Fire and confirmed AMQP end to end, against one confirmed connection that keeps nothing."""

import amqp

from tests.harness.rabbitmq import RabbitMQ

from ..child import in_child
from ..rounds import Figures, medians
from ..tables import Column, print_table
from .databases import Databases, Section
from .engine import fire_and_deliver, running
from .options import Options
from .peers import broker as peers

_QUEUE = "benchmark"

_COLUMNS = (
    Column("messages/s", "rate", "{:,.0f}"),
    Column("times py-amqp", "times", "{:.2f}"),
    Column("CPU ms each", "cpu", "{:.2f}"),
    Column("peak memory, MB", "memory", "{:.0f}"),
)


def run(options: Options) -> None:
    """Measure and print."""
    count = options.size(1000)
    with Databases(options.kinds) as databases, RabbitMQ() as server:

        def one(name: str) -> Figures:
            _empty_queue(server.port)
            if name == peers.PY_AMQP:
                return in_child(peers.measure, server.port, count)
            with databases.fresh(name) as section:
                return in_child(measure, section, server.url, count)

        figures = medians([*options.kinds, peers.PY_AMQP], one, options.rounds)
        described = {kind: f"pulp-notifiers, {databases.described(kind)}" for kind in options.kinds}
    for each in figures.values():
        each["times"] = each["rate"] / figures[peers.PY_AMQP]["rate"]
    print_table(
        "Fire and publish by AMQP, end to end in one process",
        f"{count:,} events of 1.5 KB, persistent and confirmed, into a durable queue of RabbitMQ, until the last "
        f"delivery is recorded. py-amqp publishes the same one by one and records nothing; {options}.",
        _COLUMNS,
        {described.get(name, name): each for name, each in figures.items()},
    )


def measure(section: Section, url: str, count: int) -> Figures:
    """Return how fast events are fired and published."""
    with running(section, "amqp", {"exchange": peers.EXCHANGE}, messaging={"url": url}) as app:
        return fire_and_deliver(app, count)


def _empty_queue(port: int) -> None:
    with amqp.Connection(f"127.0.0.1:{port}") as connection:
        channel = connection.channel()
        channel.queue_declare(_QUEUE, durable=True, auto_delete=False)
        channel.queue_bind(_QUEUE, peers.EXCHANGE, peers.KEY)
        channel.queue_purge(_QUEUE)
