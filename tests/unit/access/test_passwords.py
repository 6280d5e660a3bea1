"""Passwords as slow hashes."""

import pytest

from pulp_notifiers.access.passwords import DUMMY_HASH, STANDARD_COST, Cost, hash_password, verify_password

CHEAP = Cost(n=2, r=1, p=1)


def test_a_hash_is_scrypt_with_its_parameters_salt_and_key() -> None:
    """The text agrees with the second test vector of RFC 7914."""
    found = hash_password("password", Cost(n=1024, r=8, p=16), salt=b"NaCl")

    assert found == "scrypt$n=1024,r=8,p=16$TmFDbA==$/bq+HJ00cgB4VucZDQHp/nxq18vII3gw53N2Y0s3MWI="


@pytest.mark.parametrize("password", ["x", "pass word", "pässwörd", "\x00", "\udcff", "x" * 10_000])
def test_only_the_password_that_was_hashed_verifies(password: str) -> None:
    """Any text can be a password."""
    stored = hash_password(password, CHEAP)

    assert verify_password(password, stored)
    assert not verify_password(password + "x", stored)


def test_equal_passwords_have_different_hashes() -> None:
    """Each hash has its own salt."""
    assert hash_password("x", CHEAP) != hash_password("x", CHEAP)


@pytest.mark.parametrize("password_hash", ["", "x", "scrypt$n=2,r=1,p=1$$", "sha1$1$aaaaaaaa$aaaaaaaa"])
def test_text_that_is_not_a_hash_verifies_no_password(password_hash: str) -> None:
    """A user without a password cannot log in with an empty one."""
    assert not verify_password("", password_hash)
    assert not verify_password("x", password_hash)


def test_the_dummy_hash_costs_as_much_as_a_real_one() -> None:
    """Otherwise the time of an answer would reveal which logins exist."""
    parameters = f"scrypt$n={STANDARD_COST.n},r={STANDARD_COST.r},p={STANDARD_COST.p}$"

    assert DUMMY_HASH.startswith(parameters)
    assert hash_password("x").startswith(parameters)
    assert len(hash_password("x")) == len(DUMMY_HASH)
    assert not verify_password("", DUMMY_HASH)
