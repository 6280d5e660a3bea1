"""Commands on a database that does not exist, or that belongs to another user."""

import os
import pwd
import subprocess
import sys
from pathlib import Path

import pytest

from pulp_notifiers.cli import main
from pulp_notifiers.errors import WrongUser
from pulp_notifiers.wiring import require_owner

NOBODY = 65534

as_root = pytest.mark.skipif(os.geteuid() != 0, reason="Only root can give files to another user")


@pytest.fixture
def state(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The state directory of this test, which does not exist."""
    monkeypatch.setenv("PULP_NOTIFIERS_CONF", str(tmp_path / "server.conf"))
    (tmp_path / "server.conf").write_text(f"[notifiers]\nstate_directory = {tmp_path / 'state'}\n")
    return tmp_path / "state"


def given_to_nobody(folder: Path) -> list[str]:
    """Give a folder and its files to another user; return the names of the files."""
    for path in (folder, *folder.iterdir()):
        os.chown(path, NOBODY, NOBODY)
    return sorted(path.name for path in folder.iterdir())


@pytest.mark.parametrize(
    "command",
    [["list"], ["list", "--json"], ["delete", "kate"], ["grant", "kate", "/v2/events/", "READ"]],
    ids=" ".join,
)
def test_a_command_that_needs_no_new_database_creates_none(state, capsys, command):
    """Neither the folder nor the key; it says what does."""
    assert 78 == main(["user", *command])

    error = capsys.readouterr().err
    assert f"There is no database {state / 'notifiers.db'}" in error
    assert "pulp-notifiers db upgrade" in error
    assert "PULP_NOTIFIERS_STATE_DIRECTORY" in error
    assert not state.exists()


@pytest.mark.parametrize(
    "command",
    [
        *(["listener", "list"], ["delivery", "list"], ["source", "list"], ["status"], ["notifier", "list"]),
        *(["source", "test", "zoo"], ["listener", "show", "0" * 24], ["event", "listener", "list"], ["--version"]),
    ],
    ids=" ".join,
)
def test_a_command_that_looks_at_the_server_or_the_machine_creates_nothing(state, command, capsys):
    """Whether it succeeds or not."""
    main([*command, *(["--url", "http://127.0.0.1:1"] if len(command) > 1 and command[0] != "notifier" else [])])

    assert not state.exists()


def test_looking_at_users_does_not_upgrade_the_schema(state, capsys):
    """A service of the older release may be running."""
    assert 0 == main(["db", "upgrade"])
    subprocess.run(
        [sys.executable, "-c", _DOWNGRADE.format(file=state / "notifiers.db")], check=True, capture_output=True
    )

    assert 78 == main(["user", "list"])

    assert "run pulp-notifiers db upgrade" in capsys.readouterr().err


_DOWNGRADE = """
import sqlite3
connection = sqlite3.connect({file!r})
connection.execute("DROP TABLE alembic_version")
connection.close()
""".replace("{file!r}", "'{file}'")


@as_root
@pytest.mark.parametrize(
    "command",
    [
        *(["user", "list"], ["user", "create", "eva", "--password", "hush"], ["user", "delete", "eva"]),
        *(["user", "grant", "eva", "/", "READ"], ["db", "upgrade"], ["serve"], ["worker"], ["source", "run"]),
    ],
    ids=lambda words: " ".join(words[:2]),
)
@pytest.mark.parametrize("existing", [True, False])
def test_root_is_refused_on_the_state_of_another_user_and_told_the_right_command(state, capsys, command, existing):
    """SQLite would create files that the service cannot open; also if the folder is still empty."""
    if existing:
        assert 0 == main(["db", "upgrade"])
    else:
        state.mkdir()
    before = given_to_nobody(state)
    capsys.readouterr()

    assert 78 == main(command)

    error = capsys.readouterr().err
    words = " ".join(word for word in command if word not in ("--password", "hush"))
    assert "belongs to the user nobody" in error
    assert f"sudo -u nobody env PULP_NOTIFIERS_CONF={state.parent / 'server.conf'} pulp-notifiers {words}" in error
    assert "hush" not in error
    assert before == sorted(path.name for path in state.iterdir())


@as_root
def test_without_settings_the_right_command_names_the_folder(tmp_path, capsys, monkeypatch):
    """The other user has another default."""
    monkeypatch.delenv("PULP_NOTIFIERS_CONF", raising=False)
    monkeypatch.setenv("STATE_DIRECTORY", str(tmp_path / "state"))
    assert 0 == main(["db", "upgrade"])
    given_to_nobody(tmp_path / "state")

    assert 78 == main(["user", "list"])

    expected = f"sudo -u nobody env PULP_NOTIFIERS_STATE_DIRECTORY={tmp_path / 'state'} pulp-notifiers user list"
    assert expected in capsys.readouterr().err


@pytest.mark.parametrize(
    ("command", "names"),
    [
        (["user", "create", "eva", "--password", "hush"], ["notifiers.db"]),
        (["user", "create", "eva", "--password", ""], ["notifiers.db"]),
        (["db", "upgrade"], ["notifiers.db", "secret.key"]),
    ],
    ids=["user create", "user create refused", "db upgrade"],
)
def test_a_command_that_creates_files_says_once_to_whom_they_belong(state, capsys, command, names):
    """Also if it then refuses the password."""
    main(command)
    first = capsys.readouterr().err
    main(command)

    files = [str(state / name) for name in names]
    user = pwd.getpwuid(os.geteuid()).pw_name
    assert f"Created {' and '.join(files)}: only a service that runs as {user} can open" in first
    if os.geteuid() == 0:
        assert f"If yours runs as another user, run: chown USER {' '.join([str(state), *files])}" in first
    assert "Created" not in capsys.readouterr().err


@pytest.mark.parametrize("command", [["user", "list"], ["db", "upgrade"]], ids=" ".join)
def test_a_database_that_fails_is_reported_once_and_with_what_to_check(state, command):
    """The log, which has no handler here, does not repeat it."""
    state.mkdir()
    (state / "notifiers.db").write_text("This is not a database.\n" * 100)

    ended = subprocess.run(
        [sys.executable, "-m", "pulp_notifiers", *command], capture_output=True, text=True, check=False
    )

    assert 74 == ended.returncode
    reported, check = ended.stderr.splitlines()
    assert "file is not a database" in reported
    assert check == "Check the database, and [notifiers] database_url in the settings."


@as_root
def test_the_command_about_new_files_leaves_a_shared_folder_as_it_is(state, capsys):
    """Nobody should own /tmp."""
    state.mkdir()
    state.chmod(0o1777)

    assert 0 == main(["db", "upgrade"])

    assert f"chown USER {state / 'notifiers.db'} {state / 'secret.key'}\n" in capsys.readouterr().err


@as_root
def test_a_container_that_runs_as_root_starts_in_a_mounted_folder_after_the_command_that_it_prints(state, capsys):
    """The folder belongs to a user of the machine outside, who has no name in the container."""
    state.mkdir()
    os.chown(state, 54321, 54321)

    assert 78 == main(["serve"])
    error = capsys.readouterr().err
    assert f"The folder of the new database {state / 'notifiers.db'} belongs to the user #54321" in error
    assert "Run it as #54321 (a container: with --user 54321)" in error
    command = f"chown root {state}"
    assert f"run first: {command}\n" in error

    subprocess.run(command.split(), check=True)
    assert 0 == main(["db", "upgrade"])


def test_another_user_is_told_to_whom_the_database_belongs(state):
    """Who is not root is refused on an existing database only: folders may be shared."""
    require_owner(state / "notifiers.db", user_id=NOBODY)
    assert 0 == main(["db", "upgrade"])

    with pytest.raises(WrongUser, match="this process runs as nobody"):
        require_owner(state / "notifiers.db", user_id=NOBODY)
