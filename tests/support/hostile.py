"""Hostile conditions, templates and payloads, run through the product's own code in this process.

The cases were collected with other names than the product has: their tests ``matching`` and ``globbing`` are its
``regex`` and ``glob``, and their event is given as ``event`` and as ``payload``, so that none is refused only for
its names.
"""

import json
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from pulp_notifiers.templating import ExpressionFailed, InvalidExpression, TextForm, compile_condition, compile_text

from .hostile_own import OWN_CASES

COLLECTED = Path(__file__).parent.parent / "unit" / "templating" / "hostile.json"

SAMPLE = {
    "type": "order.created",
    "id": "evt-1",
    "severity": "high",
    "text": "hello",
    "amount": 120.5,
    "count": 7,
    "actor": {"name": "Ada", "email": "ada@example.org", "roles": ["admin", "dev"]},
    "tags": ["prod", "eu"],
    "items": [{"sku": f"sku-{number}", "qty": number, "price": number * 1.5} for number in range(20)],
    "nested": {"a": {"b": {"c": {"d": 1}}}},
}

_OUR_NAMES = {"is matching": "is regex", "is globbing": "is glob"}


def cases() -> list[dict[str, Any]]:
    """Return every case of every file."""
    return [*json.loads(COLLECTED.read_text(encoding="utf-8")), *OWN_CASES]


def facts_of(case: dict[str, Any]) -> dict[str, Any]:
    """Return the facts with which a case is evaluated."""
    text = case["text"] if case["where"] == "payload" else case.get("event_text", SAMPLE["text"])
    event = {**SAMPLE, "text": text, **case.get("event", {})}
    return {
        "event": event,
        "payload": event,
        "report": None,
        "labels": {},
        "listener": {"id": "1", "name": "x", "description": "", "labels": {}},
        "about": {"state": "FAILED"},
        "target": "",
        "attempt": 1,
    }


def outcomes(case: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Save and evaluate a case; yield what became of it, and the sentence or text, for each form that matters."""
    source = case["template"] if case["where"] == "payload" else case["text"]
    for theirs, ours in _OUR_NAMES.items():
        source = source.replace(theirs, ours)
    facts = facts_of(case)
    for form in _forms(case):
        try:
            if form is None:
                yield "evaluated", str(compile_condition(source).holds(facts))
            else:
                yield f"rendered {form}", compile_text(source, form).render(facts)
        except InvalidExpression as error:
            yield "refused", str(error)
        except ExpressionFailed as error:
            yield "failed", str(error)


def _forms(case: dict[str, Any]) -> tuple[TextForm | None, ...]:
    """Return the forms; None stands for a condition."""
    if case["where"] == "condition":
        return (None,)
    return tuple(TextForm) if case["kind"] == "injection" else (TextForm.TEXT,)


def measured(case: dict[str, Any]) -> dict[str, Any]:
    """Run a case; return its outcomes, the seconds of CPU and by how many MB the process grew at its peak."""
    before = _peak_after_reset()
    began = time.process_time()
    found = [*outcomes(case)]
    seconds = time.process_time() - began
    grown = _status("VmHWM") - before
    return {"id": case["id"], "outcomes": found, "ms": seconds * 1_000, "mb": grown / 1_024}


def _peak_after_reset() -> int:
    """Make the kernel forget the process's peak; return what it uses now, in kB."""
    Path("/proc/self/clear_refs").write_text("5", encoding="ascii")
    return _status("VmRSS")


def _status(name: str) -> int:
    for line in Path("/proc/self/status").read_text(encoding="ascii").splitlines():
        if line.startswith(f"{name}:"):
            return int(line.split()[1])
    raise LookupError(name)


def main() -> None:
    """Run the cases whose ids are given, or all; print one JSON object a line."""
    wanted = set(sys.argv[1:])
    for case in cases():
        if not wanted or case["id"] in wanted:
            print(json.dumps(measured(case)), flush=True)


if __name__ == "__main__":
    main()
