"""Listeners that name the service's own machine as their receiver."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from pulp_notifiers.cli import main
from pulp_notifiers.event import Event
from pulp_notifiers.testing.http import HttpReceiver
from tests.support.rest import EVENTS, OWN, RestService, rest_service

LISTENERS = f"{OWN}listeners/"
ELSEWHERE = "https://192.0.2.1/hook"


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RestService]:
    """A service that other machines can reach."""
    with rest_service(tmp_path_factory.mktemp("rest"), bind="0.0.0.0:0") as service:
        yield service


def post(service: RestService, url: str) -> Any:
    """Register an http listener."""
    document = {"notifier_type": "http", "config": {"url": url}, "event_types": ["task.*"]}
    return service.request("POST", LISTENERS, document)


@pytest.mark.parametrize(
    "url",
    [
        *("http://127.0.0.1:24818/", "https://localhost/", "http://2130706433/", "http://0x7f.1/", "http://[::1]/"),
        *("http://169.254.169.254/latest/", "http://0.0.0.0:80/", "http://[::ffff:127.0.0.1]/", "http://[fe80::1]/"),
        *("http://u:p@127.0.0.1/", "http://%31%32%37.0.0.1/", "http://localhost.:80/"),
    ],
)
def test_a_listener_that_names_the_service_itself_is_refused(service: RestService, url: str) -> None:
    """The answer says which setting allows it."""
    listener = post(service, ELSEWHERE).json()

    for answer in (post(service, url), service.request("PATCH", listener["pulp_href"], {"config": {"url": url}})):
        assert 400 == answer.status
        (sentence,) = answer.json()["config.url"] if "config.url" in answer.json() else answer.json()["config"]["url"]
        assert "allow_local_receivers = true" in sentence
        assert "u:p" not in sentence
    assert ELSEWHERE == service.app.listeners.get(listener["id"]).config["url"]


def test_a_listener_of_pulp_2s_api_may_name_the_service_itself(service: RestService) -> None:
    """Its clients rely on that; and a listener that exists goes on delivering, whatever else is changed."""
    with HttpReceiver() as receiver:
        sent = {"notifier_type_id": "http", "notifier_config": {"url": receiver.url}, "event_types": ["*"]}
        listener = service.request("POST", EVENTS, sent).json()
        changed = service.request("PATCH", f"{LISTENERS}{listener['id']}/", {"event_types": ["repo.sync.start"]})
        service.app.worker.start()
        service.app.fire(Event("repo.sync.start", {"repo_id": "zoo"}))

        receiver.wait_for(1)
    assert 200 == changed.status


@pytest.mark.parametrize("bind", ["127.0.0.1:0", "localhost:0"])
def test_it_is_allowed_if_only_the_machine_itself_can_reach_the_service(bind: str, tmp_path: Path) -> None:
    """So a trial on one machine needs no setting."""
    with rest_service(tmp_path, bind=bind) as service:
        assert 201 == post(service, "http://127.0.0.1:8801/").status


@pytest.mark.parametrize(("allowed", "bind", "status"), [("true", "0.0.0.0:0", 201), ("false", "127.0.0.1:0", 400)])
def test_the_setting_decides_whatever_the_address_of_the_service(
    allowed: str, bind: str, status: int, tmp_path: Path
) -> None:
    """Its default is only a guess."""
    with rest_service(tmp_path, bind=bind, allow_local_receivers=allowed) as service:
        assert status == post(service, "http://127.0.0.1:8801/").status


def test_the_command_line_shows_the_sentence(
    service: RestService, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """It names the option."""
    file = tmp_path / "server.conf"
    file.write_text(f"[client]\nurl = http://127.0.0.1:{service.server.port}\nusername = admin\npassword = admin\n")
    monkeypatch.setenv("PULP_NOTIFIERS_CONF", str(file))

    arguments = ["listener", "http", "create", "--event-type", "task.*", "--url", "http://127.0.0.1/"]
    assert 0 != main(arguments)
    assert "--url" in (printed := capsys.readouterr().err)
    assert "allow_local_receivers" in printed
