"""Sends requests that schemathesis makes from the OpenAPI document to a running service; `make test-api` calls it.

Each answer must be as documented, and none 5xx. A failure is shown with the command that repeats its request.
"""

import subprocess
import sys
import tempfile
from pathlib import Path

from tests.support.service import PASSWORD, Service

ROOT = Path(__file__).parent.parent
API = "/pulp/api/v3/notifications"
LISTENER = {"notifier_type": "http", "config": {"url": "http://192.0.2.1/"}, "event_types": ["repo.#"]}


def main() -> int:
    """Run the checks and return schemathesis's exit code."""
    schemathesis = Path(sys.executable).with_name("schemathesis")
    # Schemathesis sends wrong passwords, too, and expects 401 for each.
    limits = {"FAILED_LOGINS": "1000", "FAILED_LOGINS_OF_ADDRESS": "1000"}
    with tempfile.TemporaryDirectory() as folder, Service(Path(folder), **limits) as service:
        # So that there is something to find.
        service.call("POST", f"{API}/listeners/", 201, json=LISTENER)
        service.fire("repo.sync.finish", repo_id="zoo")
        command = [
            schemathesis,
            "--config-file",
            ROOT / "scripts" / "schemathesis.toml",
            "run",
            f"{service.url}{API}/docs/api.json",
            "--auth",
            f"admin:{PASSWORD}",
        ]
        return subprocess.run([*command, *sys.argv[1:]], cwd=folder, check=False).returncode


if __name__ == "__main__":
    sys.exit(main())
