"""What a real receiver gets, and how its answers and silences end an attempt."""

import subprocess
import sys
import threading
from collections.abc import Callable

import pytest
from pulp_notifier_http import HttpNotifier

from pulp_notifiers.errors import PermanentFailure, TemporaryFailure
from pulp_notifiers.event import Event
from pulp_notifiers.testing.http import Answer, HttpReceiver
from pulp_notifiers.testing.plugins import LoadedNotifier

Send = Callable[..., None]

KEPT_BACK = Answer(headers={"Content-Length": "1000"}, body=b"the beginning")
"""An answer whose body never ends."""


def failure_of(send: Send, **config: object) -> TemporaryFailure:
    """Return the temporary failure of an attempt."""
    with pytest.raises(TemporaryFailure) as raised:
        send(**config)
    return raised.value


def test_the_receiver_gets_the_event_once(send: Send, event: Event) -> None:
    """It is one POST with the query as written, and the headers and body of Pulp 2."""
    with HttpReceiver() as receiver:
        send(url=receiver.url + "hook?token=a%2fb&x[]=1", username="jo", password="pw", attempt=2)

        (request,) = receiver.wait_for(1)

    assert ("POST", "/hook?token=a%2fb&x[]=1") == (request.method, request.path)
    assert event.body() == request.json()
    assert "Basic am86cHc=" == request.headers["Authorization"]
    assert "application/json" == request.headers["Content-Type"]
    assert str(event.id) == request.headers["Pulp-Event-Id"]
    assert "2" == request.headers["Pulp-Delivery-Attempt"]
    assert f"127.0.0.1:{receiver.port}" == request.headers["Host"]


@pytest.mark.parametrize("interim", [b"102 Processing", b"103 Early Hints\r\nLink: </x>", b"100 Continue", b"199 X"])
def test_interim_answers_are_skipped(interim: bytes, impatient_send: Send) -> None:
    """Only the final status and its Retry-After count."""
    before = b"HTTP/1.1 " + interim + b"\r\n\r\n"
    answers = [
        Answer(raw=before * 3 + b"HTTP/1.1 204 No Content\r\n\r\n"),
        Answer(raw=before + b"HTTP/1.1 503 Away\r\nRetry-After: 7\r\nContent-Length: 0\r\n\r\n"),
    ]
    with HttpReceiver(answers) as receiver:
        impatient_send(url=receiver.url)
        failure = failure_of(impatient_send, url=receiver.url)

    assert 7 == failure.retry_after
    assert "Received HTTP 503" in failure.reason


@pytest.mark.parametrize("answer", [200, 201, 202, 204, 299, KEPT_BACK, Answer(body=b"x" * 200_000)])
def test_any_2xx_is_success_whatever_its_body(answer: Answer | int, impatient_send: Send) -> None:
    """A body that is long, or never ends, changes nothing."""
    with HttpReceiver([answer]) as receiver:
        impatient_send(url=receiver.url)

        assert 1 == len(receiver.requests)


@pytest.mark.parametrize("status", [302, 303, 307, 401, 403, 407, 408, 425, 429, 500, 502, 503, 504, 599])
def test_a_status_that_may_change_is_a_temporary_failure(status: int, send: Send) -> None:
    """The attempt is worth repeating, and makes no second request."""
    with HttpReceiver([Answer(status, {"Location": "/elsewhere"})]) as receiver:
        failure = failure_of(send, url=receiver.url + "hook?token=hidden")

        assert failure.reason.startswith(f"Received HTTP {status} from HTTP notifier to {receiver.url}hook.")
        assert 1 == len(receiver.requests)


@pytest.mark.parametrize("status", [300, 301, 304, 305, 308, 400, 402, 404, 405, 410, 413, 422])
def test_a_status_that_will_not_change_is_a_permanent_failure(status: int, send: Send) -> None:
    """No attempt can succeed until somebody changes the listener or the receiver."""
    with HttpReceiver([Answer(status, {"Location": "/elsewhere"})]) as receiver:
        with pytest.raises(PermanentFailure, match=f"^Received HTTP {status} from HTTP notifier to {receiver.url}"):
            send(url=receiver.url)

        assert 1 == len(receiver.requests)


def test_retry_after_is_passed_on(send: Send) -> None:
    """The failure has the seconds that the receiver asks for."""
    with HttpReceiver([Answer(429, {"Retry-After": "120"})]) as receiver:
        assert 120.0 == failure_of(send, url=receiver.url).retry_after


def test_a_connection_is_reused(send: Send) -> None:
    """A burst needs one connection, whether answers have bodies or not."""
    chunked = Answer(headers={"Transfer-Encoding": "chunked"}, body=b"2\r\n{}\r\n0\r\n\r\n")
    with HttpReceiver([200, 204, Answer(body=b"{}"), chunked, Answer(202, body=b"x" * 60_000), 500]) as receiver:
        for _ in range(5):
            send(url=receiver.url)
        failure_of(send, url=receiver.url)
        send(url=receiver.url + "another/path")

        assert [1] * 7 == [request.connection for request in receiver.requests]


def test_a_connection_with_a_long_answer_is_not_reused(send: Send) -> None:
    """Reading all of it could take for ever."""
    with HttpReceiver([Answer(body=b"x" * 100_000)]) as receiver:
        send(url=receiver.url)
        send(url=receiver.url)

        assert [1, 2] == [request.connection for request in receiver.requests]


def test_a_connection_closed_while_idle_is_replaced(send: Send) -> None:
    """A receiver may close kept connections without notice."""
    with HttpReceiver([Answer(close=True)]) as receiver:
        send(url=receiver.url)
        receiver.wait_until_closed()
        send(url=receiver.url)

        assert [1, 2] == [request.connection for request in receiver.requests]


def test_a_kept_connection_that_closes_during_the_request_is_replaced_at_once(send: Send) -> None:
    """The repeat is part of the same attempt, so the receiver can recognize it."""
    with HttpReceiver([200, Answer(drop=True), 200]) as receiver:
        send(url=receiver.url)
        send(url=receiver.url, attempt=5)

        _, dropped, repeated = receiver.requests
    assert (1, 2) == (dropped.connection, repeated.connection)
    for name in ("Pulp-Event-Id", "Pulp-Delivery-Attempt"):
        assert dropped.headers[name] == repeated.headers[name]
    assert dropped.body == repeated.body


def test_a_new_connection_that_is_closed_is_a_failure(send: Send) -> None:
    """Only a kept connection is replaced."""
    with HttpReceiver([Answer(drop=True)]) as receiver:
        failure = failure_of(send, url=receiver.url)

        assert 1 == len(receiver.requests)
    assert "closed the connection without an answer" in failure.reason


def test_a_request_is_repeated_only_once(send: Send) -> None:
    """The backoff handles a receiver that always hangs up."""
    with HttpReceiver([200, Answer(drop=True), Answer(drop=True)]) as receiver:
        send(url=receiver.url)
        failure_of(send, url=receiver.url)

        assert 3 == len(receiver.requests)


def test_a_refused_connection_names_host_and_port(send: Send) -> None:
    """The message says what to check."""
    with HttpReceiver() as receiver:
        gone = receiver.port

    failure = failure_of(send, url=f"http://jo:hidden@127.0.0.1:{gone}/hook?token=hidden")

    expected = (
        f"HTTP Notification Failed: 127.0.0.1:{gone} refused the connection; check that the receiver runs and "
        f"listens there (http://127.0.0.1:{gone}/hook)."
    )
    assert expected == failure.reason


def test_an_unknown_host_name_is_reported(send: Send) -> None:
    """The message says that the name is the problem."""
    failure = failure_of(send, url="http://receiver.invalid/")

    assert failure.reason.startswith(
        "HTTP Notification Failed: the host name of receiver.invalid:80 could not be resolved"
    )


def test_every_address_of_a_name_is_tried(send: Send) -> None:
    """The first address of ``localhost`` is often an IPv6 one, on which this receiver does not listen."""
    with HttpReceiver() as receiver:
        send(url=f"http://localhost:{receiver.port}/")

        assert 1 == len(receiver.requests)


def test_an_answer_that_is_not_http_is_reported(send: Send) -> None:
    """The message does not repeat it, such as the greeting of a mail server."""
    with HttpReceiver([Answer(raw=b"220 mail.example ESMTP\r\n")]) as receiver:
        failure = failure_of(send, url=receiver.url)

    assert f"the answer of 127.0.0.1:{receiver.port} is not HTTP" in failure.reason
    assert "ESMTP" not in failure.reason


def test_each_thread_has_its_own_connection(loaded: LoadedNotifier, event: Event) -> None:
    """Four attempts at the same time use four connections, so a slow receiver holds up nobody else."""
    together = threading.Barrier(4, timeout=60)

    def wait_for_the_others(request: object) -> int:
        together.wait()
        return 200

    with HttpReceiver(wait_for_the_others) as receiver:
        config = loaded.parse({"url": receiver.url})
        threads = [threading.Thread(target=loaded.send, args=(event, config, "", 1)) for _ in range(4)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()

        assert {1, 2, 3, 4} == {request.connection for request in receiver.requests}


def test_closing_the_notifier_closes_every_connection(event: Event) -> None:
    """It closes those of other threads too."""
    notifier = LoadedNotifier("http", HttpNotifier())
    with HttpReceiver() as receiver:
        config = notifier.parse({"url": receiver.url})
        thread = threading.Thread(target=notifier.send, args=(event, config, "", 1))
        thread.start()
        thread.join()
        notifier.send(event, config, "", 1)

        notifier.close()

        receiver.wait_until_closed()


FORKING = """
import os, sys
from pulp_notifier_http import HttpNotifier
from pulp_notifiers.event import Event
from pulp_notifiers.testing.plugins import LoadedNotifier

notifier = LoadedNotifier("http", HttpNotifier)
config = notifier.parse({"url": sys.argv[1]})
send = lambda attempt: notifier.send(Event("repo.sync.start", {}), config, "", attempt)
send(1)
child = os.fork()
if child == 0:
    send(2)
    os._exit(0)
assert os.waitpid(child, 0)[1] == 0
send(3)
notifier.close()
"""


def test_a_forked_process_does_not_use_its_parents_connection() -> None:
    """Two processes that write to one connection would garble it."""
    with HttpReceiver() as receiver:
        subprocess.run([sys.executable, "-c", FORKING, receiver.url], check=True, timeout=300)

        assert [1, 2, 1] == [request.connection for request in receiver.requests]


def test_the_query_stays_out_of_the_log(send: Send, caplog: pytest.LogCaptureFixture) -> None:
    """It may contain a token, and urllib3 logs request targets."""
    caplog.set_level("DEBUG")
    with HttpReceiver([500]) as receiver:
        failure_of(send, url=receiver.url + "hook?token=hidden")

        assert ["/hook?token=hidden"] == [request.path for request in receiver.requests]
    assert "POST /hook HTTP/1.1" in caplog.text
    assert "hidden" not in caplog.text


@pytest.mark.parametrize("status", [301, 302, 303, 307, 308])
def test_a_redirect_leaks_no_credentials(status: int, send: Send) -> None:
    """The other server gets no request."""
    with (
        HttpReceiver() as elsewhere,
        HttpReceiver(lambda _: Answer(status, {"Location": elsewhere.url})) as receiver,
        pytest.raises((TemporaryFailure, PermanentFailure), match="Redirects are not followed"),
    ):
        send(url=receiver.url, token="hidden", headers={"X-Api-Key": "hidden"})

    assert "Bearer hidden" == receiver.requests[0].headers["Authorization"]
    assert "hidden" == receiver.requests[0].headers["X-Api-Key"]
    assert () == elsewhere.requests
