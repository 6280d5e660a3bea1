"""Every hostile condition, template and payload in its own process; prints a Markdown table.

The process has no limit and no time-out of its own: what ends it is the product's code.
"""

import json
import subprocess
import sys

from tests.support.hostile import cases

from ..tables import machine


def main() -> None:
    """Run every case, and print the slowest and largest ones last."""
    print(f"{machine()}.\n\n| id | kind | result | ms | MB |\n|---|---|---|--:|--:|")
    rows = []
    for case in cases():
        row = _result(case["id"])
        rows.append((case, row))
        print(_line(case, row), flush=True)
    for title, key in (("Slowest", "ms"), ("Largest", "mb")):
        print(f"\n### {title}\n\n| id | kind | result | ms | MB |\n|---|---|---|--:|--:|")
        for case, row in sorted(rows, key=lambda pair: -float(str(pair[1][key])))[:10]:
            print(_line(case, row))


def _result(name: str) -> dict[str, object]:
    command = [sys.executable, "-m", "tests.support.hostile", name]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    found: dict[str, object] = json.loads(done.stdout)
    return found


def _line(case: dict[str, object], row: dict[str, object]) -> str:
    outcomes = row["outcomes"]
    assert isinstance(outcomes, list)
    result = ", ".join(dict.fromkeys(outcome for outcome, _ in outcomes))
    return f"| {case['id']} | {case['kind']} | {result} | {row['ms']:.1f} | {row['mb']:.1f} |"


if __name__ == "__main__":
    main()
