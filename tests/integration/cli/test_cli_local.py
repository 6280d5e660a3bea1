"""The commands that work on this machine: db, user and notifier."""

import io
import json
import sqlite3
import sys

import pytest

from pulp_notifiers.cli import main
from tests.support.distributions import installed


@pytest.fixture(autouse=True)
def state(tmp_path, monkeypatch):
    """A state directory and a configuration file of this test alone."""
    folder = tmp_path / "state"
    file = tmp_path / "server.conf"
    file.write_text(f"[notifiers]\nstate_directory = {folder}\n")
    monkeypatch.setenv("PULP_NOTIFIERS_CONF", str(file))
    return folder


def users(capsys):
    """Return what ``user list --json`` prints."""
    capsys.readouterr()
    assert 0 == main(["user", "list", "--json"])
    return json.loads(capsys.readouterr().out)


def test_db_upgrade_makes_the_schema_and_may_be_repeated(state, capsys):
    """It says which database it upgraded, because other settings mean another one."""
    assert (0, 0) == (main(["db", "upgrade"]), main(["db", "upgrade"]))
    line = f"The database sqlite:///{state / 'notifiers.db'} has the newest schema.\n"
    assert line * 2 == capsys.readouterr().out

    with sqlite3.connect(state / "notifiers.db") as connection:
        tables = {row[0] for row in connection.execute("SELECT name FROM sqlite_master WHERE type = 'table'")}
    connection.close()
    assert {"listeners", "events", "deliveries", "attempts", "users", "grants"} <= tables


def test_users_are_created_granted_listed_and_deleted(capsys):
    """In the database, whether the server runs or not."""
    assert 0 == main(["user", "create", "boss", "--password", "x", "--super-user"])
    assert 0 == main(["user", "create", "kate", "--password", "y"])
    assert 0 == main(["user", "grant", "kate", "/pulp/api/v2/events", "read", "CREATE"])
    assert 0 == main(["user", "grant", "kate", "/v2/events/", "DELETE"])

    assert [
        {"login": "boss", "super_user": True, "grants": {}},
        {"login": "kate", "super_user": False, "grants": {"/v2/events/": ["CREATE", "DELETE", "READ"]}},
    ] == users(capsys)

    assert 0 == main(["user", "delete", "boss"])
    assert ["kate"] == [user["login"] for user in users(capsys)]


def test_the_table_of_users_is_plain_when_it_is_piped(capsys):
    """Aligned, without colours or lines."""
    main(["user", "create", "kate", "--password", "y"])
    main(["user", "grant", "kate", "/v2/events/", "READ", "CREATE"])
    capsys.readouterr()

    main(["user", "list"])

    assert [
        "Login  Super-user  Grants",
        "kate   no          /v2/events/ CREATE READ",
    ] == capsys.readouterr().out.splitlines()


def test_a_password_is_read_from_standard_input_without_a_terminal(state, capsys, monkeypatch):
    """One line, so that it does not appear in the process list."""
    monkeypatch.setattr(sys, "stdin", io.StringIO("from stdin\n"))

    assert 0 == main(["user", "create", "kate"])

    assert ["kate"] == [user["login"] for user in users(capsys)]


@pytest.mark.parametrize("stdin", [None, io.TextIOWrapper(io.BytesIO(b"\xff\n"), encoding="utf-8")])
def test_a_password_that_cannot_be_read_is_a_usage_error(state, capsys, monkeypatch, stdin):
    """Standard input is closed (<&-) or no text; nothing is created."""
    monkeypatch.setattr(sys, "stdin", stdin)

    assert 64 == main(["user", "create", "kate"])

    assert "No password can be read: " in capsys.readouterr().err
    assert [] == users(capsys)


@pytest.mark.parametrize(
    ("arguments", "exit_code", "text"),
    [
        (["create", "kate", "--password", "again"], 65, "There is already a user 'kate'."),
        (["create", "a:b", "--password", "x"], 65, "cannot be a login"),
        (["create", "new", "--password", ""], 65, "password is empty"),
        (["delete", "nobody"], 65, "There is no user 'nobody'. Look it up with user list."),
        (["grant", "nobody", "/", "READ"], 65, "There is no user 'nobody'. Look it up with user list."),
        (["grant", "kate", "v2", "READ"], 65, "is not a resource"),
        (["grant", "kate", "/", "WRITE"], 64, "WRITE"),
        (["grant", "kate", "/"], 64, "OPERATION"),
        (["create"], 64, "LOGIN"),
    ],
)
def test_an_impossible_request_is_one_sentence(capsys, arguments, exit_code, text):
    """On standard error, and nothing is changed."""
    main(["user", "create", "kate", "--password", "y"])
    before = users(capsys)

    assert exit_code == main(["user", *arguments])

    assert text in capsys.readouterr().err
    assert before == users(capsys)


def test_users_are_managed_without_the_key(state, capsys):
    """Nothing of theirs is encrypted with it; a start of the service reports it."""
    main(["db", "upgrade"])
    (state / "secret.key").write_text("not a key")

    assert 0 == main(["user", "create", "kate", "--password", "y"])
    assert ["kate"] == [user["login"] for user in users(capsys)]
    assert 78 == main(["db", "upgrade"])


def test_a_wrong_setting_is_named(tmp_path, capsys, monkeypatch):
    """Before anything is changed."""
    monkeypatch.setenv("PULP_NOTIFIERS_WORKER_THREADS", "many")

    assert 78 == main(["user", "list"])

    assert "PULP_NOTIFIERS_WORKER_THREADS" in capsys.readouterr().err


def test_a_database_that_does_not_answer_is_an_input_output_error(capsys, monkeypatch):
    """The sentence is the store's."""
    monkeypatch.setenv("PULP_NOTIFIERS_DATABASE_URL", "postgresql+psycopg://nobody@127.0.0.1:1/none")

    assert 74 == main(["user", "list"])

    assert "" != capsys.readouterr().err


def test_notifiers_are_listed_with_their_problems(tmp_path, capsys):
    """Two distributions that offer the same type are both named."""
    with (
        installed(tmp_path, "first", {"twice": "first_module:N"}, {}),
        installed(tmp_path, "second", {"twice": "second_module:N"}, {}, version="2.0"),
    ):
        assert 0 == main(["notifier", "list", "--json"])

    listed = [one for one in json.loads(capsys.readouterr().out) if one["type"] == "twice"]
    assert {"first": "1.0", "second": "2.0"} == {one["distribution"]: one["version"] for one in listed}
    assert all("uninstall all but one" in one["problem"] for one in listed)
