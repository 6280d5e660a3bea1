"""What a repeated request gets."""

from datetime import UTC, datetime, timedelta

import pytest

from pulp_notifiers.errors import InvalidListener, KeyTaken, StoreUnavailable
from pulp_notifiers.idempotency import AlreadyAnswered, IdempotentRequests, KeyInProgress, KeyReused
from pulp_notifiers.records import KEPT_FOR, KeptAnswer

NOW = datetime(2026, 11, 30, tzinfo=UTC)


class Kept:
    """Answers in memory, as two processes see them."""

    def __init__(self) -> None:
        self.answers: dict[str, KeptAnswer] = {}

    def find(self, key: str, now: datetime) -> KeptAnswer | None:
        found = self.answers.get(key)
        return found if found is not None and found.created_at > now - KEPT_FOR else None

    def keep(self, answer: KeptAnswer) -> None:
        if self.find(answer.key, answer.created_at) is not None:
            raise KeyTaken
        self.answers[answer.key] = answer

    def complete(self, answer: KeptAnswer) -> None:
        self.answers[answer.key] = answer

    def forget(self, key: str) -> None:
        self.answers.pop(key, None)


@pytest.fixture
def kept() -> Kept:
    return Kept()


@pytest.fixture
def requests(kept: Kept) -> IdempotentRequests:
    return IdempotentRequests(kept, lambda: NOW)


def carry_out(requests: IdempotentRequests, key: str = "k", request: str = "r", body: str = "1") -> None:
    with requests.once(key, request) as once:
        requests._rows.keep(once.answer(201, {"Location": "/1/"}, body))


def interrupted(requests: IdempotentRequests, error: Exception, key: str = "k") -> None:
    """Begin a request that plans an id and fails."""
    with requests.once(key, "r") as once:
        once.planned("first")
        raise error


def test_a_repeated_request_gets_the_first_answer(requests: IdempotentRequests) -> None:
    """Under another key it is another request."""
    carry_out(requests)

    with pytest.raises(AlreadyAnswered) as repeated:
        carry_out(requests, body="2")
    assert (201, {"Location": "/1/"}, "1") == (
        repeated.value.answer.status,
        repeated.value.answer.headers,
        repeated.value.answer.body,
    )
    carry_out(requests, key="other", body="2")


def test_a_key_that_was_sent_with_another_request_is_refused(requests: IdempotentRequests) -> None:
    """For a day."""
    carry_out(requests)

    with pytest.raises(KeyReused, match="Use a new key for each new request"):
        carry_out(requests, request="other")
    carry_out(IdempotentRequests(requests._rows, lambda: NOW + timedelta(days=1, seconds=1)), request="other")


def test_a_request_that_is_still_processed_is_not_carried_out_again(requests: IdempotentRequests) -> None:
    """Whatever it says; then it may be repeated."""
    with requests.once("k", "r"):
        for request in ("r", "other"):
            with pytest.raises(KeyInProgress):
                carry_out(requests, request=request)
    carry_out(requests)


def test_a_request_that_was_refused_leaves_its_key_free(requests: IdempotentRequests, kept: Kept) -> None:
    """Nothing was written, so the corrected request can have the same key."""
    with pytest.raises(InvalidListener):
        interrupted(requests, InvalidListener({}))

    assert {} == kept.answers
    carry_out(requests, request="corrected")


def test_an_attempt_that_was_interrupted_is_repeated_with_the_same_id(requests: IdempotentRequests) -> None:
    """So what it made is not made again; another request does not get that id."""
    with pytest.raises(StoreUnavailable):
        interrupted(requests, StoreUnavailable("The database is away."))

    with pytest.raises(KeyReused):
        carry_out(requests, request="other")
    with requests.once("k", "r") as once:
        assert "first" == once.planned("second")
        once.complete(once.answer(202, {}, "1"))
    with pytest.raises(AlreadyAnswered):
        carry_out(requests)


def test_the_answer_of_a_faster_process_counts(requests: IdempotentRequests, kept: Kept) -> None:
    """Also if this one found, because of it, that a name is taken."""

    def overtaken(key: str, error: Exception) -> None:
        with requests.once(key, "r"):
            carry_out(IdempotentRequests(kept, lambda: NOW), key=key)
            raise error

    for key, error in {"a": KeyTaken(), "b": InvalidListener({"name": ["Taken."]})}.items():
        with pytest.raises(AlreadyAnswered):
            overtaken(key, error)


def test_the_plan_of_another_process_stays(requests: IdempotentRequests, kept: Kept) -> None:
    """This one is told to repeat its request later."""
    plan = KeptAnswer("k", "r", NOW, planned_id="theirs")

    def overtaken() -> None:
        with requests.once("k", "r") as once:
            kept.keep(plan)
            once.planned("ours")

    with pytest.raises(KeyInProgress):
        overtaken()

    assert {"k": plan} == kept.answers
