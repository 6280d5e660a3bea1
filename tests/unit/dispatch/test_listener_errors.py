"""Errors of conditions are counted in memory and written a little later."""

import logging
import threading
from dataclasses import replace

import pytest

from pulp_notifiers.dispatch import Dispatcher, ListenerErrorCounter
from pulp_notifiers.dispatch.listener_errors import LOG_SECONDS, later
from pulp_notifiers.errors import StoreUnavailable
from pulp_notifiers.event import Event
from pulp_notifiers.records import ErrorKind, Listener
from tests.support.dispatching import Mail, WrittenEvents, mail
from tests.support.memory import START, Clock, ListenerTable, NotifierTable

ONE = Listener("http", {}, ("*",), id="1" * 24, name="one")
TWO = Listener("http", {}, ("*",), id="2" * 24, name="two")
EVENT = Event("repo.sync.finish", {})


class Counts:
    """Stands for the database."""

    def __init__(self):
        self.stored = {}
        self.writes = 0
        self.away = False

    def of(self, listener_ids):
        """Return the stored counts."""
        return [each for each in self.stored.values() if each.listener_id in listener_ids]

    def add(self, errors):
        """Add to them."""
        if self.away:
            raise StoreUnavailable("away")
        self.writes += 1
        for each in errors:
            key = each.listener_id, each.kind
            self.stored[key] = each.after(self.stored.get(key))


class Alarms:
    """Keeps what is to be called later."""

    def __init__(self):
        self.works = []

    def __call__(self, seconds, work):
        """Keep it."""
        self.works.append(work)
        return self

    def cancel(self):
        """Forget it."""
        self.works.clear()

    def ring(self):
        """Call it."""
        self.works.pop()()


@pytest.fixture
def rows():
    return Counts()


@pytest.fixture
def alarms():
    return Alarms()


@pytest.fixture
def seconds():
    return [0.0]


@pytest.fixture
def counter(rows, alarms, seconds):
    return ListenerErrorCounter(rows, Clock(), lambda: seconds[0], alarms)


def shown(counter):
    return {(each.listener_id[0], each.kind, each.count, each.problem) for each in counter.of([ONE.id, TWO.id])}


def test_errors_are_counted_for_each_listener_and_kind_and_written_together(counter, rows, alarms):
    """What is shown includes what is not written yet."""
    for problem in ("a", "b"):
        counter.count(ErrorKind.CONDITION, ONE, EVENT, problem)
    counter.count(ErrorKind.TEMPLATE, ONE, EVENT, "c")
    counter.count(ErrorKind.CONDITION, TWO, EVENT, "d")
    expected = {
        ("1", ErrorKind.CONDITION, 2, "b"),
        ("1", ErrorKind.TEMPLATE, 1, "c"),
        ("2", ErrorKind.CONDITION, 1, "d"),
    }

    assert (0, 1) == (rows.writes, len(alarms.works))
    assert expected == shown(counter)
    alarms.ring()
    assert (1, 0) == (rows.writes, len(alarms.works))
    assert expected == shown(counter)
    counter.count(ErrorKind.CONDITION, ONE, EVENT, "e")
    assert ("1", ErrorKind.CONDITION, 3, "e") in shown(counter)
    assert {(START, str(EVENT.id))} == {(each.occurred_at, each.event_id) for each in counter.of([ONE.id])}


def test_counts_that_cannot_be_written_are_kept_and_written_later(counter, rows, alarms):
    """With those that come in meanwhile."""
    counter.count(ErrorKind.CONDITION, ONE, EVENT, "a")
    rows.away = True
    alarms.ring()
    counter.count(ErrorKind.CONDITION, ONE, EVENT, "b")
    assert {("1", ErrorKind.CONDITION, 2, "b")} == shown(counter)

    rows.away = False
    alarms.ring()

    assert (2, "b") == (
        rows.stored[ONE.id, ErrorKind.CONDITION].count,
        rows.stored[ONE.id, ErrorKind.CONDITION].problem,
    )


def test_what_comes_in_while_the_database_refuses_is_added_to_it(counter, rows, alarms):
    """Nothing is lost or counted twice, and it is tried once later."""

    def refuse(errors):
        counter.count(ErrorKind.CONDITION, ONE, EVENT, "newer")
        raise StoreUnavailable("away")

    add, rows.add = rows.add, refuse
    counter.count(ErrorKind.CONDITION, ONE, EVENT, "older")
    alarms.ring()
    rows.add = add

    assert 1 == len(alarms.works)
    assert {("1", ErrorKind.CONDITION, 2, "newer")} == shown(counter)


def test_very_many_listeners_are_logged_but_not_remembered_for_ever(counter, caplog):
    """After ten thousand, the first one is logged again."""
    with caplog.at_level(logging.CRITICAL):
        for number in range(10_000):
            counter.count(ErrorKind.CONDITION, replace(ONE, id=f"{number:024}"), EVENT, "a")
    counter.count(ErrorKind.CONDITION, TWO, EVENT, "a")
    counter.count(ErrorKind.CONDITION, replace(ONE, id="0" * 24), EVENT, "a")

    assert 2 == len(caplog.messages)


def test_closing_writes_what_is_left_and_leaves_no_thread(counter, rows, alarms):
    """Also if the database does not answer; closing twice is harmless."""
    counter.count(ErrorKind.CONDITION, ONE, EVENT, "a")
    counter.close()
    assert (1, []) == (rows.writes, alarms.works)
    counter.close()
    rows.away = True
    counter.count(ErrorKind.CONDITION, ONE, EVENT, "a")
    counter.close()

    assert (1, []) == (rows.writes, alarms.works)


def test_many_listeners_are_written_in_several_short_transactions(counter, rows, alarms):
    """Events are written between them."""
    for number in range(1200):
        counter.count(ErrorKind.CONDITION, replace(ONE, id=f"{number:024}"), EVENT, "a")
    alarms.ring()

    assert (3, 1200) == (rows.writes, len(rows.stored))


def test_the_first_error_of_a_listener_within_an_hour_is_logged(counter, seconds, caplog):
    """With the listener, the event and what to do; the others are counted."""
    with caplog.at_level(logging.WARNING):
        for problem in ("payload.x does not exist.", "second"):
            counter.count(ErrorKind.CONDITION, ONE, EVENT, problem)
        counter.count(ErrorKind.TEMPLATE, ONE, EVENT, "third.")
        seconds[0] = LOG_SECONDS
        counter.count(ErrorKind.CONDITION, ONE, EVENT, "fourth.")

    event = f"event {EVENT.id} (repo.sync.finish), which"
    condition = f"The condition of listener one ({ONE.id}) could not be evaluated for {event} it does not get:"
    template = f"The template of listener one ({ONE.id}) failed for {event} goes out in the default form:"
    rest = "further errors are only counted for an hour."
    assert [
        f"{condition} payload.x does not exist. Change its condition; {rest}",
        f"{template} third. Change the template; {rest}",
        f"{condition} fourth. Change its condition; {rest}",
    ] == caplog.messages


def test_what_is_not_written_yet_is_forgotten_if_the_condition_is_changed(counter, rows, alarms, caplog):
    """Another kind or listener is not; a further error is logged again."""
    for listener, kind in ((ONE, ErrorKind.CONDITION), (ONE, ErrorKind.TEMPLATE), (TWO, ErrorKind.CONDITION)):
        counter.count(kind, listener, EVENT, "a")
    counter.forget(ONE.id, [ErrorKind.CONDITION])
    alarms.ring()
    caplog.clear()
    counter.count(ErrorKind.CONDITION, ONE, EVENT, "b")

    assert {(ONE.id, ErrorKind.TEMPLATE), (TWO.id, ErrorKind.CONDITION)} == rows.stored.keys()
    assert 1 == len(caplog.messages)


def test_a_forked_process_counts_from_the_start(rows, alarms):
    """The thread of its parent does not exist in it, and the parent writes what it has counted."""
    process = [1]
    counter = ListenerErrorCounter(rows, Clock(), later=alarms, process=lambda: process[0])
    counter.count(ErrorKind.CONDITION, ONE, EVENT, "a")
    process[0] = 2

    counter.count(ErrorKind.CONDITION, ONE, EVENT, "b")

    assert 2 == len(alarms.works)
    assert {("1", ErrorKind.CONDITION, 1, "b")} == shown(counter)


def test_a_forked_process_writes_nothing_of_its_parent_and_does_not_wait_for_its_locks(rows, alarms):
    """Whatever a thread of the parent did at the moment of the fork."""
    process = [1]
    counter = ListenerErrorCounter(rows, Clock(), later=alarms, process=lambda: process[0])
    in_child = []

    def fork(errors):
        process[0] = 2
        in_child.append(shown(counter))
        process[0] = 1

    rows.add = fork
    counter.count(ErrorKind.CONDITION, ONE, EVENT, "a")
    alarms.ring()
    assert [set()] == in_child

    counter.count(ErrorKind.CONDITION, ONE, EVENT, "b")
    process[0] = 2
    counter.close()

    assert [set()] == in_child


def test_closing_waits_for_counts_that_are_being_written(rows, alarms):
    """The database is closed after that."""
    began, may_end, order = threading.Event(), threading.Event(), []

    def write(errors):
        began.set()
        may_end.wait(10)
        order.append("written")

    rows.add = write
    counter = ListenerErrorCounter(rows, later=lambda _seconds, work: later(0, work))
    counter.count(ErrorKind.CONDITION, ONE, EVENT, "a")
    closing = threading.Thread(target=lambda: (counter.close(), order.append("closed")))
    assert began.wait(10)
    closing.start()
    closing.join(0.1)  # long enough to end, if it did not wait
    may_end.set()
    closing.join(10)

    assert ["written", "closed"] == order


def test_counts_are_written_by_a_thread_that_ends(rows):
    """There is none while nothing has failed."""
    written = threading.Event()
    rows.add = lambda errors: written.set()
    counter = ListenerErrorCounter(rows, later=lambda _seconds, work: later(0, work))
    counter.count(ErrorKind.CONDITION, ONE, EVENT, "a")

    assert written.wait(10)
    counter.close()


def test_the_dispatcher_counts_an_error_once_although_it_matches_again_after_a_change(counter):
    """Only what the written event was decided by counts."""
    table = ListenerTable(replace(mail("1" * 24, ["a"], "repo.#"), when="payload.x == 1"), mail("2" * 24, ["a"], "#"))
    dispatcher = Dispatcher(table, WrittenEvents(table), NotifierTable(mail=Mail), clock=Clock(), errors=counter)
    dispatcher.fire(EVENT)
    table.revision += 1
    dispatcher.fire(EVENT)
    dispatcher.fire_all([EVENT, EVENT])

    assert {("1", ErrorKind.CONDITION, 4, "payload.x does not exist.")} == shown(counter)
