"""Settings from file and environment."""

import os
from pathlib import Path

import pytest
from pydantic import BaseModel, ConfigDict, Field, SecretStr

from pulp_notifiers.errors import InvalidSetting
from pulp_notifiers.settings import NotifiersSettings, Settings


class Mail(BaseModel):
    model_config = ConfigDict(extra="ignore")
    enabled: bool = False
    port: int = Field(25, ge=1, le=65535)
    sender: str = Field("pulp@localhost", alias="from")
    password: SecretStr | None = None


def load(tmp_path: Path, text: str, **environ: str) -> Settings:
    file = tmp_path / "server.conf"
    file.write_text(text)
    return Settings.load({"PULP_NOTIFIERS_CONF": str(file), **environ})


def test_without_a_file_everything_has_its_default():
    """A first start needs no configuration."""
    assert Mail() == Settings({}).section("email", Mail)
    assert "127.0.0.1:24818" == Settings({}).own().bind


def test_a_section_is_read_with_its_owners_model(tmp_path):
    """Pulp's file has sections and keys that are not ours."""
    settings = load(tmp_path, "[database]\nname: x\n[email]\nenabled = yes\nfrom = me@x\nother = 1\n")

    assert Mail(enabled=True, **{"from": "me@x"}) == settings.section("email", Mail)


def test_the_environment_overrides_the_file(tmp_path):
    """That includes keys that the file lacks, and aliases."""
    settings = load(tmp_path, "[email]\nport = 1\n", PULP_NOTIFIERS_EMAIL_PORT="2", PULP_NOTIFIERS_EMAIL_FROM="env@x")

    assert (2, "env@x") == (settings.section("email", Mail).port, settings.section("email", Mail).sender)


def test_variables_of_own_settings_have_no_section_in_their_name(tmp_path):
    """An example is ``PULP_NOTIFIERS_DATABASE_URL``."""
    settings = load(tmp_path, "[notifiers]\nworker_threads = 3\n", PULP_NOTIFIERS_DATABASE_URL="sqlite:///x.db")

    assert 3 == settings.own().worker_threads
    assert "sqlite:///x.db" == settings.own().resolved_database_url()


def test_a_percent_sign_is_an_ordinary_character(tmp_path):
    """Passwords contain them."""
    password = load(tmp_path, "[email]\npassword = 50%s%%\n").section("email", Mail).password

    assert password is not None
    assert "50%s%%" == password.get_secret_value()


def test_an_empty_value_means_not_set_except_for_text(tmp_path):
    """An empty value is ``key =``."""
    settings = load(tmp_path, "[email]\nport =\nfrom =\n")

    assert (25, "") == (settings.section("email", Mail).port, settings.section("email", Mail).sender)


def test_a_wrong_value_is_one_sentence_with_file_section_key_and_what_is_allowed(tmp_path):
    """The sentence shows where the setting is."""
    settings = load(tmp_path, "[email]\nport = 99999\n")

    with pytest.raises(InvalidSetting) as caught:
        settings.section("email", Mail)

    assert (
        f"{tmp_path / 'server.conf'}: [email] port = '99999' is not allowed: "
        "Input should be less than or equal to 65535." == str(caught.value)
    )


def test_an_error_names_the_variable_with_the_wrong_value(tmp_path):
    """The value comes from the environment and not from the file."""
    settings = load(tmp_path, "", PULP_NOTIFIERS_EMAIL_ENABLED="maybe")

    with pytest.raises(InvalidSetting, match=r"PULP_NOTIFIERS_EMAIL_ENABLED \(\[email\] enabled\) = 'maybe'"):
        settings.section("email", Mail)


def test_a_wrong_secret_is_not_shown():
    """Logs are kept longer than passwords."""

    class Strict(BaseModel):
        password: SecretStr = Field(min_length=50)

    with pytest.raises(InvalidSetting) as caught:
        Settings({"x": {"password": "hunter2"}}).section("x", Strict)

    assert "hunter2" not in str(caught.value)


@pytest.mark.parametrize("key", ["url", "database_url", "api_token", "key_word"])
def test_a_wrong_value_that_may_contain_a_secret_is_not_shown(key):
    """That is a URL, an option whose name suggests it, and one whose type is derived from a secret one."""

    class Passphrase(SecretStr):
        pass

    class Strict(BaseModel):
        url: str = Field("", max_length=3)
        database_url: str = Field("", max_length=3)
        api_token: str = Field("", max_length=3)
        key_word: Passphrase = Field(Passphrase(""), max_length=3)

    with pytest.raises(InvalidSetting, match=rf"\[x\] {key} is not allowed: ") as caught:
        Settings({"x": {key: "amqp://joe:hunter2@x"}}).section("x", Strict)

    assert "hunter2" not in str(caught.value)


def test_an_unknown_key_in_our_section_is_refused():
    """Otherwise a typing error would be a setting without effect."""
    with pytest.raises(InvalidSetting, match=r"\[notifiers\] databse_url is not a setting; use one of: .*database_url"):
        Settings({"notifiers": {"databse_url": "x"}}).own()


def test_variables_that_no_section_has_are_reported(tmp_path):
    """They are probably typing errors."""
    settings = load(tmp_path, "", PULP_NOTIFIERS_BINDD="x", PULP_NOTIFIERS_BIND="127.0.0.1:1", OTHER="x")
    settings.own()

    assert ["PULP_NOTIFIERS_BINDD"] == settings.unknown_variables()


@pytest.mark.parametrize("content", [b"no section\n", b"\xff\xfe"])
def test_a_file_that_cannot_be_read_is_named(tmp_path, content):
    """The error has its path."""
    file = tmp_path / "server.conf"
    file.write_bytes(content)

    with pytest.raises(InvalidSetting, match=str(file)):
        Settings.load({"PULP_NOTIFIERS_CONF": str(file)})


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("password hunter2\n[email]\n", "line 1 is before the first"),
        ("[email]\npassword hunter2\nhost = x\npassword hunter2\n", r"begins with # in line 2, 4\.$"),
    ],
)
def test_a_line_that_is_not_a_setting_is_reported_by_its_number(tmp_path, text, words):
    """The line itself may contain a password."""
    with pytest.raises(InvalidSetting, match=words) as caught:
        load(tmp_path, text)

    assert "hunter2" not in str(caught.value)


def test_a_named_file_must_exist(tmp_path):
    """Only the default one may be missing."""
    with pytest.raises(InvalidSetting, match="cannot be read: No such file or directory. Correct PULP_NOTIFIERS_CONF"):
        Settings.load({"PULP_NOTIFIERS_CONF": str(tmp_path / "missing")})


def test_a_file_in_another_encoding_is_refused_with_the_place(tmp_path):
    """Its text may be a password, so it is not quoted."""
    file = tmp_path / "server.conf"
    file.write_bytes("[email]\npassword = h\u00fcnter\n".encode("latin-1"))

    with pytest.raises(InvalidSetting, match="byte 20 is not UTF-8. Save it in UTF-8") as caught:
        Settings.load({"PULP_NOTIFIERS_CONF": str(file)})

    assert "nter" not in str(caught.value)


def test_database_and_key_are_in_the_state_directory_by_default(tmp_path):
    """There is one folder to back up."""
    own = Settings({"notifiers": {"state_directory": str(tmp_path)}}).own()

    assert f"sqlite:///{tmp_path}/notifiers.db" == own.resolved_database_url()
    assert tmp_path / "secret.key" == own.resolved_key_file()


def test_lists_are_separated_by_commas():
    """Spaces around them are ignored."""
    own = Settings({"notifiers": {"trusted_proxies": "10.0.0.1, ::1 ,"}}).own()

    assert ("10.0.0.1", "::1") == own.trusted_proxies


def test_every_setting_is_described():
    """The configuration page is generated from the descriptions."""
    assert [] == [name for name, field in NotifiersSettings.model_fields.items() if not field.description]


def test_a_user_without_a_home_uses_the_state_directory_of_the_system(monkeypatch):
    """An example is a container that has only the number of a user."""
    for name in ("HOME", "XDG_STATE_HOME", "STATE_DIRECTORY"):
        monkeypatch.delenv(name, raising=False)
    for name in ("getuid", "geteuid"):
        monkeypatch.setattr(os, name, lambda: 1_234_567)  # of which the system knows nothing

    assert Path("/var/lib/pulp-notifiers") == Settings({}).own().state_directory


def test_a_file_may_begin_with_a_byte_order_mark(tmp_path):
    """Editors on Windows write one."""
    assert Mail(enabled=True) == load(tmp_path, "\ufeff[email]\nenabled = yes\n").section("email", Mail)
