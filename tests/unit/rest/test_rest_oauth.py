"""Verification of OAuth 1 signatures without tokens."""

from urllib.parse import quote

import pytest
from pydantic import SecretStr
from starlette.requests import Request

from pulp_notifiers.rest.access.oauth import OAuth, OAuthSettings, is_oauth, signature
from tests.support.rest_requests import request

NOW = 1_700_000_000
OAUTH = OAuth(OAuthSettings(oauth_key="katello", oauth_secret=SecretStr("s3cr&t")), lambda: NOW)
PARAMETERS = {
    "oauth_consumer_key": "katello",
    "oauth_nonce": "n",
    "oauth_signature_method": "HMAC-SHA1",
    "oauth_timestamp": str(NOW),
    "oauth_version": "1.0",
}


def signed(
    url: str = "https://pulp.example.com/pulp/api/v2/events/",
    secret: str = "s3cr&t",
    host: str = "pulp.example.com",
    digest: str = "sha1",
    **changes: str,
) -> Request:
    """Return a request with a signature, by default a valid one."""
    parameters = {**PARAMETERS, **changes}
    oauth_signature = signature("GET", url, [*parameters.items(), ("limit", "a b")], secret, digest)
    header = ", ".join(
        f'{key}="{quote(value, safe="")}"' for key, value in {**parameters, "oauth_signature": oauth_signature}.items()
    )
    headers = [("Authorization", f'OAuth realm="x", {header}'), ("Host", host)]
    return request("GET", "/pulp/api/v2/events/", "limit=a+b", headers)


def test_the_example_of_rfc_5849_has_the_same_signature() -> None:
    """It is the first request of section 1.2."""
    parameters = [
        ("oauth_consumer_key", "dpf43f3p2l4k3l03"),
        ("oauth_signature_method", "HMAC-SHA1"),
        ("oauth_timestamp", "137131200"),
        ("oauth_nonce", "wIjqoS"),
        ("oauth_callback", "http://printer.example.com/ready"),
    ]

    found = signature("POST", "https://photos.example.net/initiate", parameters, "kd94hf93k423kf44")

    assert found == "74KNZJeDHnMBp0EMJ9ZHt/XKycU="


@pytest.mark.parametrize(
    "good",
    [
        signed(),
        signed(oauth_timestamp=str(NOW - 300)),
        signed(url="http://pulp.example.com/pulp/api/v2/events/"),
        signed(host="PULP.example.com:443"),
        signed(url="https://pulp.example.com:8443/pulp/api/v2/events/", host="pulp.example.com:8443"),
        signed(oauth_signature_method="HMAC-SHA256", digest="sha256"),
    ],
)
def test_a_signature_with_the_configured_key_and_secret_is_accepted(good: Request) -> None:
    """It is accepted behind a web server that terminates TLS too."""
    assert is_oauth(good)
    assert OAUTH.verify(good)


@pytest.mark.parametrize(
    "bad",
    [
        signed(secret="other"),
        signed(oauth_consumer_key="other"),
        signed(oauth_timestamp=str(NOW - 301)),
        signed(oauth_timestamp=str(NOW + 301)),
        signed(oauth_timestamp=""),
        signed(oauth_timestamp="soon"),
        signed(oauth_timestamp="9" * 5000),
        signed(host="other.example.com"),
        signed(url="https://pulp.example.com/pulp/api/v2/"),
        signed(oauth_signature_method="PLAINTEXT"),
        signed(oauth_signature_method="HMAC-SHA256"),
        request(headers=[("Authorization", "OAuth x")]),
        request(headers=[("Authorization", 'OAuth oauth_consumer_key="katello"')]),
    ],
)
def test_any_other_signature_is_refused(bad: Request) -> None:
    """The secret, key, time, method or address differs."""
    assert is_oauth(bad)
    assert not OAUTH.verify(bad)


@pytest.mark.parametrize("settings", [OAuthSettings(), OAuthSettings(oauth_key="katello")])
def test_without_key_and_secret_every_signature_is_refused(settings: OAuthSettings) -> None:
    """Everybody knows the empty secret."""
    assert not OAuth(settings, lambda: NOW).verify(signed(secret=""))


@pytest.mark.parametrize("header", ["Basic x", "", "OAuthX y"])
def test_other_authentication_schemes_are_not_oauth(header: str) -> None:
    """Requests with Basic credentials are not checked for a signature."""
    assert not is_oauth(request(headers=[("Authorization", header)]))
