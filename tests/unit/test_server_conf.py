"""The settings as texts, and which of them need no check."""

from pathlib import Path

import pytest

from pulp_notifiers.server_conf import DEFAULT_BIND, OWN_KEYS, ServerConf, settings_file
from pulp_notifiers.settings import NotifiersSettings, Settings
from pulp_notifiers.wiring import database_settings

PATHS = ["database_url", "key_file", "state_directory", "tls_certificate", "tls_key"]
TEXTS = ["x", " ", "0", "a:b", "/some/where", "ü", "\udcff", "\n", "%s"]
DATABASES = [
    {},
    {"state_directory": "/a"},
    {"state_directory": "/a", "key_file": "/b/key"},
    {"state_directory": "", "database_url": "", "key_file": ""},
    {"database_url": "postgresql+psycopg://u:p@h/d", "key_file": "relative"},
    {"worker_threads": "4", "state_directory": "/a"},
]


def test_the_keys_of_the_own_section_are_those_of_its_model():
    """Otherwise the variable of a key that is missing here would have no effect."""
    assert sorted(NotifiersSettings.model_fields) == sorted(OWN_KEYS)


@pytest.mark.parametrize("key", PATHS)
@pytest.mark.parametrize("text", TEXTS)
def test_a_path_or_url_needs_no_check(key, text):
    """Its model accepts every text, and does not change it."""
    read = getattr(Settings({"notifiers": {key: text}}).own(), key)

    assert text == str(getattr(read, "get_secret_value", lambda: read)())
    assert {key: text} == ServerConf({"notifiers": {key: text}}).plain_own_texts()


@pytest.mark.parametrize("key", PATHS)
def test_an_empty_path_is_not_set(key):
    """As for the model, which uses the default then."""
    assert {} == ServerConf({"notifiers": {key: ""}}).plain_own_texts()
    assert Settings({}).own() == Settings({"notifiers": {key: ""}}).own()


@pytest.mark.parametrize("bind", [DEFAULT_BIND, "[::]:1", "localhost:0", "host:99999"])
def test_an_ordinary_address_needs_no_check(bind):
    """The model accepts it."""
    assert {"bind": bind} == ServerConf({"notifiers": {"bind": bind}}).plain_own_texts()
    assert bind == Settings({"notifiers": {"bind": bind}}).own().bind


@pytest.mark.parametrize(
    ("key", "text"),
    [
        *((key, text) for key in OWN_KEYS if key not in [*PATHS, "bind"] for text in ("", "1")),
        *(("bind", text) for text in ("", "24818", "a:123456", "a b:1", "a:\u0661")),
        ("databse_url", "x"),
    ],
)
def test_any_other_setting_needs_its_model(key, text):
    """In the file or in the environment; whether the model accepts it or not."""
    assert ServerConf({"notifiers": {key: text}}).plain_own_texts() is None
    variable = f"PULP_NOTIFIERS_{key.upper()}"
    assert (key not in OWN_KEYS) == (ServerConf(environ={variable: text}).plain_own_texts() is not None)


@pytest.mark.parametrize("section", DATABASES, ids=str)
def test_database_and_key_are_those_of_the_model(section, tmp_path, monkeypatch):
    """Whether a check of the settings is needed or not."""
    file = tmp_path / "server.conf"
    file.write_text("\n".join(["[notifiers]", *(f"{key} = {text}" for key, text in section.items())]))
    monkeypatch.setenv("PULP_NOTIFIERS_CONF", str(file))

    found, own = database_settings(), Settings.load().own()

    assert own.resolved_database_url() == found.resolved_database_url()
    assert own.resolved_key_file() == found.resolved_key_file()
    assert isinstance(found.resolved_key_file(), Path)


def test_the_first_default_file_that_exists_is_read(tmp_path):
    """The product's own; else that of Pulp 2, which has the same sections; else the name of the own one is shown."""
    own, pulp = tmp_path / "own.conf", tmp_path / "pulp" / "server.conf"
    assert own == settings_file({}, (own, pulp))

    pulp.parent.mkdir()
    pulp.write_text("")
    assert pulp == settings_file({}, (own, pulp))

    own.write_text("")
    assert own == settings_file({}, (own, pulp))
    assert pulp == settings_file({"PULP_NOTIFIERS_CONF": str(pulp)}, (own, pulp))
