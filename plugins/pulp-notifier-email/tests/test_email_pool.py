"""Connections are reused, replaced and ended between mails."""

import os
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from pulp_notifier_email.connection import Deadline

from pulp_notifiers.errors import TemporaryFailure


def test_a_deadline_counts_down_to_an_error():
    """It never allows a wait of zero, which a socket would treat as non-blocking."""
    times = iter([100.0, 101.5, 102.0, 102.0])
    deadline = Deadline(2.0, clock=lambda: next(times))

    assert 0.5 == deadline.remaining()
    with pytest.raises(TimeoutError, match="no answer within 2 s"):
        deadline.remaining()
    assert deadline.passed


def test_a_burst_needs_one_connection(receiver, sending):
    """Every command is part of a mail."""
    notifier = sending(receiver.port)

    for number in range(50):
        notifier.send(f"user{number}@example.com")

    assert [1] * 50 == [mail.connection for mail in receiver.wait_for(50)]
    assert ["EHLO"] + ["MAIL", "RCPT", "DATA"] * 50 == receiver.commands


def test_a_restarted_server_gets_the_next_mail_at_once(receiver, sending):
    """The dead connection is replaced within the same attempt."""
    notifier = sending(receiver.port)
    notifier.send("before@example.com")

    receiver.stop()
    receiver.start()
    notifier.send("after@example.com")

    assert ["before@example.com", "after@example.com"] == [mail.recipients[0] for mail in receiver.wait_for(2)]


def test_mail_is_sent_again_once_the_server_is_back(receiver, sending):
    """Failures are temporary while it is away."""
    notifier = sending(receiver.port)
    notifier.send("before@example.com")

    receiver.stop()
    with pytest.raises(TemporaryFailure, match="SMTP connection failed to .*: Connection refused"):
        notifier.send("after@example.com")
    receiver.start()
    notifier.send("after@example.com")

    assert ["before@example.com", "after@example.com"] == [mail.recipients[0] for mail in receiver.wait_for(2)]


def test_a_session_that_the_server_ends_with_421_is_replaced(receiver, sending):
    """Servers limit the mails of a session and its idle time."""
    notifier = sending(receiver.port)
    notifier.send("before@example.com")
    receiver.refuse("MAIL", "421 4.7.0 Too many messages", times=1)

    notifier.send("after@example.com")

    assert [1, 2] == [mail.connection for mail in receiver.wait_for(2)]


def test_a_new_session_that_ends_with_421_is_a_temporary_failure(receiver, sending):
    """Only one replacement is tried."""
    receiver.refuse("MAIL", "421 4.7.0 Too many messages")
    notifier = sending(receiver.port)

    with pytest.raises(TemporaryFailure, match=r"Error sending mail\. 421 4\.7\.0 Too many messages"):
        notifier.send()

    assert 1 == receiver.connections


def test_a_session_that_cannot_be_reset_is_not_reused(receiver, sending):
    """After a refused RSET the state of the session is unknown."""
    receiver.refuse("RCPT", "550 No", times=1)
    receiver.refuse("RSET", "500 What?")
    notifier = sending(receiver.port)

    with pytest.raises(Exception, match="550 No"):
        notifier.send("a@example.com")
    notifier.send("b@example.com")

    assert [2] == [mail.connection for mail in receiver.wait_for(1)]


def test_an_idle_connection_is_ended_with_quit(receiver, sending):
    """No connection lingers on the server."""
    notifier = sending(receiver.port, idle_seconds=0.05)

    notifier.send()

    receiver.wait_until(lambda: "QUIT" in receiver.commands)


def test_a_mail_after_the_idle_time_uses_a_new_connection(receiver, sending):
    """That one is ended as well."""
    notifier = sending(receiver.port, idle_seconds=0.05)
    notifier.send("a@example.com")
    receiver.wait_until(lambda: receiver.commands.count("QUIT") == 1)

    notifier.send("b@example.com")

    receiver.wait_until(lambda: receiver.commands.count("QUIT") == 2)
    assert [1, 2] == [mail.connection for mail in receiver.mails]


def test_closing_the_notifier_ends_its_connections(receiver, sending):
    """QUIT is sent at once."""
    notifier = sending(receiver.port)
    notifier.send()

    notifier.loaded.close()

    assert "QUIT" == receiver.commands[-1]


def test_a_mail_after_closing_leaves_no_connection_behind(receiver, sending):
    """A thread may still be sending when the service stops."""
    notifier = sending(receiver.port)
    notifier.loaded.close()

    notifier.send()

    receiver.wait_until(lambda: "QUIT" in receiver.commands)


def test_threads_send_simultaneously_over_their_own_connections(receiver, sending):
    """There are no more connections than threads."""
    notifier = sending(receiver.port)
    together = threading.Barrier(8)

    def send_some(thread: int) -> None:
        together.wait()
        for number in range(10):
            notifier.send(f"user{thread}-{number}@example.com")

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(send_some, range(8)))

    assert 80 == len({mail.recipients for mail in receiver.wait_for(80)})
    assert receiver.connections <= 8


@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_forked_process_does_not_use_its_parents_connection(receiver, sending):
    """Both continue, each over its own connection."""
    notifier = sending(receiver.port)
    notifier.send("parent@example.com")

    child = os.fork()
    if child == 0:
        status = 1
        try:
            notifier.send("child@example.com")
            status = 0
        finally:
            os._exit(status)
    _, status = os.waitpid(child, 0)
    notifier.send("parent@example.com")

    assert 0 == status
    sent = [(mail.recipients[0], mail.connection) for mail in receiver.wait_for(3)]
    assert [("parent@example.com", 1), ("child@example.com", 2), ("parent@example.com", 1)] == sent
