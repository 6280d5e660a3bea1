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

CHEAP = Cost(n=2, r=1, p=1)
ALL = frozenset(Operation)


class Clock:
    """Stands still until it is moved."""

    now = 0.0

    def __call__(self) -> float:
        """Return the time."""
        return self.now


@pytest.fixture
def store(tmp_path: Path) -> Iterator[Store]:
    """An empty SQLite database."""
    store = Store(
        f"sqlite:///{tmp_path / 'n.db'}", lambda any_sealed: Vault.from_file(tmp_path / "key", not any_sealed)
    )
    store.upgrade()
    yield store
    store.close()


@pytest.fixture
def accounts(store: Store) -> Accounts:
    """Accounts that remember a password for a minute."""
    return Accounts(store.users, 60.0, Clock())


def add(store: Store, login: str = "joe", password: str = "pw", super_user: bool = False) -> User:
    """Keep a user whose hash is quick."""
    user = User(login, hash_password(password, CHEAP), super_user)
    assert store.users.add_user(user)
    return user


def seconds_of(work: object) -> float:
    """Measure what a call costs; not how long it takes, which depends on what else the machine does."""
    assert callable(work)
    begun = time.process_time()
    work()
    return time.process_time() - begun


def test_a_created_user_logs_in_with_the_password_only(accounts: Accounts) -> None:
    """Whatever characters it has."""
    created = accounts.create("jürgen", "päss:wörd")

    assert created == accounts.authenticate("jürgen", "päss:wörd")
    assert accounts.authenticate("jürgen", "päss") is None
    assert accounts.authenticate("Jürgen", "päss:wörd") is None
    assert [created] == accounts.users()


def test_a_password_is_kept_as_a_hash(accounts: Accounts) -> None:
    """Text never reaches the database."""
    assert "swordfish" not in accounts.create("joe", "swordfish").password_hash


@pytest.mark.parametrize("login", ["", "a:b", " a", "a ", "a\x00", "a\nb", "\ud800", "x" * 201])
def test_a_login_that_basic_authentication_or_postgresql_cannot_carry_is_refused(
    accounts: Accounts, login: str
) -> None:
    """Such a user could never log in."""
    with pytest.raises(InvalidValue) as refused:
        accounts.create(login, "pw")

    assert refused.value.property_names == ["login"]
    assert [] == accounts.users()
    assert accounts.authenticate(login, "pw") is None
    assert not accounts.delete(login)


def test_a_login_is_given_once(accounts: Accounts, store: Store) -> None:
    """The first user stays as it was."""
    first = add(store)

    with pytest.raises(InvalidValue, match="already a user 'joe'"):
        accounts.create("joe", "other")

    assert [first] == accounts.users()


def test_an_empty_password_is_refused(accounts: Accounts, store: Store) -> None:
    """Both for a new user and for a change."""
    kept = add(store)

    for change in (lambda: accounts.create("jim", ""), lambda: accounts.set_password("joe", "")):
        with pytest.raises(InvalidValue, match="password is empty"):
            change()

    assert [kept] == accounts.users()


def test_a_user_without_a_hash_cannot_log_in_by_password(accounts: Accounts, store: Store) -> None:
    """Such a user is authenticated by the web server alone."""
    store.users.add_user(User("joe", "", super_user=False))

    assert accounts.authenticate("joe", "") is None
    assert accounts.authenticate("joe", "x") is None
    assert accounts.user("joe") is not None


def test_a_verified_password_is_not_hashed_again_until_its_time_is_over(store: Store) -> None:
    """Recognising never hashes, so it answers only from what is remembered."""
    clock = Clock()
    accounts = Accounts(store.users, 60.0, clock)
    user = add(store)

    assert accounts.recognise("joe", "pw") is None
    assert user == accounts.authenticate("joe", "pw")
    clock.now = 59.9
    assert user == accounts.recognise("joe", "pw")
    assert accounts.recognise("joe", "wrong") is None
    clock.now = 60.0
    assert accounts.recognise("joe", "pw") is None


def test_a_wrong_password_is_never_remembered(accounts: Accounts, store: Store) -> None:
    """Nor does it disturb the right one."""
    add(store)

    assert accounts.authenticate("joe", "wrong") is None

    assert accounts.recognise("joe", "wrong") is None
    assert accounts.authenticate("joe", "pw") is not None


def test_zero_cache_seconds_hash_every_time(store: Store) -> None:
    """The cache can be switched off."""
    add(store)
    accounts = Accounts(store.users, 0.0, Clock())

    assert accounts.authenticate("joe", "pw") is not None
    assert accounts.recognise("joe", "pw") is None


def test_a_changed_password_takes_effect_at_once(accounts: Accounts, store: Store) -> None:
    """Although the old one was verified just now."""
    add(store)
    assert accounts.authenticate("joe", "pw") is not None

    accounts.set_password("joe", "new")

    assert accounts.authenticate("joe", "pw") is None
    assert accounts.authenticate("joe", "new") is not None


def test_a_deleted_user_is_locked_out_at_once(accounts: Accounts, store: Store) -> None:
    """Also when a new one takes the login."""
    add(store)
    assert accounts.authenticate("joe", "pw") is not None

    assert accounts.delete("joe")

    assert accounts.authenticate("joe", "pw") is None
    add(store, password="other")
    assert accounts.authenticate("joe", "pw") is None
    assert not accounts.delete("jim")


def test_a_change_in_another_process_takes_effect_at_once(accounts: Accounts, store: Store) -> None:
    """The user is read from the database every time."""
    add(store)
    assert accounts.authenticate("joe", "pw") is not None

    store.users.set_password("joe", hash_password("new", CHEAP))

    assert accounts.authenticate("joe", "pw") is None


def test_what_is_remembered_is_bounded(accounts: Accounts, store: Store) -> None:
    """The oldest is forgotten first."""
    users = [add(store, f"user{number}") for number in range(1100)]
    for user in users:
        assert accounts.authenticate(user.login, "pw") is not None

    assert accounts.recognise("user0", "pw") is None
    assert accounts.recognise("user1099", "pw") is not None


def test_an_unknown_login_takes_as_long_as_a_wrong_password(accounts: Accounts) -> None:
    """Or the time would tell which logins exist."""
    accounts.create("joe", "pw")

    wrong = min(seconds_of(lambda: accounts.authenticate("joe", "wrong")) for _ in range(3))
    unknown = min(seconds_of(lambda: accounts.authenticate("jim", "wrong")) for _ in range(3))

    assert 0.5 < unknown / wrong < 2.0


def test_threads_with_the_same_password_wait_for_one_hash(store: Store) -> None:
    """The others find what the first verified."""
    accounts = Accounts(store.users, 60.0, hashes_at_once=1)
    accounts.create("joe", "pw")
    one = seconds_of(lambda: accounts.authenticate("joe", "wrong"))
    start = threading.Barrier(8)

    def log_in() -> User | None:
        start.wait(timeout=60)
        return accounts.authenticate("joe", "pw")

    with ThreadPoolExecutor(8) as pool:
        begun = time.process_time()
        found = [future.result(timeout=60) for future in [pool.submit(log_in) for _ in range(8)]]
        taken = time.process_time() - begun

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
def test_a_grant_covers_nothing_beside_or_above_it(accounts: Accounts, store: Store, granted_on: str) -> None:
    """A path that begins alike is another one."""
    user = add(store)
    accounts.grant("joe", granted_on, ALL)

    assert not accounts.permitted(user, "/v2/events/5f0c1e2d3a4b5c6d7e8f9012/", Operation.READ)
    assert not accounts.permitted(user, "/v2/events/", Operation.READ)
    assert not accounts.permitted(user, "/", Operation.READ)


def test_a_super_user_may_do_everything(accounts: Accounts, store: Store) -> None:
    """Without any grant."""
    assert accounts.permitted(add(store, super_user=True), "/v2/events/", Operation.DELETE)


def test_grants_add_up_and_end_with_the_user(accounts: Accounts, store: Store) -> None:
    """A new user of the same login starts with none."""
    add(store)
    accounts.grant("joe", "/v2/events/", [Operation.READ])
    accounts.grant("joe", "/v2/events/", [Operation.READ, Operation.CREATE])

    assert {"/v2/events/": frozenset({Operation.READ, Operation.CREATE})} == accounts.grants("joe")

    accounts.delete("joe")
    add(store)
    assert {} == accounts.grants("joe")


def test_a_grant_may_name_the_whole_path_of_a_request(accounts: Accounts, store: Store) -> None:
    """It is kept as the resource."""
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
    """Instead of being kept for nothing."""
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
    """And always ends in a slash (CONTRACT 1.7)."""
    assert resource == resource_of(path)


def test_the_first_start_makes_a_super_user_with_a_generated_password(accounts: Accounts) -> None:
    """The second start makes nothing."""
    password = accounts.ensure_admin()

    assert password is not None
    assert len(password) >= 20
    admin = accounts.authenticate("admin", password)
    assert admin is not None
    assert admin.super_user
    assert accounts.ensure_admin() is None
    assert [admin] == accounts.users()


def test_the_first_start_takes_a_given_password(accounts: Accounts) -> None:
    """Then there is none to print."""
    assert accounts.ensure_admin("swordfish") is None
    assert accounts.authenticate("admin", "swordfish") is not None


def test_no_admin_is_made_where_there_are_users(accounts: Accounts, store: Store) -> None:
    """Whoever they are: an administrator may have deleted admin on purpose."""
    kept = add(store)

    assert accounts.ensure_admin("swordfish") is None

    assert [kept] == accounts.users()
