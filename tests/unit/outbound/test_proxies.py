"""The proxy of the environment, and ``no_proxy`` as curl reads it; the answers were recorded with curl 7.88.1."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pulp_notifiers.outbound import bypasses_proxy, environment_proxy

HOST = "www.example.org"


@pytest.mark.parametrize(
    "no_proxy",
    [
        *("example.org", "www.example.org", "org", ".example.org", "example.org.", ".example.org.", "EXAMPLE.Org"),
        *("other,example.org", "other, example.org", "other ,example.org", "other example.org", "other\texample.org"),
        *(" example.org ", ",,example.org,,", ", ,example.org", "*", "*.x example.org", "x:80,example.org"),
    ],
)
def test_a_name_matches_itself_and_those_below_it(no_proxy):
    """Blanks separate like commas; dots at either end and case have no meaning."""
    for host in (HOST, "WWW.EXAMPLE.ORG", "www.example.org."):
        assert bypasses_proxy(host, no_proxy)


@pytest.mark.parametrize(
    "no_proxy",
    [
        *("", " ", ",", ".", "*,x", "* ", "x,*", "*.example.org", "ample.org", "example", "www", "xwww.example.org"),
        *("example.org:80", "example.org:", "http://example.org", "example.org/8", "..example.org", "example.org.."),
        *("other;example.org", "other\nexample.org", "example.org\r", "*example.org", "127.0.0.1", "0.0.0.0/0"),
    ],
)
def test_other_entries_match_no_name(no_proxy):
    """Entries with a port do not either, and an asterisk has a meaning only alone."""
    assert not bypasses_proxy(HOST, no_proxy)


def test_a_name_that_only_ends_with_an_entry_is_not_below_it():
    """Python's own reader of ``no_proxy`` thinks so in some versions."""
    assert not bypasses_proxy("badexample.org", "example.org")
    assert not bypasses_proxy("badexample.org", ".example.org")


@pytest.mark.parametrize(
    ("host", "no_proxy"),
    [
        *(("127.1.2.3", entry) for entry in ("127.1.2.3", "127.0.0.0/8", "127.1.0.0/16", "127.1.2.2/31")),
        *(("127.1.2.3", entry) for entry in ("127.1.2.3/32", "x, 127.0.0.0/8", "x 127.0.0.0/8", "127.0.0.0/08")),
        ("127.1", "127.0.0.1"),
        ("2130706433", "127.0.0.0/8"),
        *(("[::1]", entry) for entry in ("::1", "0:0:0:0:0:0:0:1", "::1/128", "::/64", "x,::1")),
        *(("fd00::5", entry) for entry in ("fd00::5", "FD00::5", "fd00::/8")),
        ("fe80::1%eth0", "fe80::/10"),
    ],
)
def test_an_address_matches_itself_and_its_network(host, no_proxy):
    """IPv6 too, as curl documents it."""
    assert bypasses_proxy(host, no_proxy)


@pytest.mark.parametrize(
    ("host", "no_proxy"),
    [
        *(("127.1.2.3", entry) for entry in ("127", "127.", "127.1.2", "1.2.3", ".1.2.3", "127.*", "127.1.2.3:80")),
        *(("127.1.2.3", entry) for entry in ("127.0.0.0/33", "127.0.0.0/-1", "127.0.0.0/", "0.0.0.0/0", "127.1.2.3.")),
        *(("127.1.2.3", entry) for entry in ("127.1.2.0/31", "127.001.002.003", "0x7f.1.2.3", "::ffff:127.1.2.3")),
        *(("[::1]", entry) for entry in ("[::1]", "[::1]/128", "::/129", "fd00::/8", "127.0.0.1", "::2")),
    ],
)
def test_other_entries_match_no_address(host, no_proxy):
    """A network needs at least one bit."""
    assert not bypasses_proxy(host, no_proxy)


@given(st.text(), st.text())
def test_any_text_is_read(host, no_proxy):
    """The environment may hold anything."""
    assert bypasses_proxy(host, no_proxy) in (True, False)


@pytest.mark.parametrize(
    ("environ", "proxy"),
    [
        ({}, None),
        ({"http_proxy": "http://a"}, "http://a"),
        ({"HTTP_PROXY": "http://a"}, "http://a"),
        ({"HTTP_PROXY": "http://a", "REQUEST_METHOD": "GET"}, None),
        ({"http_proxy": "http://a", "HTTP_PROXY": "http://b", "all_proxy": "http://c"}, "http://a"),
        ({"http_proxy": "", "HTTP_PROXY": "http://b"}, None),
        ({"https_proxy": "http://a"}, None),
        ({"https_proxy": "http://a", "ALL_PROXY": "http://c"}, "http://c"),
        ({"http_proxy": "http://a", "no_proxy": "other example.org"}, None),
        ({"http_proxy": "http://a", "NO_PROXY": "example.org."}, None),
        ({"http_proxy": "http://a", "no_proxy": "", "NO_PROXY": "example.org"}, None),
        ({"http_proxy": "http://a", "no_proxy": "other", "NO_PROXY": "example.org"}, "http://a"),
        ({"http_proxy": "http://a", "no_proxy": "www.example.org:8080"}, "http://a"),
    ],
)
def test_the_proxy_depends_on_the_scheme_and_on_the_host(environ, proxy):
    """Names in lower case come first."""
    assert proxy == environment_proxy("http://u:p@www.example.org:8080/hook?a#b", environ)
