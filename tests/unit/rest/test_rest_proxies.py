"""Headers of trusted proxies."""

import pytest

from pulp_notifiers.errors import InvalidSetting
from pulp_notifiers.rest.http.proxies import TrustedProxies
from tests.support.rest_requests import request

NAME = "X-Remote-User"


@pytest.mark.parametrize("client", ["127.0.0.1", "::ffff:127.0.0.1", "::1", "10.1.2.3"])
def test_a_header_from_a_trusted_proxy_is_used(client: str) -> None:
    """An IPv4 address may arrive inside an IPv6 address."""
    proxies = TrustedProxies(["127.0.0.1", "::1", "10.0.0.0/8"])

    assert proxies.header(request(headers=[(NAME, "joe")], client=client), NAME) == "joe"


@pytest.mark.parametrize("client", ["192.0.2.1", "::2", "testclient", None])
def test_a_header_from_any_other_client_is_ignored(client: str | None) -> None:
    """Otherwise every client could claim to be any user."""
    proxies = TrustedProxies(["127.0.0.1", "::1", "10.0.0.0/8"])

    assert proxies.header(request(headers=[(NAME, "admin")], client=client), NAME) is None


def test_an_empty_list_of_proxies_trusts_no_client() -> None:
    """The empty setting disables the headers."""
    assert TrustedProxies([]).header(request(headers=[(NAME, "admin")]), NAME) is None


def test_no_header_is_used_unless_a_setting_names_it() -> None:
    """By default none is named."""
    proxies = TrustedProxies(["127.0.0.1"])

    assert proxies.header(request(headers=[(NAME, "admin"), ("", "admin")]), "") is None


@pytest.mark.parametrize("value", ["", " ", "(null)", "-"])
def test_what_apache_writes_for_an_unset_variable_counts_as_no_value(value: str) -> None:
    """Apache sends a header for a variable that is not set."""
    assert TrustedProxies(["127.0.0.1"]).header(request(headers=[(NAME, value)]), NAME) is None


def test_a_repeated_header_is_ignored() -> None:
    """One of the two may be the client's."""
    twice = request(headers=[(NAME, "admin"), (NAME, "joe")])

    assert TrustedProxies(["127.0.0.1"]).header(twice, NAME) is None


@pytest.mark.parametrize("sent", ["jürgen".encode().decode("latin-1"), "j\xfcrgen"])
def test_a_name_may_be_utf_8_or_latin_1(sent: str) -> None:
    """Web servers send either encoding."""
    assert TrustedProxies(["127.0.0.1"]).header(request(headers=[(NAME, sent)]), NAME) == "jürgen"


@pytest.mark.parametrize("address", ["localhost", "10.0.0.0/33", "*"])
def test_an_invalid_proxy_address_is_an_invalid_setting(address: str) -> None:
    """It fails at start-up, not at the first request."""
    with pytest.raises(InvalidSetting, match="trusted_proxies: .* is neither an IP address nor a network"):
        TrustedProxies([address])


@pytest.mark.parametrize(
    ("client", "forwarded", "address"),
    [
        ("127.0.0.1", [], "127.0.0.1"),
        ("127.0.0.1", ["192.0.2.1"], "192.0.2.1"),
        ("127.0.0.1", ["198.51.100.9, 192.0.2.1, 10.0.0.7"], "192.0.2.1"),
        ("127.0.0.1", ["198.51.100.9", "192.0.2.1"], "192.0.2.1"),
        ("127.0.0.1", ["[2001:db8::1]"], "2001:db8::1"),
        ("127.0.0.1", ["198.51.100.9:50123, 192.0.2.1:50124, 10.0.0.7:80"], "192.0.2.1"),
        ("127.0.0.1", ["[2001:db8::1]:50123"], "2001:db8::1"),
        ("127.0.0.1", ["192.0.2.1, unknown"], "127.0.0.1"),
        ("192.0.2.5", ["198.51.100.9"], "192.0.2.5"),
    ],
)
def test_the_address_of_a_client_is_the_last_that_no_trusted_proxy_has(client, forwarded, address) -> None:
    """The client itself may write anything before it."""
    proxies = TrustedProxies(["127.0.0.1", "10.0.0.0/8"])
    headers = [("X-Forwarded-For", value) for value in forwarded]

    assert address == proxies.client_address(request(headers=headers, client=client))
