"""Files with secrets that others can read are reported with the command that fixes it."""

import shlex
import stat
import subprocess
from pathlib import Path

import pytest

from pulp_notifiers.cli import main
from tests.support.service import Service


@pytest.fixture
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A state directory with database and key."""
    conf = tmp_path / "server.conf"
    monkeypatch.setenv("PULP_NOTIFIERS_CONF", str(conf))
    conf.write_text(f"[notifiers]\nstate_directory = {tmp_path / 'state'}\n")
    assert 0 == main(["db", "upgrade"])
    return tmp_path / "state"


def warnings(capsys: pytest.CaptureFixture[str]) -> list[str]:
    """Return the warnings of ``user list``."""
    capsys.readouterr()
    assert 0 == main(["user", "list"])
    return capsys.readouterr().err.splitlines()


def test_files_as_they_are_created_are_not_reported(state, capsys):
    """Neither is a configuration file without secrets, which all may read."""
    (state.parent / "server.conf").chmod(0o644)

    assert [] == warnings(capsys)


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o620, 0o602, 0o644, 0o777])
@pytest.mark.parametrize("name", ["secret.key", "notifiers.db"])
def test_a_key_or_database_that_others_can_read_or_write_is_reported(state, capsys, name, mode):
    """The command at the end of the line fixes it."""
    (state / name).chmod(mode)

    [line] = warnings(capsys)
    assert f"{state / name} has mode {mode:04o}" in line
    run(line)
    assert 0o600 == stat.S_IMODE((state / name).stat().st_mode)
    assert [] == warnings(capsys)


@pytest.mark.parametrize("mode", [0o770, 0o777, 0o702])
def test_a_folder_of_the_key_that_others_can_write_is_reported(state, capsys, mode):
    """They could replace the key."""
    state.chmod(mode)

    [line] = warnings(capsys)
    assert f"The folder {state} of the key file has mode {mode:04o}" in line
    run(line)
    assert [] == warnings(capsys)


@pytest.mark.parametrize(
    "text",
    [
        "[client]\npassword = x\n",
        "[oauth]\noauth_secret = x\n",
        "[messaging]\nurl = tcp://pulp:x@broker/\n",
        "[messaging]\nurl = tcp://pulp/x@broker\n",
    ],
)
def test_a_configuration_file_with_passwords_that_all_can_read_is_reported(state, capsys, text):
    """Its group may read it."""
    conf = state.parent / "server.conf"
    conf.write_text(conf.read_text() + text)
    conf.chmod(0o640)
    assert [] == warnings(capsys)
    conf.chmod(0o644)

    [line] = warnings(capsys)
    run(line)
    assert 0o640 == stat.S_IMODE(conf.stat().st_mode)


def test_the_service_reports_them_at_its_start_and_starts(tmp_path):
    """An upgrade must not stop it."""
    with Service(tmp_path):
        pass
    (tmp_path / "state" / "secret.key").chmod(0o644)

    with Service(tmp_path) as service:
        log = service.log.read_text()

    assert "ERROR" in log
    assert "secret.key has mode 0644: others can read or replace the key" in log


def test_the_service_says_once_which_files_it_created_and_who_can_open_them(tmp_path):
    """Started once as root by mistake, it would lock out the user of the service."""
    with Service(tmp_path, first_start=True) as service:
        first = service.log.read_text()
    with Service(tmp_path) as service:
        second = service.log.read_text().removeprefix(first)

    files = (
        f"Created {tmp_path / 'state' / 'notifiers.db'} and {tmp_path / 'state' / 'secret.key'}: only a service that"
    )
    assert files in first
    assert "Created" not in second.replace("Created the user", "")


def run(line: str) -> None:
    """Run the command that a line ends with."""
    assert line.startswith("Warning: ")
    subprocess.run(line.rpartition("Run: ")[2], shell=True, check=True)
    assert shlex.split(line.rpartition("Run: ")[2])[0] == "chmod"
