"""The PostgreSQL that other tests rely on."""

import socket
from pathlib import Path

import psycopg
import pytest

from tests.harness.postgres import PostgreSQL, find_binaries

pytestmark = pytest.mark.postgresql


@pytest.fixture(autouse=True, scope="module")
def installed():
    """Skip the tests if PostgreSQL is not installed."""
    if find_binaries() is None:
        pytest.skip("PostgreSQL is not installed (Debian: apt-get install postgresql)")


@pytest.fixture(scope="module")
def server():
    """Yield this module's own server, because its tests stop it."""
    with PostgreSQL() as running:
        yield running


def connect(url: str) -> psycopg.Connection:
    """Return a connection that commits each statement."""
    return psycopg.connect(url.replace("+psycopg", ""), autocommit=True)


def test_each_database_is_fresh(server):
    """The next test does not see what a test wrote."""
    first, second = server.create_database(), server.create_database()

    with connect(first) as connection:
        connection.execute("CREATE TABLE mark (value int)")

    with connect(second) as connection:
        assert (None,) == connection.execute("SELECT to_regclass('mark')").fetchone()


def test_the_server_listens_on_loopback_only(server):
    """It cannot be reached over the network."""
    with connect(server.url()) as connection:
        assert ("127.0.0.1",) == connection.execute("SHOW listen_addresses").fetchone()


def test_the_password_of_the_url_is_needed(server):
    """Other users of the machine cannot become the super-user of the server."""
    url = server.url().replace("+psycopg", "")
    password = url.split(":")[2].split("@")[0]

    with pytest.raises(psycopg.OperationalError, match="password authentication failed"):
        psycopg.connect(url.replace(password, "guess"))


@pytest.mark.parametrize("end", ["stop", "kill"])
def test_committed_rows_survive(server, end):
    """A server that was stopped or killed restarts at the same address with the committed data."""
    url = server.create_database()
    with connect(url) as connection:
        connection.execute("CREATE TABLE mark AS SELECT 7 AS value")

    getattr(server, end)()
    server.restart()

    with connect(url) as connection:
        assert (7,) == connection.execute("SELECT value FROM mark").fetchone()


def test_a_kill_cuts_open_connections(server):
    """A client in the middle of a transaction finds out with its next statement."""
    connection = connect(server.url())
    connection.execute("BEGIN")

    server.kill()

    with connection, pytest.raises(psycopg.OperationalError):
        connection.execute("SELECT 1")
    server.restart()


def test_stopping_twice_is_not_an_error(server):
    """The server stays stopped."""
    server.stop()
    server.stop()

    with pytest.raises(psycopg.OperationalError):
        connect(server.url())
    server.restart()


def test_a_server_that_cannot_start_says_why():
    """The error has the end of the server's log."""
    with PostgreSQL() as server:
        server.stop()

        with socket.create_server(("127.0.0.1", server.port)), pytest.raises(RuntimeError, match="already in use"):
            server.restart()


def test_the_process_and_its_folder_are_gone_after_the_block():
    """Nothing is left behind."""
    with PostgreSQL() as server:
        with connect(server.url()) as connection:
            (folder,) = connection.execute("SHOW unix_socket_directories").fetchone()
        assert Path(folder).is_dir()

    assert not Path(folder).exists()
    with pytest.raises(psycopg.OperationalError, match="refused"):
        connect(server.url())
