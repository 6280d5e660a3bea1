"""A full disk makes ``fire`` raise; earlier events are kept, and firing works again once there is space."""

import json
import subprocess
import sys
import textwrap

# In a process of its own, because the limit on file sizes, which simulates the full disk, applies to a whole process.
SCRIPT = textwrap.dedent(
    """
    import json, resource, signal, sys
    from pulp_notifiers.app import App
    from pulp_notifiers.errors import StoreUnavailable
    from pulp_notifiers.event import Event
    from pulp_notifiers.settings import Settings

    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    settings = Settings({"notifiers": {"state_directory": sys.argv[1]}})
    with App.from_settings(settings) as app:
        listener = app.pulp2_listeners.create("http", {"url": "http://127.0.0.1:9/"}, ["*"])
        hard = resource.getrlimit(resource.RLIMIT_FSIZE)[1]
        resource.setrlimit(resource.RLIMIT_FSIZE, (3_000_000, hard))
        promised, refusal = 0, None
        while refusal is None:
            try:
                promised += app.fire(Event("repo.sync.start", {"repo_id": "zoo", "filler": "x" * 10_000}))
            except StoreUnavailable as error:
                refusal = str(error)
        resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
        kept = app.deliveries.list()[0]
        app.fire(Event("repo.sync.start", {"repo_id": "zoo"}))
        print(json.dumps([promised, kept, app.deliveries.list()[0], refusal]))
    """
)


def test_a_full_disk_makes_firing_fail_and_loses_no_earlier_event(tmp_path):
    """Only the event that could not be written is missing."""
    ran = subprocess.run([sys.executable, "-c", SCRIPT, str(tmp_path)], capture_output=True, text=True, timeout=120)

    assert 0 == ran.returncode, ran.stderr
    promised, kept, after, refusal = json.loads(ran.stdout)
    assert promised > 10
    assert promised == kept
    assert promised + 1 == after
    assert "nothing was written" in refusal
