"""A plugin that is installed while the service runs works at once."""

import json
import shutil
import subprocess
import sys
import sysconfig
import venv
from pathlib import Path

import pytest

from tests.support.service import Service

PLUGIN = Path(__file__).parents[2] / "plugins" / "pulp-notifier-file"


@pytest.fixture
def python(tmp_path):
    """Return the Python of a new environment that has all packages of this one."""
    folder = tmp_path / "environment"
    venv.create(folder, with_pip=False, symlinks=True)
    (site,) = folder.glob("lib/python*/site-packages")
    here = sysconfig.get_path("purelib")
    (site / "outer.pth").write_text(f"import site; site.addsitedir({here!r})\n")
    return folder / "bin" / "python"


def command(python: Path, service: Service, *arguments: str) -> str:
    """Run a command line and return what it prints."""
    ran = subprocess.run(
        [python, "-m", "pulp_notifiers", *arguments], env=dict(service.environ), capture_output=True, text=True
    )
    assert 0 == ran.returncode, ran.stdout + ran.stderr
    return ran.stdout


def types_of(service: Service) -> set[str]:
    """Return the notifier types that REST lists."""
    found = service.call("GET", "/pulp/api/v3/notifications/notifiers/")["results"]
    return {notifier["type"] for notifier in found}


def test_pip_install_is_all_that_a_plugin_needs(python, tmp_path):
    """It appears in the list, in REST and on the command line, and carries events out."""
    with Service(tmp_path, python) as service:
        assert "file" not in types_of(service)
        service.register("http", {}, "*")

        # From a copy, because building leaves metadata beside the source.
        plugin = shutil.copytree(PLUGIN, tmp_path / PLUGIN.name)
        install = [sys.executable, "-m", "pip", "--python", str(python), "install", "-q", "--no-deps", str(plugin)]
        subprocess.run(install, check=True)

        assert "file" in types_of(service)
        assert "pulp-notifier-file" in command(python, service, "notifier", "list")
        assert "--path" in command(python, service, "listener", "file", "create", "--help")
        path = tmp_path / "events.jsonl"
        command(python, service, "listener", "file", "create", "--event-type", "*", "--path", str(path))
        service.fire("repo.sync.start", repo_id="zoo")
        service.wait_until_idle()

        (line,) = path.read_text().splitlines()
        assert "zoo" == json.loads(line)["payload"]["repo_id"]
