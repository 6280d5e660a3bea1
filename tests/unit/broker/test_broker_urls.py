"""The forms in which settings name messaging servers, as URLs of one spelling."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as some
from kombu.utils.url import parse_url

from pulp_notifiers.broker import Broker, broker_urls, display_url

# Characters by number, because a strategy of Hypothesis for all of Unicode first builds a table of categories, which
# takes 2 s, and 5 s while coverage is measured (29 s once, on a busy machine). Neither surrogates, which no UTF-8 file
# can hold, nor the NUL that AMQP's login puts between user and password.
CHARACTERS = some.sampled_from("/@:;?#[]%. ") | (
    some.integers(1, 0x7F) | some.integers(0x80, 0xD7FF) | some.integers(0xE000, 0x10FFFF)
).map(chr)


TEXT = some.lists(CHARACTERS, min_size=1, max_size=20).map("".join)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("tcp://localhost:5672", "amqp://localhost:5672//"),
        ("tcp://localhost", "amqp://localhost//"),
        ("localhost", "amqp://localhost//"),
        ("broker.example:5673", "amqp://broker.example:5673//"),
        ("10.0.0.7", "amqp://10.0.0.7//"),
        ("[::1]:5672", "amqp://[::1]:5672//"),
        ("tcp://[::1]", "amqp://[::1]//"),
        ("tcp://", "amqp://localhost//"),
        ("amqp://", "amqp://localhost//"),
        ("amqp://guest:guest@localhost:5672//", "amqp://guest:guest@localhost:5672//"),
        ("pyamqp://broker", "amqp://broker//"),
        ("AMQP://broker", "amqp://broker//"),
        ("ssl://broker.example:5671", "amqps://broker.example:5671//"),
        ("ssl://broker.example", "amqps://broker.example//"),
        ("amqps://broker.example/", "amqps://broker.example//"),
        ("tcp://pulp/s3cret@broker:5672", "amqp://pulp:s3cret@broker:5672//"),
        ("pulp/s3cret@broker", "amqp://pulp:s3cret@broker//"),
        ("tcp://pulp/100%@broker", "amqp://pulp:100%25@broker//"),
        ("tcp://pulp@broker", "amqp://pulp@broker//"),
        ("tcp://pulp:s3cret@broker:5672", "amqp://pulp:s3cret@broker:5672//"),
        ("tcp://pulp:s%2F3@broker", "amqp://pulp:s%2F3@broker//"),
        ("tcp://pulp:s/3@broker/v", "amqp://pulp:s%2F3@broker/v"),
        ("tcp://pulp:a@b@broker", "amqp://pulp:a%40b@broker//"),
        ("tcp://broker/pulp", "amqp://broker/pulp"),
        ("tcp://broker//pulp", "amqp://broker/%2Fpulp"),
        ("tcp://broker/%2Fpulp", "amqp://broker/%2Fpulp"),
        ("tcp://broker/%2F", "amqp://broker//"),
        ("ssl://pulp:s3cret@broker:5671/events", "amqps://pulp:s3cret@broker:5671/events"),
        ("qpid://localhost:5672/", "qpid://localhost:5672/"),
        ("QPID://localhost", "qpid://localhost/"),
        ("qpid://", "qpid://localhost/"),
        ("qpid+tcp://pulp/s3cret@broker:5673", "qpid://pulp:s3cret@broker:5673/"),
        ("qpids://broker//", "qpids://broker/"),
        ("qpid+ssl://broker", "qpids://broker/"),
        ("qpid+tls://[::1]:5671", "qpids://[::1]:5671/"),
        ("amqp10://broker/%2F", "amqp10://broker/"),
        ("amqp10://pulp:s/3@broker/vhost:a", "amqp10://pulp:s%2F3@broker/vhost%3Aa"),
        ("amqp10s://broker.example", "amqp10s://broker.example/"),
        ("memory://", "memory://"),
        ("redis://:s3cret@cache:6379/1", "redis://:s3cret@cache:6379/1"),
        ("sqla+sqlite:///queue.db", "sqla+sqlite:///queue.db"),
    ],
)
def test_each_form_becomes_a_url_of_one_spelling(text: str, expected: str) -> None:
    """Clear text, TLS, both ways to write user and password, vhosts, AMQP 1.0, and kombu's own schemes."""
    assert [expected] == broker_urls(text)


def test_servers_joined_by_semicolons_are_kept_in_order() -> None:
    """Blanks and empty parts between them are ignored."""
    assert ["amqp://a//", "amqps://b//", "memory://"] == broker_urls("tcp://a; ssl://b;;memory://;")


def test_an_empty_setting_names_no_server() -> None:
    """It disables messaging."""
    assert [] == broker_urls("") == broker_urls(" ")


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("qpid+other://localhost", "Qpid is reached over qpid:// or qpids://"),
        ("qpid://pulp:hidden@broker/?x=1", "options after ? or # are not supported"),
        ("amqp10://pulp:hidden@broker:0", "not a number"),
        ("gopher://localhost", "kombu has no transport gopher"),
        ("://localhost", "is not a scheme"),
        ("tcp://pulp:hidden@broker:port", "not a number"),
        ("tcp://pulp:hidden@broker:70000", "not a number"),
        ("tcp://pulp:hidden@broker:0", "not a number"),
        ("tcp://pulp:hidden@bro ker", "the host is not"),
        ("tcp://pulp:hidden@.broker", "the host is not"),
        ("tcp://pulp:hidden@" + "a" * 64, "the host is not"),
        ("tcp://pulp:hidden@[::1", "the host is not"),
        ("qpid://pulp:hidden@[:::]", "the host is not"),
        ("qpids://pulp:hidden@[127.0.0.1]:5671", "the host is not"),
        ("amqp10://pulp:hidden@[fe80::1%25eth0]", "the host is not"),
        ("amqps://pulp:hidden@broker//?ssl_cert_reqs=none", "options after ? or # are not supported"),
        ("amqp://pulp:hidden@broker/#x", "options after ? or # are not supported"),
        ("amqp://pulp:hidden@broker/" + "v" * 256, "longer than 255"),
        ("tcp://good;tcp://pulp:hidden@bad host", "the host is not"),
    ],
)
def test_an_unsupported_form_is_refused(text: str, sentence: str) -> None:
    """The sentence says what to write instead, and repeats no password."""
    with pytest.raises(ValueError, match=re.escape(sentence)) as raised:
        broker_urls(text)

    assert "hidden" not in str(raised.value)


@given(user=TEXT, password=TEXT, vhost=TEXT.filter(lambda name: name != "/"))
def test_kombu_reads_back_any_user_password_and_vhost(user: str, password: str, vhost: str) -> None:
    """Percent-encoding, as in every URL, covers every character."""
    encoded = [_encoded(part) for part in (user, password, vhost)]

    (url,) = broker_urls("tcp://{}:{}@broker:5672/{}".format(*encoded))

    read = parse_url(url)
    assert (user, password, "broker", 5672, vhost) == (
        read["userid"],
        read["password"],
        read["hostname"],
        read["port"],
        read["virtual_host"],
    )


def _encoded(text: str) -> str:
    return "".join(f"%{byte:02X}" for byte in text.encode())


@given(text=some.lists(CHARACTERS, max_size=40).map("".join))
def test_any_text_is_understood_or_refused_with_a_sentence(text: str) -> None:
    """URLs are understood to mean themselves."""
    try:
        urls = broker_urls(text)
    except ValueError:
        return

    assert urls == [again for url in urls for again in broker_urls(url)]


@pytest.mark.parametrize(
    ("url", "expected"),
    [
        ("amqp://pulp:hidden@broker:5672//", "amqp://broker:5672//"),
        ("pulp/hidden@broker:5672", "broker:5672"),
        ("tcp://pulp:hid/den@broker", "tcp://broker"),
        ("redis://:hidden@cache/1?password=hidden", "redis://cache/1"),
        ("amqp://a:hidden@one;amqp://b:hidden@two", "amqp://one;amqp://two"),
        ("memory://", "memory://"),
    ],
)
def test_a_url_is_shown_without_userinfo_and_query(url: str, expected: str) -> None:
    """A text for people never contains a password."""
    assert expected == display_url(url)


def test_the_repr_of_a_broker_contains_no_password() -> None:
    """A debugger prints it."""
    assert "hidden" not in repr(Broker(["amqp://pulp:hidden@broker//"]))
