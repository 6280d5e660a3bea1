"""The server and user of the settings are read without the models that check settings, with the same result."""

import pytest

from pulp_notifiers.cli.client_settings import ClientSettings
from pulp_notifiers.cli.stored_connection import StoredConnection, stored_connection
from pulp_notifiers.errors import InvalidSetting
from pulp_notifiers.settings import Settings

ANYTHING = ["x", " ", "0", "a:b", "ü", "\udcff", "\n", "%s"]


@pytest.fixture
def environ(tmp_path):
    """An environment with an empty configuration file."""
    file = tmp_path / "server.conf"
    file.touch()
    return {"PULP_NOTIFIERS_CONF": str(file)}


def test_the_keys_of_the_section_are_those_of_its_model():
    """Otherwise a key of the model would have no effect."""
    assert tuple(ClientSettings.model_fields) == StoredConnection._fields


@pytest.mark.parametrize("key", ["username", "password", "ca_path"])
@pytest.mark.parametrize("text", ["", *ANYTHING])
def test_a_text_is_stored_as_the_model_reads_it(environ, key, text):
    """A password may have any characters."""
    environ[f"PULP_NOTIFIERS_CLIENT_{key.upper()}"] = text
    read = Settings.load(environ).section("client", ClientSettings).model_dump()[key]

    assert getattr(read, "get_secret_value", lambda: read)() == getattr(stored_connection(environ), key)


@pytest.mark.parametrize(
    ("variable", "text"),
    [
        ("PULP_NOTIFIERS_BIND", ""),
        ("PULP_NOTIFIERS_BIND", "24818"),
        ("PULP_NOTIFIERS_BIND", "host:123456"),
        ("PULP_NOTIFIERS_WORKER_THREADS", "many"),
        ("PULP_NOTIFIERS_CLIENT_URL", "nowhere"),
        ("PULP_NOTIFIERS_CLIENT_FORMAT", "xml"),
    ],
)
def test_a_wrong_setting_is_refused_in_the_words_of_its_model(environ, variable, text):
    """Whatever the command needs of the section."""
    environ[variable] = text
    settings = Settings.load(environ)
    with pytest.raises(InvalidSetting) as expected:
        settings.section("client", ClientSettings), settings.own()

    with pytest.raises(InvalidSetting) as caught:
        stored_connection(environ)

    assert str(expected.value) == str(caught.value)


@pytest.mark.parametrize(
    ("variable", "text"),
    [
        ("PULP_NOTIFIERS_BIND", "some host:1"),
        ("PULP_NOTIFIERS_WORKER_THREADS", "4"),
    ],
)
def test_a_setting_that_needs_a_check_and_passes_changes_nothing(environ, variable, text):
    """Only the time that the check takes."""
    environ[variable] = text
    bind = environ.get("PULP_NOTIFIERS_BIND", "127.0.0.1:24818")

    assert StoredConnection(f"http://{bind}") == stored_connection(environ)


def test_the_section_of_the_service_is_not_checked_if_the_url_is_set(environ):
    """A client of another machine has none."""
    environ |= {"PULP_NOTIFIERS_CLIENT_URL": "http://x", "PULP_NOTIFIERS_WORKER_THREADS": "many"}

    assert StoredConnection("http://x") == stored_connection(environ)
