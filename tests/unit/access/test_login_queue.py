"""Whose password is hashed next."""

import pytest

from pulp_notifiers.access import Login, LoginQueue


class Time:
    """Monotonic seconds."""

    now = 0.0

    def __call__(self) -> float:
        self.now += 0.001
        return self.now


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
def queue(time: Time) -> LoginQueue:
    return LoginQueue(1, time, longest_seconds=10, most=4)


def add(queue: LoginQueue, *logins: Login) -> list[Login]:
    assert all(map(queue.add, logins))
    return list(logins)


def order(queue: LoginQueue) -> list[str]:
    """Hash one after the other and return their passwords."""
    found = []
    while (one := queue.take()) is not None:
        assert queue.take() is None, "more than one at a time"
        found.append(one.password)
        queue.done(one)
    return found


def test_a_password_that_was_right_before_comes_first(queue):
    """The first of several such first."""
    add(queue, Login("a", "x", "1"), Login("b", "y", "2", is_known=True), Login("c", "z", "3", is_known=True))

    assert ["2", "3", "1"] == order(queue)


def test_addresses_take_turns(queue):
    """However many wait at one of them."""
    add(queue, *(Login("a", f"x{number}", f"a{number}") for number in range(3)))
    queue.done(queue.take())
    add(queue, Login("b", "y", "b"))

    assert "b" == order(queue)[0]


def test_of_one_address_the_login_with_the_fewest_failures_comes_first_then_the_newest(queue):
    """A user who logs in for the first time does not wait for guesses at another login."""
    add(
        queue,
        *(Login("a", f"x{number}", str(number), failures=failures) for number, failures in enumerate([2, 0, 1, 0])),
    )

    assert ["3", "1", "2", "0"] == order(queue)


def test_one_place_is_kept_for_those_without_failures(time):
    """And each login of an address has one place only."""
    queue = LoginQueue(3, time)
    add(queue, *(Login("a", f"x{number}", f"g{number}", failures=1) for number in range(3)))
    add(queue, Login("a", "y", "1"), Login("a", "y", "2"))
    found = [queue.take() for _ in range(4)]

    assert [True, True, True, False] == [one is not None for one in found]
    assert {"2"} == {one.password for one in found if one is not None and not one.failures}


def test_new_failures_count_for_those_that_wait(queue):
    """They began to wait before."""
    add(queue, Login("a", "y", "2"), Login("a", "x", "1"))
    queue.failed("a", "x", 1.0)

    assert ["2", "1"] == order(queue)


def test_who_waits_too_long_is_given_back(queue, time):
    """So nobody waits for ever under an attack."""
    [old] = add(queue, Login("a", "x", "1"))
    time.now += 11
    add(queue, Login("a", "y", "2"))

    assert [old] == queue.expired()
    assert ["2"] == order(queue)


def test_a_full_queue_accepts_only_passwords_that_were_right_before(queue):
    """Memory is bounded."""
    add(queue, *(Login("a", f"x{number}", "") for number in range(4)))

    assert not queue.add(Login("b", "y", ""))
    assert queue.add(Login("b", "y", "", is_known=True))


def test_a_password_is_not_in_the_text_of_a_login():
    """It could reach a log."""
    assert "hush" not in repr(Login("a", "x", "hush"))
