"""Watching an imitation of qpidd, which does what a real one does with links, and what a broken one might do."""

from contextlib import closing, contextmanager

import pytest

from pulp_notifiers.broker import Broker, Watch, broker_urls
from pulp_notifiers.errors import PermanentFailure, TemporaryFailure
from tests.support.watched import WAIT_SECONDS, received

proton = pytest.importorskip("proton", reason="python-qpid-proton is not installed")
imitated_qpidd = pytest.importorskip("tests.support.imitated_qpidd")
qpid_pulp = pytest.importorskip("tests.support.qpid_pulp")

EXCHANGE = "pulp.api.v2"


@pytest.fixture(scope="module")
def running():
    """Run the imitation for all tests of this module."""
    with imitated_qpidd.ImitatedQpidd() as peer:
        yield peer


@pytest.fixture
def peer(running):
    """Return the imitation, which behaves as qpidd."""
    running.behave(creates=True, hidden=[], exchanges={EXCHANGE: "topic"}, fault="")
    return running


@contextmanager
def watching(peer, binding="tasks.#", exchange=EXCHANGE):
    """Watch for the duration of a block."""
    watch = Watch.open(Broker(broker_urls(f"qpid://guest:guest@127.0.0.1:{peer.port}")), exchange, binding, 30)
    try:
        yield watch
    finally:
        watch.close(2)


def test_the_server_filters_by_the_subject(peer):
    """With the filter that it confirms, and each reader gets its own copy."""
    with (
        closing(qpid_pulp.QpidPulp(peer)) as pulp,
        watching(peer) as all_tasks,
        watching(peer, "tasks.one") as one_task,
    ):
        for task in ("one", "two"):
            pulp.send(task, proton.Message(body=task))

        assert ["one", "two"] == received(all_tasks, 2)
        assert ["one"] == received(one_task, 1)


def test_an_exchange_of_another_type_is_filtered_here(peer):
    """The server does not confirm the filter then."""
    peer.behave(exchanges={"other": "fanout"})
    with closing(qpid_pulp.QpidPulp(peer, "other")) as pulp, watching(peer, "tasks.one", "other") as watch:
        pulp.send("two", proton.Message(body="two"))
        pulp.send("one", proton.Message(body="one"))

        assert ["one"] == received(watch, 1)


def test_a_missing_exchange_is_created(peer):
    """As over AMQP 0-9-1."""
    with watching(peer, exchange="missing"), closing(qpid_pulp.QpidPulp(peer, "missing")) as pulp:
        pulp.send("one", proton.Message(body="it exists"))


def test_a_missing_exchange_that_nobody_may_create_is_an_error_with_the_remedy(peer):
    """The command that creates it."""
    peer.behave(creates=False)
    with pytest.raises(
        PermanentFailure,
        match=r"could not listen to missing: Node not found: missing \(amqp:not-found\); create it "
        r"\(on Qpid: qpid-config add exchange topic missing",
    ):
        Watch.open(Broker(broker_urls(f"qpid://guest:guest@127.0.0.1:{peer.port}")), "missing", "#", 30)


def test_an_exchange_that_may_not_be_read_is_an_error_with_the_remedy(peer):
    """It is not reported as missing."""
    peer.behave(hidden=[EXCHANGE])
    with pytest.raises(PermanentFailure, match=r"ACL denied .*unauthorized-access\); permit this user to read it"):
        Watch.open(Broker(broker_urls(f"qpid://guest:guest@127.0.0.1:{peer.port}")), EXCHANGE, "#", 30)


@pytest.mark.parametrize("fault", ["detach", "detach-error", "end", "close", "garbage", "huge", "cut"])
def test_a_link_that_ends_is_a_failure_of_the_connection(peer, fault):
    """What arrived before is returned first; the caller reconnects."""
    with watching(peer) as watch:
        with closing(qpid_pulp.QpidPulp(peer)) as pulp:
            pulp.send("one", proton.Message(body="before"))
        peer.fail(fault)

        assert ["before"] == received(watch, 1)
        with pytest.raises(TemporaryFailure, match="could not listen to pulp.api.v2: "):
            watch.receive(WAIT_SECONDS)
