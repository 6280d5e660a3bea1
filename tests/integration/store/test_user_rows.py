"""Users and their grants in the database."""

from pulp_notifiers.records import Operation, User


def test_a_login_is_taken_once_and_its_grants_add_up_until_it_is_deleted(store):
    """A repeated grant adds nothing, and a new password replaces the old one."""
    assert store.users.add_user(User("joe", "hash", False))
    assert not store.users.add_user(User("joe", "other", True))
    store.users.grant("joe", "/v2/", [Operation.READ, Operation.READ])
    store.users.grant("joe", "/v2/", [Operation.READ, Operation.CREATE])

    assert User("joe", "hash", False) == store.users.user("joe")
    assert {"/v2/": {Operation.READ, Operation.CREATE}} == store.users.grants("joe")
    assert store.users.set_password("joe", "new")
    assert ["new"] == [user.password_hash for user in store.users.users()]
    assert store.users.delete_user("joe")
    assert {} == store.users.grants("joe")
    assert not store.users.delete_user("joe")
    assert not store.users.set_password("joe", "x")
    assert store.users.user("joe") is None
