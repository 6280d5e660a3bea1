"""Which web servers are believed about users."""

import pytest

from pulp_notifiers.errors import InvalidSetting
from pulp_notifiers.rest.http.proxies import TrustedProxies
from tests.support.rest_requests import request

NAME = "X-Remote-User"


@pytest.mark.parametrize("client", ["127.0.0.1", "::ffff:127.0.0.1", "::1", "10.1.2.3"])
def test_the_header_of_a_trusted_proxy_is_believed(client: str) -> None:
    """An IPv4 address may arrive inside an IPv6 one."""
    proxies = TrustedProxies(["127.0.0.1", "::1", "10.0.0.0/8"])

    assert proxies.header(request(headers=[(NAME, "joe")], client=client), NAME) == "joe"


@pytest.mark.parametrize("client", ["192.0.2.1", "::2", "testclient", None])
def test_the_same_header_from_anybody_else_is_not(client: str | None) -> None:
    """Or everybody could be anybody."""
    proxies = TrustedProxies(["127.0.0.1", "::1", "10.0.0.0/8"])

    assert proxies.header(request(headers=[(NAME, "admin")], client=client), NAME) is None


def test_nobody_is_trusted_where_none_is_named() -> None:
    """An empty setting switches the headers off."""
    assert TrustedProxies([]).header(request(headers=[(NAME, "admin")]), NAME) is None


def test_no_header_is_believed_unless_the_setting_names_it() -> None:
    """The default is none."""
    proxies = TrustedProxies(["127.0.0.1"])

    assert proxies.header(request(headers=[(NAME, "admin"), ("", "admin")]), "") is None


@pytest.mark.parametrize("value", ["", " ", "(null)", "-"])
def test_what_apache_writes_for_nobody_is_nobody(value: str) -> None:
    """A variable that is not set still makes a header."""
    assert TrustedProxies(["127.0.0.1"]).header(request(headers=[(NAME, value)]), NAME) is None


def test_a_header_that_comes_twice_is_not_believed() -> None:
    """One of them may be the client's."""
    twice = request(headers=[(NAME, "admin"), (NAME, "joe")])

    assert TrustedProxies(["127.0.0.1"]).header(twice, NAME) is None


@pytest.mark.parametrize("sent", ["jürgen".encode().decode("latin-1"), "j\xfcrgen"])
def test_a_name_may_be_utf_8_or_latin_1(sent: str) -> None:
    """Web servers differ."""
    assert TrustedProxies(["127.0.0.1"]).header(request(headers=[(NAME, sent)]), NAME) == "jürgen"


@pytest.mark.parametrize("address", ["localhost", "10.0.0.0/33", "*"])
def test_a_wrong_address_is_refused_with_a_sentence(address: str) -> None:
    """At start, and not at the first request."""
    with pytest.raises(InvalidSetting, match="trusted_proxies: .* is neither an IP address nor a network"):
        TrustedProxies([address])
