"""The section [messaging] has Pulp 2's settings and defaults, and says what is wrong in one sentence."""

import json
from pathlib import Path

import pytest

from pulp_notifiers.broker import MessagingSettings
from pulp_notifiers.errors import InvalidSetting
from pulp_notifiers.settings import Settings

VECTORS = json.loads((Path(__file__).parents[2] / "legacy" / "vectors" / "settings.json").read_text())["vectors"]
DEFAULTS = {vector["key"]: vector for vector in VECTORS if vector.get("section") == "messaging"}


def _messaging(**values: str) -> MessagingSettings:
    return Settings({"messaging": values}, Path("server.conf")).section("messaging", MessagingSettings)


@pytest.mark.parametrize("key", sorted(DEFAULTS))
def test_the_defaults_are_those_of_pulp_2(key: str) -> None:
    """Every setting of Pulp 2's section exists, with its default."""
    expected = MessagingSettings.model_validate({key: DEFAULTS[key]["default"]})

    assert getattr(expected, key) == getattr(MessagingSettings(), key)


def test_the_section_has_few_settings_that_pulp_2_did_not_have() -> None:
    """A file of Pulp 2 can be used as it is."""
    own = {"amqp10_address", "event_notifications_last_states"}
    assert own == set(MessagingSettings.model_fields) - set(DEFAULTS)


@pytest.mark.parametrize("written", ["'amq.topic'", '"amq.topic"', "amq.topic", " 'amq.topic' ", "", "''"])
def test_quotes_around_the_topic_exchange_are_no_part_of_its_name(written: str) -> None:
    """Pulp 2's sample file has them; an empty name means the default."""
    assert "amq.topic" == MessagingSettings(topic_exchange=written).topic_exchange


@pytest.mark.parametrize("written", ["'amq.topic", 'amq.topic"', "'amq.topic\"", "a'b"])
def test_other_quotes_are_part_of_the_name(written: str) -> None:
    """Only one matching pair is removed."""
    assert written == MessagingSettings(topic_exchange=written).topic_exchange


def test_only_one_pair_of_quotes_is_removed() -> None:
    """The name is everything within."""
    assert "'x'" == MessagingSettings(topic_exchange="\"'x'\"").topic_exchange


def test_a_topic_exchange_too_long_for_amqp_is_refused() -> None:
    """Its short strings have at most 255 bytes."""
    assert "é" * 127 == _messaging(topic_exchange="é" * 127).topic_exchange
    with pytest.raises(InvalidSetting, match=r"server.conf: \[messaging\] topic_exchange = .* at most 255 bytes"):
        _messaging(topic_exchange="é" * 128)


def test_a_wrong_url_is_one_sentence_that_names_file_section_and_key() -> None:
    """It never contains the password."""
    with pytest.raises(InvalidSetting) as raised:
        _messaging(url="tcp://pulp:hidden@broker:port")

    assert str(raised.value).startswith("server.conf: [messaging] url is not allowed: the port is not a number")
    assert "hidden" not in str(raised.value)


def test_qpid_is_reached_over_amqp_1_0() -> None:
    """Pulp 2's default of the task-status stream means that too."""
    messaging = _messaging(url="qpid+ssl://joe:s3cret@broker", amqp10_address="topic://{exchange}")

    assert (["qpids://joe:s3cret@broker/"], "topic://{exchange}") == (
        messaging.broker().urls,
        messaging.broker().amqp10_address,
    )
    assert ["qpid://localhost:5672/"] == messaging.status_broker().urls


def test_a_form_of_addresses_that_does_not_contain_the_exchange_is_refused() -> None:
    """All exchanges would be one."""
    with pytest.raises(InvalidSetting, match=r"\[messaging\] amqp10_address = .*write {exchange} where the name"):
        _messaging(amqp10_address="topic://events")


@pytest.mark.parametrize("key", ["cacert", "clientcert"])
def test_a_missing_certificate_file_is_refused(key: str, tmp_path: Path) -> None:
    """The sentence names the key and the file."""
    missing = str(tmp_path / "missing.pem")

    with pytest.raises(InvalidSetting) as raised:
        _messaging(url="ssl://broker", **{key: missing})

    assert f"server.conf: [messaging] {key} = '{missing}' is not allowed: the file cannot be read (No such file" in str(
        raised.value
    )


def test_a_missing_certificate_file_does_not_matter_without_tls(tmp_path: Path) -> None:
    """It is not read."""
    assert ["amqp://broker//"] == _messaging(url="tcp://broker", cacert=str(tmp_path / "missing")).broker().urls


def test_the_default_certificate_files_are_optional() -> None:
    """Few machines have them; the system's authorities decide then."""
    broker = _messaging(url="ssl://broker").broker()

    assert (["amqps://broker//"], None, None) == (broker.urls, broker.cacert, broker.clientcert)


def test_named_certificate_files_are_used(tmp_path: Path) -> None:
    """An empty value means none."""
    authority = tmp_path / "ca.pem"
    authority.write_text("")

    broker = _messaging(url="ssl://broker", cacert=str(authority), clientcert="").broker()

    assert (str(authority), None) == (broker.cacert, broker.clientcert)


def test_the_repr_of_the_settings_contains_no_password() -> None:
    """A debugger prints it."""
    settings = _messaging(url="tcp://pulp:hidden@broker", event_notification_url="amqp://pulp:hidden@broker")

    assert "hidden" not in repr(settings)
