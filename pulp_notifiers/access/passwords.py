"""Passwords are stored as a slow, salted hash (scrypt, RFC 7914), never as text.

A hash is ``scrypt$n=32768,r=8,p=1$<salt>$<key>``, salt and key in base64. It includes its parameters, so that
they can be raised later while older hashes still verify.
"""

import hashlib
import hmac
import os
import re
from base64 import b64decode, b64encode
from dataclasses import dataclass

_KEY_BYTES = 32
_SALT_BYTES = 16
_HASH = re.compile(r"scrypt\$n=(\d{1,8}),r=(\d{1,3}),p=(\d{1,3})\$([A-Za-z0-9+/=]{8,128})\$([A-Za-z0-9+/=]{8,128})")


@dataclass(frozen=True, slots=True)
class Cost:
    """The parameters of scrypt: time grows with all three, memory is 128 bytes times ``n`` times ``r``."""

    n: int
    r: int
    p: int


STANDARD_COST = Cost(n=2**15, r=8, p=1)
"""32 MiB and 70 to 100 ms of one core, measured on a virtual machine of 2026."""


def hash_password(password: str, cost: Cost = STANDARD_COST, salt: bytes | None = None) -> str:
    """Return the text to store for a password."""
    salt = os.urandom(_SALT_BYTES) if salt is None else salt
    return _encoded(cost, salt, _derive(password, salt, cost, _KEY_BYTES))


def verify_password(password: str, password_hash: str) -> bool:
    """Return whether a password is the one that was hashed.

    Compares in constant time. False for text that is not a hash, such as the empty one of a user who cannot log in by
    password.
    """
    found = _HASH.fullmatch(password_hash)
    if found is None:
        return False
    n, r, p = (int(number) for number in found.groups()[:3])
    salt, key = (b64decode(part) for part in found.groups()[3:])
    return hmac.compare_digest(key, _derive(password, salt, Cost(n, r, p), len(key)))


def _derive(password: str, salt: bytes, cost: Cost, size: int) -> bytes:
    return hashlib.scrypt(
        # A password from the environment may have bytes that are not UTF-8; Python decodes them as lone surrogates.
        password.encode("utf-8", "surrogatepass"),
        salt=salt,
        n=cost.n,
        r=cost.r,
        p=cost.p,
        # OpenSSL refuses more than 32 MiB without this, and needs a little more than the formula says.
        maxmem=128 * cost.r * (cost.n + cost.p + 2) + 2**20,
        dklen=size,
    )


def _encoded(cost: Cost, salt: bytes, key: bytes) -> str:
    salt_text, key_text = (b64encode(part).decode("ascii") for part in (salt, key))
    return f"scrypt$n={cost.n},r={cost.r},p={cost.p}${salt_text}${key_text}"


DUMMY_HASH = _encoded(STANDARD_COST, bytes(_SALT_BYTES), bytes(_KEY_BYTES))
"""Verified if the login does not exist, so that the answer takes as long as otherwise; no known password fits."""
