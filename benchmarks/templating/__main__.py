"""Conditions and templates against Jinja2 itself, which counts nothing; prints Markdown tables."""

import time
import tracemalloc
from collections.abc import Callable
from typing import Any

from jinja2 import Environment, StrictUndefined
from jinja2.sandbox import ImmutableSandboxedEnvironment

from pulp_notifiers.event import Event
from pulp_notifiers.templating import (
    TextForm,
    compile_condition,
    compile_text,
    condition_facts,
    event_facts,
    listener_facts,
)
from pulp_notifiers.templating.condition import compiled_anew as condition_anew
from pulp_notifiers.templating.text import compiled_anew as text_anew

from ..rounds import ROUNDS, Figures, medians
from ..tables import Column, print_table

EVENT = Event(
    "repo.sync.finish",
    {
        "repo_id": "prod-rhel-9",
        "result": "failed",
        "added_count": 12,
        "distributor": {"config": {"url": "https://mirror.example.com/"}},
        "tags": ["prod", "eu"],
        "version": "9.4",
        "rows": [{"name": f"package-{n}", "version": f"1.{n}", "arch": "x86_64", "size": n * 999} for n in range(20)],
    },
)
FACTS = condition_facts(event_facts(EVENT), listener_facts("abc", "production", "", {"team": "web"}))

CONDITIONS = {
    "equal": "payload.result == 'failed'",
    "in and larger": "event.type in ['repo.sync.finish', 'repo.publish.finish'] and payload.added_count > 10",
    "glob": "payload.result == 'failed' and payload.repo_id is glob('prod-*') and 'prod' in payload.tags",
    "deep, optional": "payload.distributor.config.url == 'x' or (payload.x is defined and payload.x.y == 2)"
    " or payload.added_count >= 12",
    "regex, version": "payload.repo_id is regex('-(8|9)$') and payload.version is version('9.2', '>=')",
}
_JINJA = {
    "equal": CONDITIONS["equal"],
    "in and larger": CONDITIONS["in and larger"],
    "deep, optional": CONDITIONS["deep, optional"],
}
"""Those that need no test that Jinja lacks."""

MAIL = """<table>
{% for row in payload.rows %}
<tr class="{{ 'odd' if loop.index % 2 else 'even' }}"><td>{{ loop.index }}</td><td>{{ row.name }}</td>
<td>{{ row.version }}</td><td>{{ row.arch }}</td><td>{{ row.size }}</td></tr>
{% endfor %}
</table>
<p>{{ payload.repo_id|upper }}: {% if payload.result == 'failed' %}failed{% else %}finished{% endif %}</p>
"""
SUBJECT = "[{{ payload.result|upper }}] {{ payload.repo_id }}"

_LOOPS = 2_000
_COMPILED = 300


def main() -> None:
    """Measure and print."""
    print_table("Conditions", f"CPU time, medians of {ROUNDS} interleaved rounds.", _CONDITION_COLUMNS, _conditions())
    print_table("Templates", f"CPU time, medians of {ROUNDS} interleaved rounds.", _TEXT_COLUMNS, _texts())
    print_table("10,000 different conditions", "Compiled, and kept.", _MANY_COLUMNS, {"of the form glob": _many()})


def _conditions() -> dict[str, Figures]:
    ours = medians([*CONDITIONS], _condition)
    theirs = medians([*_JINJA], _jinja_condition)
    return {
        name: figures | ({"ratio": figures["us"] / theirs[name]["us"]} if name in theirs else {})
        for name, figures in ours.items()
    }


def _condition(name: str) -> Figures:
    condition = compile_condition(CONDITIONS[name])
    seconds = _each(lambda: condition.holds(FACTS), _LOOPS * 5)
    text = CONDITIONS[name]
    return {
        "us": seconds * 1e6,
        "rate": 1 / seconds,
        "compile": _each(lambda: condition_anew(text), _COMPILED) * 1e6,
    }


def _jinja_condition(name: str) -> Figures:
    environment = ImmutableSandboxedEnvironment(undefined=StrictUndefined)
    evaluate = environment.compile_expression(_JINJA[name], undefined_to_none=False)
    return {"us": _each(lambda: evaluate(**FACTS), _LOOPS) * 1e6}


def _texts() -> dict[str, Figures]:
    plain = Environment(autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True)
    sandbox = ImmutableSandboxedEnvironment(
        autoescape=True, undefined=StrictUndefined, trim_blocks=True, lstrip_blocks=True
    )
    ways: dict[str, Callable[[str], Callable[[], Any]]] = {
        "ours": lambda text: lambda: compile_text(text, TextForm.HTML).render(FACTS),
        "Jinja2": lambda text: _renderer(plain, text),
        "Jinja2, sandbox": lambda text: _renderer(sandbox, text),
    }
    compilers: dict[str, Callable[[str], object]] = {
        "ours": lambda text: text_anew(text, TextForm.HTML),
        "Jinja2": plain.from_string,
        "Jinja2, sandbox": sandbox.from_string,
    }

    def measure(name: str) -> Figures:
        return {
            "mail": _each(ways[name](MAIL), _LOOPS // 4) * 1e6,
            "subject": _each(ways[name](SUBJECT), _LOOPS) * 1e6,
            "compile": _each(lambda: compilers[name](MAIL), _COMPILED // 10) * 1e6,
        }

    figures = medians([*ways], measure)
    for run in figures.values():
        run["ratio"] = run["mail"] / figures["Jinja2"]["mail"]
    return figures


def _renderer(environment: Environment, text: str) -> Callable[[], str]:
    template = environment.from_string(text)
    return lambda: template.render(**FACTS)


def _many() -> Figures:
    texts = [f"payload.result == 'failed' and payload.repo_id is glob('prod-{n}-*')" for n in range(10_000)]
    tracemalloc.start()
    kept = [condition_anew(text) for text in texts]
    size, _ = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    began = time.process_time()
    matched = sum(condition.holds(FACTS) for condition in kept)
    seconds = time.process_time() - began
    assert matched == 0
    return {"kb": size / len(kept) / 1_000, "rate": len(kept) / seconds}


def _each(call: Callable[[], object], loops: int) -> float:
    call()
    began = time.process_time()
    for _ in range(loops):
        call()
    return (time.process_time() - began) / loops


_CONDITION_COLUMNS = [
    Column("evaluation", "us", "{:.2f} µs"),
    Column("per second", "rate", "{:,.0f}"),
    Column("times Jinja2's sandbox", "ratio", "{:.2f}"),
    Column("compiling", "compile", "{:,.0f} µs"),
]
_TEXT_COLUMNS = [
    Column("mail of 20 rows", "mail", "{:,.0f} µs"),
    Column("times Jinja2", "ratio", "{:.2f}"),
    Column("subject", "subject", "{:.1f} µs"),
    Column("compiling the mail", "compile", "{:,.0f} µs"),
]
_MANY_COLUMNS = [Column("memory each", "kb", "{:.1f} kB"), Column("evaluated per second", "rate", "{:,.0f}")]

if __name__ == "__main__":
    main()
