"""Wrong passwords: limits, their answers, and other users meanwhile."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from pulp_notifiers.cli import main
from tests.support.rest import EVENTS, OWN, Answer, RestService, basic, rest_service

LISTENERS = f"{OWN}listeners/"


@pytest.fixture
def strict(tmp_path: Path) -> Iterator[RestService]:
    """A service in which three wrong passwords are free, and verified ones are not cached."""
    settings = {"failed_logins": "3", "failed_logins_of_address": "6", "credential_cache_seconds": "0"}
    with rest_service(tmp_path, **settings) as service:
        service.add_user("eva", super_user=True)
        yield service


def log_in(
    service: RestService, login: str, password: str, address: str = "192.0.2.1", path: str = LISTENERS
) -> Answer:
    """Send a request from behind a trusted proxy."""
    headers = {"Authorization": basic(login, password), "X-Forwarded-For": address}
    return service.request("GET", path, headers=headers, login=None)


def fail(service: RestService, count: int, login: str = "eva") -> list[int]:
    return [log_in(service, login, f"wrong{number}").status for number in range(count)]


@pytest.mark.parametrize("login", ["eva", "nobody"])
def test_after_some_wrong_passwords_further_ones_have_to_wait(strict, login, caplog):
    """Whether the login exists or not. Each API says so in its own form."""
    assert [401, 401, 401, 429, 429] == fail(strict, 5, login)

    new, old = log_in(strict, login, "wrong"), log_in(strict, login, "wrong", path=EVENTS)
    assert (429, 429) == (new.status, old.status)
    assert 1 <= int(new.headers["retry-after"]) <= 300
    assert f"Try again in {new.headers['retry-after']} seconds" in new.json()["detail"]
    assert ("PN0429", 429) == (old.json()["error"]["code"], old.json()["http_status"])
    assert old.headers["retry-after"] == str(old.json()["error"]["data"]["retry_after_seconds"])
    assert 1 == caplog.text.count(f"Too many wrong passwords from 192.0.2.1, the last for '{login}'")
    assert "wrong1" not in caplog.text


def test_a_stranger_who_knows_the_login_does_not_lock_its_owner_out(strict):
    """Neither at another address, nor at the same one if the owner was logged in before."""
    assert 200 == log_in(strict, "eva", "eva").status
    assert 429 == fail(strict, 9)[-1]

    assert 200 == log_in(strict, "eva", "eva").status, "known"
    assert 200 == log_in(strict, "eva", "eva", "192.0.2.2").status, "elsewhere"
    assert 401 == log_in(strict, "eva", "wrong", "192.0.2.2").status


def test_a_changed_password_is_not_known_any_more(strict):
    """It has to wait as any other."""
    assert 200 == log_in(strict, "eva", "eva").status
    assert 429 == fail(strict, 4)[-1]
    strict.app.accounts.set_password("eva", "new")

    assert 429 == log_in(strict, "eva", "eva").status


def test_an_address_that_tries_many_logins_has_to_wait(strict):
    """Others do not."""
    found = [log_in(strict, f"user{number}", "x").status for number in range(8)]

    assert [401] * 6 + [429] * 2 == found
    assert 200 == log_in(strict, "eva", "eva", "192.0.2.2").status


def test_the_same_right_password_in_many_requests_at_once_is_accepted_in_all(strict):
    """A client may open many connections before it has been recognised."""
    with ThreadPoolExecutor(20) as pool:
        answers = list(pool.map(lambda _: log_in(strict, "eva", "eva").status, range(20)))

    assert [200] * 20 == answers


def test_wrong_passwords_at_once_end_as_401_or_429_and_another_user_is_served(strict):
    """Nobody waits in the threads of requests."""
    with ThreadPoolExecutor(20) as pool:
        guesses = [pool.submit(log_in, strict, "admin", f"wrong{number}") for number in range(20)]
        mine = pool.submit(log_in, strict, "eva", "eva")

        assert 200 == mine.result().status
        statuses = sorted(guess.result().status for guess in guesses)

    assert [401] * 3 + [429] * 17 == statuses


def test_the_command_line_says_that_it_has_to_wait(strict, monkeypatch, capsys, tmp_path):
    """With the exit code for a failure that passes."""
    monkeypatch.setenv("PULP_NOTIFIERS_CONF", str(tmp_path / "server.conf"))
    (tmp_path / "server.conf").write_text(f"[client]\nurl = {strict.server.url}\nusername = eva\npassword = wrong\n")
    codes = [main(["listener", "list"]) for _ in range(5)]

    assert [77, 75] == [codes[0], codes[-1]]
    assert "Try again in " in capsys.readouterr().err
