"""Verifies passwords without letting wrong ones hold up other users."""

import asyncio
import hashlib
import hmac
import logging
import os
import sys
import threading
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress

from starlette.concurrency import run_in_threadpool

from ...access import Accounts, FailedLogins, FailureLimits, Login, LoginQueue, address_group
from ...records import User
from ..http.errors import CredentialProblem, NotAuthenticated, TooManyLogins

_FULL_SECONDS = 5.0
_LONGEST_SHOWN = 200

_logger = logging.getLogger(__name__)


def _give_way() -> None:
    # On Linux a thread has a priority of its own: guesses use what other threads leave of the processor.
    if sys.platform != "linux":
        return
    with suppress(OSError):
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), 5)


class Logins:
    """Verifies passwords: recognises those that were right recently, and lets the others queue for the slow hash.

    The hashes run in threads of their own, never in those of requests. Everything else runs in the event loop's thread.

    :param clock: monotonic seconds.
    """

    def __init__(self, accounts: Accounts, limits: FailureLimits, clock: Callable[[], float] = time.monotonic) -> None:
        self._accounts = accounts
        self._failed = FailedLogins(limits, clock)
        self._queue = LoginQueue(accounts.hashes_at_once, clock)
        self._threads = ThreadPoolExecutor(accounts.hashes_at_once, "pulp-notifiers-hash")
        self._suspect_threads = ThreadPoolExecutor(accounts.hashes_at_once, "pulp-notifiers-guess", _give_way)
        self._key = os.urandom(32)
        self._pending: dict[bytes, asyncio.Future[User | None]] = {}

    async def user(self, host: str, login: str, password: str) -> User:
        """Return the user whose password this is.

        :param host: address from which the request comes.
        :raises NotAuthenticated: the login does not exist, or has another password.
        :raises TooManyLogins: the password was not looked at.
        """
        user, is_known = await run_in_threadpool(self._accounts.recognise, login, password)
        if user is None:
            user = await self._verified(address_group(host), login, password, is_known)
        if user is None:
            raise NotAuthenticated(CredentialProblem.PASSWORD, login)
        return user

    async def _verified(self, address: str, login: str, password: str, is_known: bool) -> User | None:
        key = self._digest(address, login, password)
        pending = self._pending.get(key)
        if pending is None:
            # Clients open several connections at once; the same password is hashed once for all of them.
            pending = self._pending[key] = self._enqueued(address, login, password, is_known)
            pending.add_done_callback(lambda done: self._forget(key, done))
            self._start_hashes()
        # A request that is cancelled must not cancel the others.
        return await asyncio.shield(pending)

    def _enqueued(self, address: str, login: str, password: str, is_known: bool) -> asyncio.Future[User | None]:
        wait_seconds = 0.0 if is_known else self._failed.wait_seconds(address, login)
        answer: asyncio.Future[User | None] = asyncio.get_running_loop().create_future()
        failures = self._failed.failures(address, login)
        one = Login(address, login, password, is_known, failures, answer)
        if wait_seconds:
            answer.set_exception(TooManyLogins(wait_seconds))
        elif not self._queue.add(one):
            answer.set_exception(TooManyLogins(_FULL_SECONDS))
        return answer

    def _start_hashes(self) -> None:
        for late in self._queue.expired():
            late.answer.set_exception(TooManyLogins(_FULL_SECONDS))
        while (one := self._queue.take()) is not None:
            # Others of this address may have failed since it began to wait.
            wait_seconds = 0.0 if one.is_known else self._failed.wait_seconds(one.address, one.login)
            if wait_seconds:
                self._queue.done(one)
                one.answer.set_exception(TooManyLogins(wait_seconds))
                continue
            loop = asyncio.get_running_loop()
            threads = self._suspect_threads if one.is_suspect else self._threads
            hashing = loop.run_in_executor(threads, self._accounts.authenticate, one.login, one.password)
            hashing.add_done_callback(lambda done, one=one: self._hashed(one, done))  # type: ignore[misc]

    def _hashed(self, one: Login, done: asyncio.Future[User | None]) -> None:
        self._queue.done(one)
        error = done.exception()
        if error is not None:
            one.answer.set_exception(error)
        else:
            self._count(one, done.result())
            one.answer.set_result(done.result())
        self._start_hashes()

    def _count(self, one: Login, user: User | None) -> None:
        if user is not None:
            self._failed.succeeded(one.address, one.login)
            return
        new = self._failed.failed(one.address, one.login)
        self._queue.failed(one.address, one.login, self._failed.failures(one.address, one.login))
        if new:
            wait_seconds = self._failed.wait_seconds(one.address, one.login)
            shown = ascii(one.login[:_LONGEST_SHOWN])
            _logger.warning(
                "Too many wrong passwords from %s, the last for %s: further ones are answered 429 for %.0f s or longer",
                one.address,
                shown,
                wait_seconds,
            )

    def _forget(self, key: bytes, done: asyncio.Future[User | None]) -> None:
        self._pending.pop(key, None)
        if not done.cancelled():
            done.exception()  # marks it as seen, if every request that waited for it was cancelled

    def _digest(self, *parts: str) -> bytes:
        text = "\n".join(f"{len(part)}:{part}" for part in parts)
        return hmac.digest(self._key, text.encode("utf-8", "surrogatepass"), hashlib.sha256)
