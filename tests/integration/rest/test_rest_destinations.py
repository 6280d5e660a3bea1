"""A change of the destination over REST and from the command line does not send stored secrets there."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pulp_notifiers.cli import client, main
from pulp_notifiers.rest.http.answers import DROPPED_SECRETS_HEADER
from tests.support.rest import EVENTS, OWN, RestService
from tests.support.trial_source import trial_source

STORED = {"url": "https://good.example/hook", "username": "joe", "password": "p4ssword"}
LISTENER = "5f0c1e2d3a4b5c6d7e8f9012"
MOVED = {"url": "https://evil.example/"}


@pytest.fixture
def eva(service: RestService) -> RestService:
    """The service with one listener, and a user who may only change listeners and sources."""
    service.add_user("eva")
    for resource in ("/v2/events/", f"{OWN}listeners/", f"{OWN}sources/"):
        service.grant("eva", resource, "UPDATE")
    service.add_listener(notifier_config=STORED)
    return service


@pytest.fixture
def source(eva: RestService, tmp_path: Path) -> Iterator[str]:
    """The path of a source with a secret."""
    with trial_source(tmp_path):
        config = {"url": "http://good.example/", "password": "right"}
        answer = eva.request("POST", f"{OWN}sources/", {"name": "zoo", "type": "trial", "config": config})
        assert 201 == answer.status
        yield f"{OWN}sources/zoo/"
        eva.app.sources.remove("zoo")


def config_of(service: RestService) -> dict[str, Any]:
    return dict(service.app.listeners.get(LISTENER).config)


@pytest.mark.parametrize("masked", [{}, {"password": "*****"}])
def test_v3_removes_the_password_and_names_it(eva, masked):
    """In the document and in a header; the password is nowhere."""
    answer = eva.request("PATCH", f"{OWN}listeners/{LISTENER}/", {"config": {**MOVED, **masked}}, login="eva")

    assert (200, ["password"]) == (answer.status, answer.json()["dropped_secrets"])
    assert "password" == answer.headers["pulp-dropped-secrets"]
    assert {**MOVED, "username": "joe"} == answer.json()["config"] == config_of(eva)
    assert "dropped_secrets" not in eva.request("GET", f"{OWN}listeners/{LISTENER}/").json()


@pytest.mark.parametrize("masked", [{}, {"password": "*****"}])
def test_v2_removes_the_password_and_names_it(eva, masked):
    """The document has Pulp 2's seven keys, so a header says it."""
    answer = eva.request("PUT", f"{EVENTS}{LISTENER}/", {"notifier_config": {**MOVED, **masked}}, login="eva")

    assert (200, "password") == (answer.status, answer.headers["pulp-dropped-secrets"])
    assert 7 == len(answer.json())
    assert {**MOVED, "username": "joe"} == answer.json()["notifier_config"] == config_of(eva)


@pytest.mark.parametrize(
    "config", [{**STORED, "password": "*****"}, STORED, {"url": STORED["url"]}, {"username": "joe"}]
)
def test_clients_that_send_the_whole_config_to_the_same_place_see_no_difference(eva, config):
    """With the password, with asterisks, or without."""
    old = eva.request("PUT", f"{EVENTS}{LISTENER}/", {"notifier_config": config})
    new = eva.request("PATCH", f"{OWN}listeners/{LISTENER}/", {"config": config})

    assert (200, 200, []) == (old.status, new.status, new.json()["dropped_secrets"])
    assert "pulp-dropped-secrets" not in {**old.headers, **new.headers}
    assert STORED == config_of(eva)


def test_a_source_loses_its_password_to_no_other_server(eva, source):
    """The rule is the same as for listeners."""
    same = eva.request("PATCH", source, {"config": {"url": "http://good.example/pulp/"}}, login="eva")
    moved = eva.request("PATCH", source, {"config": {"url": "http://evil.example/", "password": "*****"}}, login="eva")

    assert (200, []) == (same.status, same.json()["dropped_secrets"])
    if moved.status == 200:
        assert ["password"] == moved.json()["dropped_secrets"]
    assert "password" not in eva.app.sources.get("zoo").config


@pytest.mark.parametrize("command", [["listener", "http", "update"], ["event", "listener", "http", "update"]])
def test_the_command_line_says_that_the_password_was_removed(eva, capsys, monkeypatch, tmp_path, command):
    """On standard error; pulp-admin's output stays as it was."""
    monkeypatch.setenv("PULP_NOTIFIERS_CONF", str(tmp_path / "server.conf"))
    (tmp_path / "server.conf").write_text(f"[client]\nurl = {eva.server.url}\nusername = admin\npassword = admin\n")

    assert 0 == main([*command, "--listener-id", LISTENER, "--url", "https://evil.example/"])

    assert "Warning: the stored secret of password was removed" in capsys.readouterr().err
    assert {**MOVED, "username": "joe"} == config_of(eva)


def test_client_and_server_agree_on_the_header():
    """The client has a copy, because importing the server is slow."""
    assert DROPPED_SECRETS_HEADER == client.DROPPED_SECRETS_HEADER
