"""Users, cached credentials and grants against a real database."""

import threading
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from pulp_notifiers.access import Accounts, resource_of
from pulp_notifiers.access.passwords import Cost, hash_password
from pulp_notifiers.errors import InvalidValue
from pulp_notifiers.records import Operation, User
from pulp_notifiers.store import Store, Vault
from tests.support.migrated import new_sqlite

CHEAP = Cost(n=2, r=1, p=1)
ALL = frozenset(Operation)


class Clock:
    """A clock that stands still until it is moved."""

    now = 0.0

    def __call__(self) -> float:
        """Return the time."""
        return self.now


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """An empty SQLite database."""
    url = new_sqlite(tmp_path / "n.db")
    store = Store(url, lambda any_sealed: Vault.from_file(tmp_path / "key", not any_sealed))
    yield store
    store.close()


@pytest.fixture
def accounts(store: Store) -> Accounts:
    """Accounts that remember a password for a minute."""
    return Accounts(store.users, 60.0, Clock())


def add(store: Store, login: str = "joe", password: str = "pw", super_user: bool = False) -> User:
    """Add a user with a cheap hash."""
    user = User(login, hash_password(password, CHEAP), super_user)
    assert store.users.add_user(user)
    return user


def seconds_of(work: object) -> float:
    """Return the CPU seconds of a call, which do not depend on what else the machine does."""
    assert callable(work)
    started = time.process_time()
    work()
    return time.process_time() - started


def test_a_created_user_logs_in_with_the_password_only(accounts: Accounts) -> None:
    """Login and password may have any characters."""
    created = accounts.create("jürgen", "päss:wörd")

    assert created == accounts.authenticate("jürgen", "päss:wörd")
    assert accounts.authenticate("jürgen", "päss") is None
    assert accounts.authenticate("Jürgen", "päss:wörd") is None
    assert [created] == accounts.users()


def test_a_password_is_stored_as_a_hash(accounts: Accounts) -> None:
    """The text never reaches the database."""
    assert "swordfish" not in accounts.create("joe", "swordfish").password_hash


@pytest.mark.parametrize("login", ["", "a:b", " a", "a ", "a\x00", "a\nb", "\ud800", "x" * 201])
def test_a_login_that_http_basic_or_postgresql_does_not_support_is_refused(accounts: Accounts, login: str) -> None:
    """Such a user could never log in."""
    with pytest.raises(InvalidValue) as refused:
        accounts.create(login, "pw")

    assert refused.value.property_names == ["login"]
    assert [] == accounts.users()
    assert accounts.authenticate(login, "pw") is None
    with pytest.raises(InvalidValue, match="There is no user"):
        accounts.delete(login)


def test_a_login_is_unique(accounts: Accounts, store: Store) -> None:
    """The first user stays unchanged."""
    first = add(store)

    with pytest.raises(InvalidValue, match="already a user 'joe'"):
        accounts.create("joe", "other")

    assert [first] == accounts.users()


def test_an_empty_password_is_refused(accounts: Accounts, store: Store) -> None:
    """It is refused for a new user and for a change."""
    user = add(store)

    for change in (lambda: accounts.create("jim", ""), lambda: accounts.set_password("joe", "")):
        with pytest.raises(InvalidValue, match="password is empty"):
            change()

    assert [user] == accounts.users()


def test_a_user_without_a_hash_cannot_log_in_by_password(accounts: Accounts, store: Store) -> None:
    """Such a user is authenticated only by the web server."""
    store.users.add_user(User("joe", "", super_user=False))

    assert accounts.authenticate("joe", "") is None
    assert accounts.authenticate("joe", "x") is None
    assert accounts.user("joe") is not None


def test_a_verified_password_is_not_hashed_again_until_it_expires(store: Store) -> None:
    """``recognise`` never hashes, so it answers only from the cache."""
    clock = Clock()
    accounts = Accounts(store.users, 60.0, clock)
    user = add(store)

    assert accounts.recognise("joe", "pw")[0] is None
    assert user == accounts.authenticate("joe", "pw")
    clock.now = 59.9
    assert user == accounts.recognise("joe", "pw")[0]
    assert accounts.recognise("joe", "wrong")[0] is None
    clock.now = 60.0
    assert accounts.recognise("joe", "pw")[0] is None


def test_a_wrong_password_is_never_remembered(accounts: Accounts, store: Store) -> None:
    """It does not affect the right one."""
    add(store)

    assert accounts.authenticate("joe", "wrong") is None

    assert accounts.recognise("joe", "wrong")[0] is None
    assert accounts.authenticate("joe", "pw") is not None


def test_zero_cache_seconds_disable_the_cache(store: Store) -> None:
    """Every verification hashes."""
    add(store)
    accounts = Accounts(store.users, 0.0, Clock())

    assert accounts.authenticate("joe", "pw") is not None
    assert accounts.recognise("joe", "pw")[0] is None


def test_a_changed_password_takes_effect_at_once(accounts: Accounts, store: Store) -> None:
    """The old one is refused, although it was verified just before."""
    add(store)
    assert accounts.authenticate("joe", "pw") is not None

    accounts.set_password("joe", "new")

    assert accounts.authenticate("joe", "pw") is None
    assert accounts.authenticate("joe", "new") is not None


def test_a_deleted_user_is_locked_out_at_once(accounts: Accounts, store: Store) -> None:
    """The old password is refused too if a new user has the same login."""
    add(store)
    assert accounts.authenticate("joe", "pw") is not None

    accounts.delete("joe")

    assert accounts.authenticate("joe", "pw") is None
    add(store, password="other")
    assert accounts.authenticate("joe", "pw") is None


def test_a_user_who_does_not_exist_cannot_be_deleted(accounts: Accounts, store: Store) -> None:
    """The error names the login, and other users stay."""
    add(store)

    with pytest.raises(InvalidValue, match="There is no user 'jim'") as refused:
        accounts.delete("jim")

    assert refused.value.property_names == ["login"]
    assert ["joe"] == [user.login for user in accounts.users()]


def test_a_change_in_another_process_takes_effect_at_once(accounts: Accounts, store: Store) -> None:
    """The user is read from the database every time."""
    add(store)
    assert accounts.authenticate("joe", "pw") is not None

    store.users.set_password("joe", hash_password("new", CHEAP))

    assert accounts.authenticate("joe", "pw") is None


def test_the_cache_of_verified_passwords_is_bounded(accounts: Accounts, store: Store) -> None:
    """The oldest entry is dropped first."""
    users = [add(store, f"user{number}") for number in range(1100)]
    for user in users:
        assert accounts.authenticate(user.login, "pw") is not None

    assert accounts.recognise("user0", "pw")[0] is None
    assert accounts.recognise("user1099", "pw")[0] is not None


def test_an_unknown_login_takes_as_long_as_a_wrong_password(accounts: Accounts) -> None:
    """Otherwise the time would reveal which logins exist."""
    accounts.create("joe", "pw")

    wrong = min(seconds_of(lambda: accounts.authenticate("joe", "wrong")) for _ in range(3))
    unknown = min(seconds_of(lambda: accounts.authenticate("jim", "wrong")) for _ in range(3))

    assert 0.5 < unknown / wrong < 2.0


def test_threads_with_the_same_password_wait_for_one_hash(store: Store) -> None:
    """The others use what the first one verified."""
    accounts = Accounts(store.users, 60.0, hashes_at_once=1)
    accounts.create("joe", "pw")
    one = seconds_of(lambda: accounts.authenticate("joe", "wrong"))
    start = threading.Barrier(8)

    def log_in() -> User | None:
        start.wait(timeout=60)
        return accounts.authenticate("joe", "pw")

    with ThreadPoolExecutor(8) as pool:
        started = time.process_time()
        found = [future.result(timeout=60) for future in [pool.submit(log_in) for _ in range(8)]]
        taken = time.process_time() - started

    assert all(found)
    assert taken < 5 * one


@pytest.mark.parametrize("granted_on", ["/v2/events/5f0c1e2d3a4b5c6d7e8f9012/", "/v2/events/", "/v2/", "/"])
def test_a_grant_covers_the_resource_and_all_below_it(accounts: Accounts, store: Store, granted_on: str) -> None:
    """Operations that were not granted stay forbidden."""
    user = add(store)
    accounts.grant("joe", granted_on, [Operation.READ])

    assert accounts.permitted(user, "/v2/events/5f0c1e2d3a4b5c6d7e8f9012/", Operation.READ)
    assert not accounts.permitted(user, "/v2/events/5f0c1e2d3a4b5c6d7e8f9012/", Operation.DELETE)


@pytest.mark.parametrize(
    "granted_on", ["/v2/events/5f0c/", "/v2/event/", "/v3/", "/v2/events/5f0c1e2d3a4b5c6d7e8f9012/x/"]
)
def test_a_grant_covers_no_sibling_and_no_parent(accounts: Accounts, store: Store, granted_on: str) -> None:
    """A path with the same prefix is another path."""
    user = add(store)
    accounts.grant("joe", granted_on, ALL)

    assert not accounts.permitted(user, "/v2/events/5f0c1e2d3a4b5c6d7e8f9012/", Operation.READ)
    assert not accounts.permitted(user, "/v2/events/", Operation.READ)
    assert not accounts.permitted(user, "/", Operation.READ)


def test_a_super_user_may_do_everything(accounts: Accounts, store: Store) -> None:
    """No grant is needed."""
    assert accounts.permitted(add(store, super_user=True), "/v2/events/", Operation.DELETE)


def test_grants_add_up_and_end_with_the_user(accounts: Accounts, store: Store) -> None:
    """A new user with the same login has no grants."""
    add(store)
    accounts.grant("joe", "/v2/events/", [Operation.READ])
    accounts.grant("joe", "/v2/events/", [Operation.READ, Operation.CREATE])

    assert {"/v2/events/": frozenset({Operation.READ, Operation.CREATE})} == accounts.grants("joe")

    accounts.delete("joe")
    add(store)
    assert {} == accounts.grants("joe")


def test_a_grant_may_name_the_whole_path_of_a_request(accounts: Accounts, store: Store) -> None:
    """It is stored as the resource."""
    add(store)

    assert accounts.grant("joe", "/pulp/api/v2/events", [Operation.READ]) == "/v2/events/"


@pytest.mark.parametrize(
    ("login", "resource", "property_name"),
    [
        ("jim", "/", "login"),
        ("joe", "v2/events/", "resource"),
        ("joe", "/\x00", "resource"),
        ("joe", "/" + "x" * 255, "resource"),
    ],
)
def test_a_grant_that_could_never_apply_is_refused(
    accounts: Accounts, store: Store, login: str, resource: str, property_name: str
) -> None:
    """The error names the property."""
    add(store)

    with pytest.raises(InvalidValue) as refused:
        accounts.grant(login, resource, ALL)

    assert refused.value.property_names == [property_name]


@pytest.mark.parametrize(
    ("path", "resource"),
    [
        ("/pulp/api/v2/events/", "/v2/events/"),
        ("/pulp/api/v2/events/5f0c", "/v2/events/5f0c/"),
        ("//pulp//api//", "/"),
        ("", "/"),
        ("/v2/events/pulp/", "/v2/events/pulp/"),
    ],
)
def test_a_resource_is_the_path_without_pulp_and_api(path: str, resource: str) -> None:
    """It always ends in a slash (CONTRACT 1.7)."""
    assert resource == resource_of(path)


def test_the_first_start_creates_a_super_user_with_a_generated_password(accounts: Accounts) -> None:
    """The second start creates nothing."""
    password = accounts.ensure_admin()

    assert password is not None
    assert len(password) >= 20
    admin = accounts.authenticate("admin", password)
    assert admin is not None
    assert admin.super_user
    assert accounts.ensure_admin() is None
    assert [admin] == accounts.users()


def test_the_first_start_uses_a_given_password(accounts: Accounts) -> None:
    """Then there is no password to print."""
    assert accounts.ensure_admin("swordfish") is None
    assert accounts.authenticate("admin", "swordfish") is not None


def test_no_admin_is_created_if_there_are_users(accounts: Accounts, store: Store) -> None:
    """An administrator may have deleted admin on purpose."""
    user = add(store)

    assert accounts.ensure_admin("swordfish") is None

    assert [user] == accounts.users()
