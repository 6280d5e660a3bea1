"""Compares ways to publish to a private RabbitMQ, and prints Markdown tables."""

import importlib.util
from functools import partial

from tests.harness.process import free_ports
from tests.harness.rabbitmq import RabbitMQ

from ..child import in_child
from ..rounds import ROUNDS, Figures, medians
from ..tables import machine
from .measure import measure
from .shapes import OURS, PROTON, REFERENCE, SHAPES, WITHOUT_CONFIRMS

SIZES = {1536: "1.5 KB", 65536: "64 KB"}

_ALARM = "rabbit_alarm:{}_alarm({}), rabbit_alarm:get_alarms()."


def main() -> None:
    """Measure and print."""
    names = [
        name for name in SHAPES if name != PROTON and ("oslo" not in name or importlib.util.find_spec("oslo_messaging"))
    ]
    with RabbitMQ() as server:
        for size, shown in SIZES.items():
            _print_shapes(shown, medians(names, partial(_shape, url=server.url, size=size)))
        _print_trouble(medians(["healthy", "down", "frozen", "short of memory"], lambda state: _trouble(state, server)))
        _print_absent(medians(["absent"], lambda _: in_child(measure, "absent", OURS, _unused_url(), 1536, 1_000_000)))


def _shape(name: str, url: str, size: int) -> Figures:
    slow = name == REFERENCE or "oslo" in name
    many = 400 if slow else 10_000 if size < 10_000 else 1_000
    calls = 400 if slow else 4_000
    return {
        **in_child(measure, "caller", name, url, size, calls),
        **in_child(measure, "throughput", name, url, size, many),
    }


def _trouble(state: str, server: RabbitMQ) -> Figures:
    if state == "healthy":
        return {**in_child(measure, "caller", OURS, server.url, 1536, 4_000), "dropped": 0.0}
    if state == "down":
        return in_child(measure, "trouble", OURS, _unused_url(), 1536, 4_000)
    if state == "frozen":
        server.pause()
        try:
            return in_child(measure, "trouble", OURS, server.url, 1536, 4_000)
        finally:
            server.resume()
    server.control("eval", _ALARM.format("set", "{{resource_limit, memory, node()}, []}"))
    try:
        return in_child(measure, "trouble", OURS, server.url, 1536, 4_000)
    finally:
        server.control("eval", _ALARM.format("clear", "{resource_limit, memory, node()}"))


def _unused_url() -> str:
    return f"amqp://guest:guest@127.0.0.1:{free_ports(1)[0]}//"


def _print_shapes(shown: str, figures: dict[str, Figures]) -> None:
    print(f"\n### Messages of {shown}\n")
    print(f"{machine()}, medians of {ROUNDS} interleaved runs.\n")
    compared = "times Pulp 2.7 | times py-amqp without confirms"
    print(f"| | messages/s | {compared} | call p50 | call p99 | burst of 400 | memory |")
    print("|---|--:|--:|--:|--:|--:|--:|--:|")
    for name, run in figures.items():
        ratios = [run["rate"] / figures[other]["rate"] for other in (REFERENCE, WITHOUT_CONFIRMS)]
        print(
            f"| {name} | {run['rate']:,.0f} | {ratios[0]:.1f} | {ratios[1]:.2f} | {run['p50']:.1f} µs | "
            f"{run['p99']:.1f} µs | {run['burst']:.2f} ms | {run['memory']:.1f} MB |"
        )


def _print_trouble(figures: dict[str, Figures]) -> None:
    print("\n### What a call costs while the messaging server is in trouble (pulp-notifiers, 1.5 KB)\n")
    print("| server | call p50 | call p99 | burst of 400 | dropped |")
    print("|---|--:|--:|--:|--:|")
    for state, run in figures.items():
        print(
            f"| {state} | {run['p50']:.2f} µs | {run['p99']:.2f} µs | {run['burst']:.2f} ms | {run['dropped']:,.0f} |"
        )


def _print_absent(figures: dict[str, Figures]) -> None:
    run = figures["absent"]
    print("\n### A million messages to a server that does not exist (pulp-notifiers, 1.5 KB)\n")
    print(
        f"{run['memory']:.1f} MB more memory at the peak, {run['each']:.1f} µs per report, including building it; "
        f"{run['dropped']:,.0f} dropped."
    )


if __name__ == "__main__":
    main()
