"""Credentials in URLs: who sees them over REST and on the command line."""

import json

import pytest

from pulp_notifiers.cli import main
from pulp_notifiers.event import Event
from pulp_notifiers.testing.http import Answer, HttpReceiver
from tests.support.rest import EVENTS, OWN, RestService, rest_service
from tests.support.trial_source import trial_source
from tests.support.waiting import wait_until

LISTENER = "5f0c1e2d3a4b5c6d7e8f9012"
URL = "https://u:p4ss@katello.example.com/sync_complete?token=shhhhh"
SHOWN = "https://*****@katello.example.com/sync_complete?token=*****"


@pytest.fixture
def listening(service: RestService) -> RestService:
    """The service with one listener, and users who may read it in either API, change it, or register others."""
    service.add_listener(notifier_config={"url": URL})
    for login, operations in {"reader": ["READ"], "changer": ["READ", "UPDATE"], "katello": ["READ", "CREATE"]}.items():
        service.add_user(login)
        service.grant(login, "/v2/events/", *operations)
        service.grant(login, f"{OWN}listeners/", *operations)
    return service


def urls(service: RestService, login: str) -> list[str]:
    """Return the URL as both APIs show it to a user, in lists and alone."""
    old, new = f"{EVENTS}{LISTENER}/", f"{OWN}listeners/{LISTENER}/"
    return [
        service.request("GET", EVENTS, login=login).json()[0]["notifier_config"]["url"],
        service.request("GET", old, login=login).json()["notifier_config"]["url"],
        service.request("GET", f"{OWN}listeners/", login=login).json()["results"][0]["config"]["url"],
        service.request("GET", new, login=login).json()["config"]["url"],
    ]


def test_who_may_only_read_does_not_see_them(listening):
    """Nor does who may change listeners."""
    assert [SHOWN] * 4 == urls(listening, "reader") == urls(listening, "changer")


def test_clients_that_compare_what_they_wrote_see_it_in_v2(listening):
    """Katello would create its listener anew before each sync."""
    assert [URL, URL, SHOWN, SHOWN] == urls(listening, "katello") == urls(listening, "admin")


def test_a_setting_reveals_them(tmp_path):
    """As it does passwords."""
    with rest_service(tmp_path, reveal_secrets="true") as service:
        service.add_listener(notifier_config={"url": URL})

        assert [URL] * 4 == urls(service, "admin")


@pytest.mark.parametrize(
    ("method", "path", "field"), [("PUT", EVENTS, "notifier_config"), ("PATCH", f"{OWN}listeners/", "config")]
)
def test_what_was_shown_may_be_sent_back(listening, method, path, field):
    """It stays at the same place, and is removed at another one."""
    same = listening.request(method, f"{path}{LISTENER}/", {field: {"url": SHOWN}}, login="changer")
    assert (200, URL) == (same.status, listening.app.listeners.get(LISTENER).config["url"])

    moved = SHOWN.replace("katello", "evil")
    other = listening.request(method, f"{path}{LISTENER}/", {field: {"url": moved}}, login="changer")

    assert (200, "url") == (other.status, other.headers["pulp-dropped-secrets"])
    assert "https://evil.example.com/sync_complete" == listening.app.listeners.get(LISTENER).config["url"]


@pytest.mark.parametrize(
    ("method", "path", "field"), [("PUT", EVENTS, "notifier_config"), ("PATCH", f"{OWN}listeners/", "config")]
)
def test_a_second_url_in_the_same_text_does_not_take_them_elsewhere(listening, method, path, field):
    """The http notifier would send the stored token to the first one."""
    sent = {"url": f"https://evil.example.com/x,{SHOWN}"}

    answer = listening.request(method, f"{path}{LISTENER}/", {field: sent}, login="changer")

    assert (200, "url") == (answer.status, answer.headers["pulp-dropped-secrets"])
    assert "shhhhh" not in listening.app.listeners.get(LISTENER).config["url"]


def test_quotation_marks_in_a_url_hide_nothing_from_the_mask(listening):
    """Such URLs are delivered to, so they are shown masked."""
    changed = {"url": 'https://u:p4"ss@katello.example.com/?token={"a":"shhhhh"}'}
    assert 200 == listening.request("PATCH", f"{OWN}listeners/{LISTENER}/", {"config": changed}).status

    assert ["https://*****@katello.example.com/?token=*****"] * 4 == urls(listening, "reader")


def test_asterisks_in_the_url_of_a_new_listener_are_refused(listening):
    """Nothing is stored that they could stand for."""
    new = {"notifier_type": "http", "config": {"url": SHOWN}, "event_types": ["*"]}

    answer = listening.request("POST", f"{OWN}listeners/", new)

    assert (400, ["config.url"]) == (answer.status, list(answer.json()))


def test_the_command_line_and_errors_do_not_show_them(service, capsys, monkeypatch, tmp_path, caplog):
    """Neither does the log."""
    monkeypatch.setenv("PULP_NOTIFIERS_CONF", str(tmp_path / "server.conf"))
    (tmp_path / "server.conf").write_text(f"[client]\nurl = {service.server.url}\nusername = admin\npassword = admin\n")
    with HttpReceiver([Answer(status=410)]) as receiver:
        token = "a1B2c3D4e5F6g7H8i9J0k1L2"
        url = receiver.url.replace("://", "://u:p4ss@").rstrip("/") + f"/services/{token}?token=shhhhhhh"
        service.add_listener(notifier_config={"url": url})
        service.app.worker.start()
        service.app.fire(Event("repo.sync.start", {"repo_id": "zoo"}))
        wait_until(lambda: service.app.deliveries.list()[1][0].last_error)
        main(["listener", "list"])
        main(["listener", "show", LISTENER])
        main(["delivery", "list"])

    printed = capsys.readouterr().out
    assert "Received HTTP 410" in printed
    for secret in ("p4ss", "shhhhhhh", token):
        assert secret not in printed
        assert secret not in caplog.text


def test_the_url_of_a_source_is_shown_without_them(service, tmp_path):
    """The rule is the same as for listeners."""
    with trial_source(tmp_path):
        config = {"url": URL, "password": "right"}
        added = service.request("POST", f"{OWN}sources/", {"name": "zoo", "type": "trial", "config": config})
        listed = service.request("GET", f"{OWN}sources/")
        tested = service.request("POST", f"{OWN}sources/zoo/test/", {})
        service.app.sources.remove("zoo")

    assert SHOWN == added.json()["config"]["url"] == listed.json()["results"][0]["config"]["url"]
    assert "p4ss" not in json.dumps(tested.json())
