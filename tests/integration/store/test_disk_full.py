"""A full disk makes ``fire`` raise; earlier events are kept, and firing works again once there is space."""

import json
import re
import subprocess
import sys
import textwrap

# In a process of its own, because the limit on file sizes, which simulates the full disk, applies to a whole process.
SCRIPT = textwrap.dedent(
    """
    import json, logging, resource, signal, sys
    from pulp_notifiers.app import App
    from pulp_notifiers.errors import StoreUnavailable
    from pulp_notifiers.event import Event
    from pulp_notifiers.rest.v3.status import StatusV3
    from pulp_notifiers.settings import Settings

    signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    lines = []
    handler = logging.Handler()
    handler.emit = lambda record: lines.append(record.getMessage())
    logging.getLogger("pulp_notifiers").addHandler(handler)
    logging.getLogger("pulp_notifiers").setLevel(logging.INFO)
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
        for _ in range(300):
            try:
                app.fire(Event("repo.sync.start", {"repo_id": "zoo", "filler": "x" * 10_000}))
            except StoreUnavailable as error:
                pass
        status = StatusV3(app)._find()
        resource.setrlimit(resource.RLIMIT_FSIZE, (hard, hard))
        kept = app.deliveries.list()[0]
        app.fire(Event("repo.sync.start", {"repo_id": "zoo"}))
        status_after = StatusV3(app)._find()
        counts = [promised, kept, app.deliveries.list()[0]]
        print(json.dumps([*counts, refusal, lines, status.reachable, status_after.reachable]))
    """
)


def test_a_full_disk_makes_firing_fail_and_loses_no_earlier_event(tmp_path):
    """Only events that could not be written are missing; the log has a line at the begin and one at the end."""
    ran = subprocess.run([sys.executable, "-c", SCRIPT, str(tmp_path)], capture_output=True, text=True, timeout=120)

    assert 0 == ran.returncode, ran.stderr
    promised, kept, after, refusal, lines, reachable, reachable_after = json.loads(ran.stdout)
    assert promised > 10
    assert promised == kept
    assert promised + 1 == after
    assert "nothing was written" in refusal
    assert [False, True] == [reachable, reachable_after]
    begun, ended = lines
    assert begun.startswith("The database cannot be written: ")
    assert re.fullmatch(r"The database can be written again after \d+ s \(30[0-9] transactions failed\)", ended)
