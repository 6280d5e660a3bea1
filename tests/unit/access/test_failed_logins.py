"""Who has to wait after wrong passwords, and for how long."""

import pytest

from pulp_notifiers.access import FailedLogins, FailureLimits, address_group

LIMITS = FailureLimits(per_login=3, per_address=5, longest_wait_seconds=20)


class Time:
    """Monotonic seconds."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
def failed(time: Time) -> FailedLogins:
    return FailedLogins(LIMITS, time)


def waits(failed: FailedLogins, time: Time, count: int, login: str = "eva") -> list[float]:
    """Fail so often, each time as soon as it is permitted; return the waits."""
    found = []
    for _ in range(count):
        time.now += failed.wait_seconds("10.0.0.1", login)
        failed.failed("10.0.0.1", login)
        found.append(failed.wait_seconds("10.0.0.1", login))
    return found


def test_the_first_wrong_passwords_are_free_and_then_the_waits_grow(failed, time):
    """Up to the longest."""
    found = waits(failed, time, 10)

    assert [0, 0] == found[:2]
    assert 1 == found[2]
    assert sorted(found) == found
    assert found[2] < found[3] < found[4]
    assert 20 == found[-1]


def test_a_right_password_ends_the_wait_of_its_login(failed, time):
    """And is remembered for nothing else."""
    waits(failed, time, 3)
    failed.succeeded("10.0.0.1", "eva")

    assert 0 == failed.wait_seconds("10.0.0.1", "eva")
    waits(failed, time, 2)
    assert failed.wait_seconds("10.0.0.1", "joe") > 0, "the address has failed five times"


def test_a_stranger_cannot_lock_a_login_out_elsewhere(failed, time):
    """He knows only the login."""
    waits(failed, time, 10)

    assert 0 == failed.wait_seconds("10.0.0.2", "eva")
    assert 0 == failed.failures("10.0.0.2", "eva")


def test_an_address_that_tries_many_logins_has_to_wait_for_all(failed):
    """Each of them only once."""
    for number in range(5):
        failed.failed("10.0.0.1", f"user{number}")

    assert failed.wait_seconds("10.0.0.1", "another") > 0
    assert 0 == failed.wait_seconds("10.0.0.2", "another")


def test_wrong_passwords_are_forgotten_with_time(failed, time):
    """One of a login each minute, one of an address every five seconds."""
    waits(failed, time, 2)
    time.now += 120

    assert [0, 0, 1] == waits(failed, time, 3)


def test_only_the_first_wait_is_announced(failed):
    """The log gets one line for each attack."""
    assert [False, False, True, False] == [failed.failed("10.0.0.1", "eva") for _ in range(4)]


def test_memory_is_bounded_under_many_logins_and_addresses(failed):
    """The oldest are forgotten; a login may be as long as a header."""
    for number in range(10_100):
        failed.failed(f"2001:db8:{number:x}::/64", "x" * 1000)

    assert 10_000 == len(failed._by_login._counts) == len(failed._by_address._counts)
    assert 16 == len(next(iter(failed._by_login._counts)))


@pytest.mark.parametrize(
    ("host", "group"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("", ""),
        ("testclient", "testclient"),
    ],
)
def test_an_ipv6_network_counts_as_one_address(host, group):
    """One customer has 64 bits of addresses."""
    assert group == address_group(host)
