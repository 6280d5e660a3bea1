"""What a repeated request gets: the first answer, or a refusal."""

import threading
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from typing import Protocol

from ..errors import KeyTaken, PulpNotifiersError, StoreUnavailable
from ..event import utc_now
from ..records import KeptAnswer


class Rows(Protocol):
    """Where answers are kept (``pulp_notifiers.store``)."""

    def find(self, key: str, now: datetime) -> KeptAnswer | None: ...
    def keep(self, answer: KeptAnswer) -> None: ...
    def complete(self, answer: KeptAnswer) -> None: ...
    def forget(self, key: str) -> None: ...


class AlreadyAnswered(PulpNotifiersError):
    """The request was carried out before; no error, but it must not be carried out again."""

    def __init__(self, answer: KeptAnswer) -> None:
        super().__init__("The request was answered before.")
        self.answer = answer


class KeyReused(PulpNotifiersError):
    """The key was sent with another request."""

    def __init__(self) -> None:
        super().__init__("This Idempotency-Key was sent with another request. Use a new key for each new request.")


class KeyInProgress(PulpNotifiersError):
    """Another request with the same key is still being processed."""

    def __init__(self) -> None:
        super().__init__("A request with this Idempotency-Key is still being processed. Repeat it in a moment.")


class Once:
    """A request that is being carried out.

    What it makes and its answer are best written in one transaction: then no crash can lose only the answer. If that
    is impossible, an id is planned and kept before, so that a repeated request makes nothing that was made already.

    :param kept: the plan of an earlier attempt, if one was interrupted; else what will be kept.
    :param is_planned: whether it is stored.
    """

    def __init__(self, rows: Rows, kept: KeptAnswer, is_planned: bool) -> None:
        self._rows = rows
        self._kept = kept
        self.is_planned = is_planned

    def answer(self, status: int, headers: Mapping[str, str], body: str) -> KeptAnswer:
        """Return the answer, for the transaction that writes what the request makes."""
        return replace(self._kept, status=status, headers=dict(headers), body=body)

    def planned(self, new_id: str) -> str:
        """Return the id for what the request makes: this one, or that of the attempt that was interrupted."""
        if not self.is_planned:
            self._kept = replace(self._kept, planned_id=new_id)
            self._rows.keep(self._kept)
            self.is_planned = True
        return self._kept.planned_id

    def complete(self, answer: KeptAnswer) -> None:
        """Keep the answer to a request whose id was planned."""
        self._rows.complete(answer)


class IdempotentRequests:
    """The requests with idempotency keys that this process carries out."""

    def __init__(self, rows: Rows, clock: Callable[[], datetime] = utc_now) -> None:
        self._rows = rows
        self._clock = clock
        self._lock = threading.Lock()
        self._running: set[str] = set()

    @contextmanager
    def once(self, key: str, request: str) -> Iterator[Once]:
        """Carry out a request; what is kept then is forgotten if it is refused, because nothing was written.

        :param key: digest of the key, of the user who sent it, and of the path.
        :param request: digest of what the request says.
        :raises AlreadyAnswered: it was carried out before; has the answer.
        :raises KeyReused: the key was sent with another request.
        :raises KeyInProgress: the same request is still being processed.
        """
        with self._lock:
            if key in self._running:
                raise KeyInProgress
            self._running.add(key)
        try:
            with self._carried_out(key, request) as once:
                yield once
        finally:
            with self._lock:
                self._running.discard(key)

    @contextmanager
    def _carried_out(self, key: str, request: str) -> Iterator[Once]:
        now = self._clock()
        found = self._found(key, request, now)
        once = Once(self._rows, found or KeptAnswer(key, request, now), is_planned=found is not None)
        try:
            yield once
        except StoreUnavailable:
            raise  # perhaps all was written
        except PulpNotifiersError as refused:
            # Another process may have been faster: its answer is the right one, whatever this one found then.
            self._found(key, request, now)
            if isinstance(refused, KeyTaken):
                raise KeyInProgress from None
            if once.is_planned:
                self._rows.forget(key)
            raise

    def _found(self, key: str, request: str, now: datetime) -> KeptAnswer | None:
        found = self._rows.find(key, now)
        if found is None:
            return None
        if found.request != request:
            raise KeyReused
        if found.status is not None:
            raise AlreadyAnswered(found)
        return found
