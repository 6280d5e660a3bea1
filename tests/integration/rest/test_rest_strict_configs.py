"""URLs and addresses that are none: refused by the product's own API, accepted by Pulp 2's."""

from collections.abc import Iterator
from typing import Any

import pytest

from tests.support.rest import EVENTS, OWN, RestService, rest_service

LISTENERS = f"{OWN}listeners/"

WRONG = [
    *(
        ("http", {"url": url}, "url")
        for url in (
            *("127.0.0.1:8801/", "receiver.example", "//receiver.example/", "ftp://receiver.example/", "mailto:a@b.c"),
            *("http://", "http:///hook", "http://:80/", "http://x.example:0/", "http://x.example:70000/"),
            *("http://x.example:http/", "http://a b.example/", "http://x.example/a b", " http://x.example/"),
            *("http://x.example/\n", "http://x.example/\u00a0", "http://x.example\\@y.example/", "http://*/"),
            *("http://[::1/", "http://-x.example/", "http://x..example/", "http://300.0.0.1/"),
        )
    ),
    *(
        ("email", {"subject": "s", "addresses": addresses}, "addresses")
        for addresses in (
            *(["not an address"], ["good@x.example", "a@b@c"], ["nobody"], ["a@"], ["@x.example"], ["a b@x.example"]),
            *("a@x.example, not an address", ["a@x.example\r\nBcc: b@x.example"], ["a@-x.example"]),
        )
    ),
]


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RestService]:
    """A service of this module."""
    with rest_service(tmp_path_factory.mktemp("rest")) as service:
        yield service


GOOD: dict[str, dict[str, Any]] = {
    "http": {"url": "https://bücher.example:8443/hook?a=b&ü"},
    "email": {"subject": "s", "addresses": ["Ops <ops@bücher.example>", "root@localhost"], "format": "html"},
}


@pytest.mark.parametrize(("notifier_type", "config", "option"), WRONG)
def test_what_cannot_work_is_refused_when_a_listener_is_registered_or_changed(
    service: RestService, notifier_type: str, config: dict[str, Any], option: str
) -> None:
    """Each answer names the option and says what to write; nothing is stored."""
    good = {"notifier_type": notifier_type, "config": GOOD[notifier_type], "event_types": ["task.*"]}
    listener = service.request("POST", LISTENERS, good).json()

    created = service.request("POST", LISTENERS, {**good, "config": config})
    changed = service.request("PATCH", listener["pulp_href"], {"config": config})

    for answer in (created, changed):
        assert (400, True) == (answer.status, option in answer.body.decode())
    assert GOOD[notifier_type] == service.app.listeners.get(listener["id"]).config


@pytest.mark.parametrize(("notifier_type", "config", "option"), WRONG)
def test_pulp_2s_api_accepts_it(service: RestService, notifier_type: str, config: dict[str, Any], option: str) -> None:
    """It did not look at options (CONTRACT 1.4), and shows them unchanged."""
    sent = {"notifier_type_id": notifier_type, "notifier_config": config, "event_types": ["*"]}

    answer = service.request("POST", EVENTS, sent)

    assert (201, config) == (answer.status, answer.json()["notifier_config"])
