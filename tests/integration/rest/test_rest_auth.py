"""Authentication and permissions of the REST API."""

import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from urllib.parse import quote

import pytest

from pulp_notifiers.access.passwords import hash_password
from pulp_notifiers.app import App
from pulp_notifiers.records import User
from pulp_notifiers.rest import RestServer
from pulp_notifiers.rest.access.oauth import signature
from pulp_notifiers.settings import Settings
from tests.support.rest import EVENTS, OWN, Answer, RestService, basic, rest_service

ONE = f"{EVENTS}5f0c1e2d3a4b5c6d7e8f9012/"
REMOTE_USER = "X-Remote-User"
SUBJECT = "X-Client-Subject"
NEW = {"notifier_type_id": "http", "event_types": ["*"]}


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RestService]:
    """One service behind a trusted proxy for all tests."""
    settings = {"remote_user_header": REMOTE_USER, "client_subject_header": SUBJECT}
    with rest_service(tmp_path_factory.mktemp("rest"), **settings) as service:
        yield service


@pytest.fixture
def service(running: RestService) -> RestService:
    """The service with a super-user ``admin``, a user ``joe`` without grants, and one listener."""
    running.clear()
    running.add_user("joe")
    running.add_listener()
    return running


def status_and_code(answer: Answer) -> tuple[int, str | None]:
    """Return the status and the error code of a v2 answer."""
    return answer.status, (answer.json() or {}).get("error", {}).get("code") if answer.status >= 400 else None


@pytest.mark.parametrize(
    ("operation", "method", "path", "body", "status"),
    [
        ("READ", "GET", EVENTS, None, 200),
        ("READ", "GET", ONE, None, 200),
        ("READ", "HEAD", ONE, None, 200),
        ("CREATE", "POST", EVENTS, NEW, 201),
        ("UPDATE", "PUT", ONE, {}, 200),
        ("DELETE", "DELETE", ONE, None, 200),
    ],
)
def test_each_method_needs_its_operation_and_no_other(
    service: RestService, operation: str, method: str, path: str, body: object, status: int
) -> None:
    """A missing permission is answered 401, as in Pulp 2."""
    others = {"CREATE", "READ", "UPDATE", "DELETE"} - {operation}
    service.grant("joe", "/v2/events/", *others)

    denied = service.request(method, path, body, login="joe")
    service.grant("joe", "/v2/events/", operation)
    allowed = service.request(method, path, body, login="joe")

    assert denied.status == 401
    if method != "HEAD":
        assert {"user": "joe", "operation": operation} == denied.json()["error"]["data"]
    assert status == allowed.status


def test_creating_a_listener_grants_nothing(service: RestService) -> None:
    """Its creator cannot read it (CONTRACT 1.7)."""
    service.grant("joe", "/v2/events/", "CREATE")

    created = service.request("POST", EVENTS, NEW, login="joe").json()

    assert service.request("GET", created["_href"], login="joe").status == 401


def test_a_grant_on_one_listener_covers_only_that_one(service: RestService) -> None:
    """The list and other listeners stay forbidden."""
    service.grant("joe", "/v2/events/5f0c1e2d3a4b5c6d7e8f9012/", "READ")

    assert service.request("GET", ONE, login="joe").status == 200
    assert service.request("GET", EVENTS, login="joe").status == 401
    assert service.request("GET", f"{EVENTS}{'0' * 24}/", login="joe").status == 401


@pytest.mark.parametrize("path", ["events/", "notifiers/", "deliveries/", "deliveries/1/"])
def test_the_v3_api_answers_403_without_the_permission(service: RestService, path: str) -> None:
    """Without credentials it answers 401 with a challenge."""
    method = "POST" if path == "events/" else "GET"

    assert service.request(method, OWN + path, login="joe").status == 403
    for headers in ({}, {"Authorization": basic("joe", "wrong")}):
        refused = service.request(method, OWN + path, None, headers, login=None)
        assert refused.status == 401
        assert refused.headers["www-authenticate"] == 'Basic realm="pulp-notifiers"'
        assert list(refused.json()) == ["detail"]


@pytest.mark.parametrize(
    ("method", "path", "grant"),
    [
        ("GET", "deliveries/", "deliveries/ READ"),
        ("GET", "deliveries/1/", "deliveries/ READ"),
        ("POST", "events/", "events/ CREATE"),
        ("PATCH", f"listeners/{'0' * 24}/", "listeners/ UPDATE"),
        ("DELETE", "sources/zoo/", "sources/ DELETE"),
    ],
)
def test_a_403_contains_the_command_with_which_the_request_is_permitted(
    service: RestService, method: str, path: str, grant: str
) -> None:
    """After Pulp 3's own sentence."""
    refused = service.request(method, OWN + path, {}, login="joe")
    service.grant("joe", *f"/v3/notifications/{grant}".split())

    assert refused.json() == {
        "detail": "You do not have permission to perform this action. "
        f"An administrator can allow it: pulp-notifiers user grant joe /v3/notifications/{grant}"
    }
    assert service.request(method, OWN + path, {}, login="joe").status != 403


def test_a_403_quotes_the_login_for_a_shell(service: RestService) -> None:
    """Whoever copies the command runs nothing else."""
    service.add_user("joe; reboot")

    refused = service.request("GET", f"{OWN}deliveries/", login="joe; reboot")

    assert "user grant 'joe; reboot' /v3/" in refused.json()["detail"]


def test_grants_on_the_v3_api_cover_the_path_and_everything_below(service: RestService) -> None:
    """They are checked as in v2."""
    service.grant("joe", "/v3/notifications/events/", "CREATE")
    fired = service.request("POST", f"{OWN}events/", {"event_type": "a.b", "payload": {}}, login="joe")

    service.grant("joe", "/v3/", "READ")
    listed = service.request("GET", f"{OWN}deliveries/", login="joe")

    assert (202, 200) == (fired.status, listed.status)


def test_a_changed_password_and_a_deleted_user_take_effect_at_once(service: RestService) -> None:
    """The old credentials are refused, although they were accepted just before."""
    service.grant("joe", "/", "READ")
    assert service.request("GET", EVENTS, login="joe").status == 200

    service.app.store.users.set_password("joe", hash_password("new"))
    assert status_and_code(service.request("GET", EVENTS, login="joe")) == (401, "PLP0030")

    service.app.accounts.delete("joe")
    answer = service.request("GET", EVENTS, None, {"Authorization": basic("joe", "new")}, login=None)
    assert status_and_code(answer) == (401, "PLP0030")


@pytest.mark.parametrize("login", ["ghost", "", "a\x00b", "x" * 5000, "jürgen", "a\nb"])
def test_an_unknown_login_is_answered_like_a_wrong_password(service: RestService, login: str) -> None:
    """Unusual characters in it change nothing."""
    answer = service.request("GET", EVENTS, None, {"Authorization": basic(login, "x")}, login=None)

    assert status_and_code(answer) == (401, "PLP0030")
    assert login == answer.json()["error"]["data"]["user"]


@pytest.mark.parametrize("header", ["Digest x", "Basic !!!", "Basic", "Bearer x", "Negotiate YII=", "OAuth x"])
def test_unusable_credentials_count_as_none(service: RestService, header: str) -> None:
    """Pulp 2 answered some of them with 500."""
    assert status_and_code(service.request("GET", EVENTS, None, {"Authorization": header}, login=None)) == (
        401,
        "PLP0025",
    )


def test_the_remote_user_of_a_trusted_proxy_needs_no_password(service: RestService) -> None:
    """The header has priority over all other credentials."""
    headers = {REMOTE_USER: "admin", "Authorization": basic("joe", "wrong"), SUBJECT: "CN=c1"}

    assert service.request("GET", EVENTS, None, headers, login=None).status == 200


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ({SUBJECT: "CN=admin:admin:52e0f1,O=PULP"}, (200, None)),
        ({SUBJECT: "CN=admin:joe:52e0f1"}, (401, "PLP0026")),
        ({SUBJECT: "CN=admin:ghost:52e0f1"}, (401, "PLP0027")),
        ({SUBJECT: "CN=admin:admin"}, (401, "PLP0027")),
        ({SUBJECT: "O=x"}, (401, "PLP0027")),
        ({SUBJECT: "CN=admin"}, (401, "PLP0026")),
        ({SUBJECT: "CN=admin:admin:1", "Authorization": basic("admin", "wrong")}, (401, "PLP0030")),
        ({SUBJECT: "CN=admin:admin:1", "Authorization": "Bearer x"}, (200, None)),
        ({"Pulp-User": "admin", "Authorization": "OAuth x"}, (401, "PLP0028")),
        ({"Authorization": "OAuth x"}, (401, "PLP0025")),
        ({"Pulp-User": "admin"}, (401, "PLP0025")),
    ],
)
def test_certificates_and_signatures_come_after_passwords(
    service: RestService, headers: dict[str, str], expected: tuple[int, str | None]
) -> None:
    """The order is Pulp 2's (CONTRACT 1.7)."""
    assert expected == status_and_code(service.request("GET", EVENTS, None, headers, login=None))


def signed(secret: str, login: str) -> dict[str, str]:
    """Return the headers of a signed GET of the listeners."""
    parameters = {
        "oauth_consumer_key": "katello",
        "oauth_nonce": "n",
        "oauth_signature_method": "HMAC-SHA1",
        "oauth_timestamp": str(int(time.time())),
    }
    oauth_signature = signature("GET", f"https://pulp.example.com{EVENTS}", parameters.items(), secret)
    header = ", ".join(
        f'{key}="{quote(value, safe="")}"' for key, value in {**parameters, "oauth_signature": oauth_signature}.items()
    )
    return {"Authorization": f"OAuth {header}", "Host": "pulp.example.com", "pulp-user": login}


@pytest.mark.parametrize(
    ("secret", "login", "expected"),
    [
        ("s3cret", "admin", (200, None)),
        ("s3cret", "joe", (401, "PLP0026")),
        ("s3cret", "ghost", (401, "PLP0028")),
        ("other", "admin", (401, "PLP0028")),
    ],
)
def test_a_request_signed_by_katello_acts_for_its_user(
    tmp_path: Path, secret: str, login: str, expected: tuple[int, str | None]
) -> None:
    """Key and secret are those of the section [oauth]."""
    own = {"state_directory": str(tmp_path), "bind": "127.0.0.1:0"}
    settings = Settings({"notifiers": own, "oauth": {"oauth_key": "katello", "oauth_secret": "s3cret"}})
    with App(settings) as app, RestServer(app) as server:
        service = RestService(app, server)
        service.clear()
        service.add_user("joe")

        assert expected == status_and_code(service.request("GET", EVENTS, None, signed(secret, login), login=None))


@pytest.mark.parametrize("headers", [{REMOTE_USER: "admin"}, {SUBJECT: "CN=admin:admin:1"}])
def test_user_headers_of_untrusted_clients_are_ignored(tmp_path: Path, headers: dict[str, str]) -> None:
    """A client cannot pretend to be the proxy."""
    with rest_service(
        tmp_path, remote_user_header=REMOTE_USER, client_subject_header=SUBJECT, trusted_proxies="192.0.2.1"
    ) as service:
        forwarded = {"X-Forwarded-For": "192.0.2.1", "Forwarded": "for=192.0.2.1", "X-Real-IP": "192.0.2.1"}

        answer = service.request("GET", EVENTS, None, {**headers, **forwarded}, login=None)

        assert status_and_code(answer) == (401, "PLP0025")


def statuses(service: RestService, headers: Sequence[dict[str, str]]) -> list[int]:
    """Send one request with each of these headers, all at the same time."""
    with ThreadPoolExecutor(len(headers)) as pool:
        requests = [pool.submit(service.request, "GET", EVENTS, None, each, login=None) for each in headers]
        return [future.result(timeout=60).status for future in requests]


def test_a_flood_of_wrong_passwords_does_not_delay_known_users(service: RestService) -> None:
    """Wrong passwords wait in a queue of their own; a remembered password passes it."""
    slow = User("slow", hash_password("slow"), super_user=True)
    service.app.store.users.add_user(slow)
    started = time.perf_counter()
    assert service.request("GET", EVENTS, login="slow").status == 200
    one_hash = time.perf_counter() - started
    flood = [{"Authorization": basic("slow", f"wrong{number}")} for number in range(12)]

    with ThreadPoolExecutor(1) as pool:
        attack = pool.submit(statuses, service, flood)
        passed = 0
        while not attack.done():
            assert service.request("GET", EVENTS, login="slow").status == 200
            passed += 1

    assert [401] * 12 == attack.result()
    # Two passwords are hashed at once, so the flood lasts six hashes; a request in the same queue would pass only once.
    assert passed >= 6, f"only {passed} in the time of six hashes of {one_hash:.3f} s"
