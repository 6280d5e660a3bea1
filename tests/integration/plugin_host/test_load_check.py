"""Notifiers that are loaded in a child process to find their problems."""

import json
import os
from pathlib import Path

import pytest

from pulp_notifiers.cli import main
from pulp_notifiers.plugin_host import NotifierRegistry, load_checked
from tests.support.distributions import installed

GOOD = "def handle_event(notifier_config, event): pass\n"
PLUGINS = {
    "t1-missing": "import no_such_module_at_all\n",
    "t2-exits": "import os\nos._exit(3)\n",
    "t3-good": GOOD,
    "t4-killed": "import os\nos.kill(os.getpid(), 9)\n",
    "t5-prints": f"import os\nprint('hello')\nos.write(1, b'hello')\n{GOOD}",
    "t6-quits": "raise SystemExit('bye')\n",
    "t7-last": GOOD,
}


def is_dead(pid):
    """Return whether a process has ended, and may wait for its parent to see it."""
    try:
        state = Path(f"/proc/{pid}/stat").read_text(encoding="ascii")
    except FileNotFoundError:
        return True
    return state.rpartition(")")[2].split()[0] == "Z"


@pytest.fixture
def plugins(tmp_path):
    """Install plugins that fail in several ways, between others that work."""
    modules = {name.replace("-", "_"): source for name, source in PLUGINS.items()}
    offered = {name: name.replace("-", "_") for name in PLUGINS}
    with installed(tmp_path, "acme-mix", offered, modules):
        yield


def test_every_plugin_is_listed_with_its_problem_whatever_it_does(plugins, capfd):
    """Those after one that ends the process are load_checked too, and nothing of theirs is printed."""
    assert 0 == main(["notifier", "list", "--json"])

    listed = json.loads(capfd.readouterr().out)
    problems = {one["type"]: one["problem"] or "" for one in listed if one["distribution"] == "acme-mix"}
    assert "ModuleNotFoundError: No module named 'no_such_module_at_all'" in problems["t1-missing"]
    assert "It ends the process that loads it (exit code 3)." == problems["t2-exits"]
    assert "It ends the process that loads it (signal 9)." == problems["t4-killed"]
    assert "SystemExit: bye" in problems["t6-quits"]
    assert ["", "", ""] == [problems[name] for name in ("t3-good", "t5-prints", "t7-last")]
    assert all(one["checked"] for one in listed)


def test_a_plugin_that_hangs_is_given_up(tmp_path):
    """With what it has started; the next one is load_checked."""
    pid = tmp_path / "pid"
    hangs = (
        "import pathlib, subprocess, time\n"
        "started = subprocess.Popen(['sleep', '600'])\n"
        f"pathlib.Path({str(pid)!r}).write_text(str(started.pid))\n"
        "time.sleep(600)\n"
    )
    offered = {"h1": "h1_module", "h2": "h2_module"}
    with installed(tmp_path, "acme-hang", offered, {"h1_module": hangs, "h2_module": GOOD}):
        ours = [one for one in NotifierRegistry().installed() if one.distribution == "acme-hang"]
        # Longer than a start takes; how long it waits is no part of the claim.
        first, second = load_checked(ours, limit_seconds=10)

    assert "It did not load within 10 seconds." == first.problem
    assert second.problem is None
    assert is_dead(pid.read_text())


def test_a_list_that_checks_nothing_says_so(plugins, capsys):
    """Each problem that is known without loading is shown."""
    assert 0 == main(["notifier", "list", "--no-check"])

    lines = [line for line in capsys.readouterr().out.splitlines() if "acme-mix" in line]
    assert len(PLUGINS) == len(lines)
    assert all(line.endswith("not checked") for line in lines)


def test_the_list_shows_broken_distributions_with_what_to_do(tmp_path, monkeypatch, capsys):
    """Even if nobody knows what they offered."""
    monkeypatch.syspath_prepend(str(tmp_path))
    place = tmp_path / "acme_gone-1.0.dist-info"
    place.mkdir()

    assert 0 == main(["notifier", "list", "--no-check"])

    assert f"{place} has no METADATA: an upgrade was interrupted. Delete it" in capsys.readouterr().err


def test_nothing_is_started_for_nothing():
    """Without a notifier that could be loaded."""
    before = os.listdir("/proc/self/fd")

    assert [] == load_checked([])
    assert before == os.listdir("/proc/self/fd")
