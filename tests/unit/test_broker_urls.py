"""Where messaging servers are: the forms of Pulp's settings as kombu's URLs, and the section itself."""

import json
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as some
from kombu.utils.url import parse_url

from pulp_notifiers.broker import Broker, MessagingSettings, broker_urls, display_url
from pulp_notifiers.errors import InvalidSetting
from pulp_notifiers.settings import Settings

VECTORS = json.loads((Path(__file__).parents[1] / "legacy" / "vectors" / "settings.json").read_text())["vectors"]
DEFAULTS = {vector["key"]: vector for vector in VECTORS if vector.get("section") == "messaging"}

# Neither surrogates, which no UTF-8 file can hold, nor the NUL that AMQP's login uses between user and password.
TEXT = some.text(some.characters(exclude_categories=["Cs"], exclude_characters="\0"), min_size=1, max_size=20)


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
        ("memory://", "memory://"),
        ("redis://:s3cret@cache:6379/1", "redis://:s3cret@cache:6379/1"),
        ("sqla+sqlite:///queue.db", "sqla+sqlite:///queue.db"),
    ],
)
def test_each_form_becomes_a_url_of_kombu(text: str, expected: str) -> None:
    """Clear text, TLS, both ways to write user and password, vhosts, and kombu's own schemes."""
    assert [expected] == broker_urls(text)


def test_servers_joined_by_semicolons_are_kept_in_order() -> None:
    """Blanks and empty parts between them mean nothing."""
    assert ["amqp://a//", "amqps://b//", "memory://"] == broker_urls("tcp://a; ssl://b;;memory://;")


def test_no_text_names_no_server() -> None:
    """An empty setting switches messaging off."""
    assert [] == broker_urls("") == broker_urls(" ")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("qpid://localhost:5672/", "kombu's qpid:// transport cannot publish on Python 3; use AMQP 0-9-1"),
        ("qpid+tcp://localhost", "kombu's qpid:// transport cannot publish"),
        ("gopher://localhost", "kombu has no transport gopher"),
        ("://localhost", "is not a scheme"),
        ("tcp://pulp:hidden@broker:port", "not a number"),
        ("tcp://pulp:hidden@broker:70000", "not a number"),
        ("tcp://pulp:hidden@broker:0", "not a number"),
        ("tcp://pulp:hidden@bro ker", "the host is not"),
        ("tcp://pulp:hidden@.broker", "the host is not"),
        ("tcp://pulp:hidden@" + "a" * 64, "the host is not"),
        ("tcp://pulp:hidden@[::1", "the host is not"),
        ("amqps://pulp:hidden@broker//?ssl_cert_reqs=none", "options after ? or # are not supported"),
        ("amqp://pulp:hidden@broker/#x", "options after ? or # are not supported"),
        ("amqp://pulp:hidden@broker/" + "v" * 256, "longer than 255"),
        ("tcp://good;tcp://pulp:hidden@bad host", "the host is not"),
    ],
)
def test_a_server_that_cannot_be_reached_that_way_is_refused(text: str, told: str) -> None:
    """The sentence says what to write in its place, and repeats no password."""
    with pytest.raises(ValueError, match=re.escape(told)) as raised:
        broker_urls(text)

    assert "hidden" not in str(raised.value)


@given(user=TEXT, password=TEXT, vhost=TEXT.filter(lambda name: name != "/"))
def test_whatever_userinfo_and_vhost_are_kombu_reads_them_back(user: str, password: str, vhost: str) -> None:
    """Percent-encoding, as in every URL, reaches every character."""
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


@given(text=some.text(max_size=40))
def test_no_text_fails_in_another_way_than_with_a_sentence(text: str) -> None:
    """Whatever stands in the setting, it is understood or refused."""
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
    """Texts that people read never hold a password."""
    assert expected == display_url(url)


def test_a_broker_shows_no_password() -> None:
    """Not even where a debugger prints it."""
    assert "hidden" not in repr(Broker(["amqp://pulp:hidden@broker//"]))


@pytest.mark.parametrize("key", sorted(DEFAULTS))
def test_the_defaults_are_those_of_pulp_2(key: str) -> None:
    """Every setting of Pulp 2's section is there, with its default."""
    expected = MessagingSettings.model_validate({key: DEFAULTS[key]["default"]})

    assert getattr(expected, key) == getattr(MessagingSettings(), key)


def test_the_section_has_no_setting_that_pulp_2_did_not_have() -> None:
    """An administrator's file of Pulp 2 says everything there is to say."""
    assert set(DEFAULTS) == set(MessagingSettings.model_fields)


@pytest.mark.parametrize("written", ["'amq.topic'", '"amq.topic"', "amq.topic", " 'amq.topic' ", "", "''"])
def test_quotes_around_the_topic_exchange_are_no_part_of_its_name(written: str) -> None:
    """Pulp 2's sample file shows them; an empty name means the default."""
    assert "amq.topic" == MessagingSettings(topic_exchange=written).topic_exchange


@pytest.mark.parametrize("written", ["'amq.topic", 'amq.topic"', "'amq.topic\"", "a'b"])
def test_other_quotes_are_part_of_the_name(written: str) -> None:
    """Only one matching pair is taken away."""
    assert written == MessagingSettings(topic_exchange=written).topic_exchange


def test_only_one_pair_of_quotes_is_taken_away() -> None:
    """What is within is the name."""
    assert "'x'" == MessagingSettings(topic_exchange="\"'x'\"").topic_exchange


def test_a_topic_exchange_that_amqp_cannot_carry_is_told() -> None:
    """Its short strings have 255 bytes."""
    assert "é" * 127 == _messaging(topic_exchange="é" * 127).topic_exchange
    with pytest.raises(InvalidSetting, match=r"server.conf: \[messaging\] topic_exchange = .* at most 255 bytes"):
        _messaging(topic_exchange="é" * 128)


def _messaging(**values: str) -> MessagingSettings:
    return Settings({"messaging": values}, Path("server.conf")).section("messaging", MessagingSettings)


def test_a_wrong_url_is_one_sentence_that_names_file_section_and_key() -> None:
    """And never the password in it."""
    with pytest.raises(InvalidSetting) as raised:
        _messaging(url="tcp://pulp:hidden@broker:port")

    assert str(raised.value).startswith("server.conf: [messaging] url is not allowed: the port is not a number")
    assert "hidden" not in str(raised.value)


def test_a_url_for_qpid_is_refused_where_it_is_used() -> None:
    """The default of the task-status stream stays what it was, because that is off."""
    with pytest.raises(InvalidSetting, match="use AMQP 0-9-1"):
        _messaging(url="qpid://localhost:5672")

    assert "qpid://localhost:5672/" == _messaging(url="tcp://x").event_notification_url.get_secret_value()


@pytest.mark.parametrize("key", ["cacert", "clientcert"])
def test_a_named_certificate_file_that_is_missing_is_told(key: str, tmp_path: Path) -> None:
    """The sentence names the key and the file."""
    missing = str(tmp_path / "missing.pem")

    with pytest.raises(InvalidSetting) as raised:
        _messaging(url="ssl://broker", **{key: missing})

    assert f"server.conf: [messaging] {key} = '{missing}' is not allowed: the file cannot be read (No such file" in str(
        raised.value
    )


def test_a_missing_certificate_file_does_not_matter_without_tls(tmp_path: Path) -> None:
    """Nobody reads it."""
    assert ["amqp://broker//"] == _messaging(url="tcp://broker", cacert=str(tmp_path / "missing")).broker().urls


def test_certificate_files_of_pulp_2s_defaults_are_optional() -> None:
    """Few machines have them; the system's authorities then decide."""
    broker = _messaging(url="ssl://broker").broker()

    assert (["amqps://broker//"], None, None) == (broker.urls, broker.cacert, broker.clientcert)


def test_named_certificate_files_are_used(tmp_path: Path) -> None:
    """An empty value means none."""
    authority = tmp_path / "ca.pem"
    authority.write_text("")

    broker = _messaging(url="ssl://broker", cacert=str(authority), clientcert="").broker()

    assert (str(authority), None) == (broker.cacert, broker.clientcert)


def test_settings_show_no_password() -> None:
    """Not even where a debugger prints them."""
    settings = _messaging(url="tcp://pulp:hidden@broker", event_notification_url="amqp://pulp:hidden@broker")

    assert "hidden" not in repr(settings)
