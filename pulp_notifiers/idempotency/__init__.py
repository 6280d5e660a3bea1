"""Carries out a request with an idempotency key once, however often it is sent.

::

    requests    what a repeated request gets: the first answer, or a refusal
    keys        the syntax of keys, and the digests by which they are kept
"""

from .keys import InvalidKey, digest, parse_key
from .requests import AlreadyAnswered, IdempotentRequests, KeyInProgress, KeyReused, Once

__all__ = [
    "AlreadyAnswered",
    "IdempotentRequests",
    "InvalidKey",
    "KeyInProgress",
    "KeyReused",
    "Once",
    "digest",
    "parse_key",
]
