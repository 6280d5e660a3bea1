"""The options of a listener and the section [email]."""

import json
from pathlib import Path

import pytest
from pulp_notifier_email import EmailConfig, EmailNotifier, EmailSettings

from pulp_notifiers.errors import InvalidConfig, InvalidSetting
from pulp_notifiers.settings import Settings
from pulp_notifiers.testing.plugins import LoadedNotifier

VECTORS = Path(__file__).parents[3] / "tests" / "legacy" / "vectors"


@pytest.fixture
def loaded() -> LoadedNotifier:
    return LoadedNotifier("email", EmailNotifier)


@pytest.mark.parametrize(
    ("addresses", "targets"),
    [
        (["b@x.org", "a@x.org"], ("b@x.org", "a@x.org")),
        (["b@x.org", "a@x.org", "b@x.org", " a@x.org "], ("b@x.org", "a@x.org")),
        ("a@x.org", ("a@x.org",)),
        ("a@x.org, b@x.org,", ("a@x.org", "b@x.org")),
        (["good@x.y", "bad address", "good2@x.y"], ("good@x.y", "bad address", "good2@x.y")),
        ('"Doe, Jane" <jane@x.org>, b@x.org', ('"Doe, Jane" <jane@x.org>', "b@x.org")),
    ],
)
def test_each_address_is_a_target(loaded, addresses, targets):
    """The order is kept and repeats are dropped; a text is split at commas."""
    config = loaded.parse({"subject": "s", "addresses": addresses})

    assert targets == loaded.targets(config)


def test_the_ascii_form_of_an_address_that_is_too_long_is_not_sought(loaded):
    """It would take seconds for each; these soft hyphens would disappear in it."""
    config = loaded.parse({"subject": "s", "addresses": ["a@" + "\u00ad" * 300 + "b\u00fccher.example"]})

    assert "is longer than the 254 octets that mail servers accept" in loaded.problems(config)["addresses"]


@pytest.mark.parametrize(
    ("config", "problems"),
    [
        ({"addresses": ["a@x.org"]}, {"subject"}),
        ({"subject": "s"}, {"addresses"}),
        ({}, {"subject", "addresses"}),
        ({"subject": "s", "addresses": []}, {"addresses"}),
        ({"subject": "s", "addresses": ""}, {"addresses"}),
        ({"subject": "s", "addresses": None}, {"addresses"}),
        ({"subject": "s", "addresses": {"a@x.org": 1}}, {"addresses"}),
        ({"subject": "s", "addresses": ["a@x.org", 5]}, {"addresses.1"}),
        ({"subject": "s", "addresses": ["a@x.org", "b@x.org\0"]}, {"addresses"}),
        ({"subject": 5, "addresses": ["a@x.org"]}, {"subject"}),
        ({"subject": "x\nBcc: e@x.org", "addresses": ["a@x.org\r\nBcc: e@x.org"]}, {"subject", "addresses"}),
        ({"subject": "\ud800", "addresses": ["a@x.org"]}, {"subject"}),
        ({"subject": "x" * 10_001, "addresses": ["a@x.org"]}, {"subject"}),
    ],
)
def test_every_invalid_option_is_named(loaded, config, problems):
    """All problems are reported at once, as a permanent failure."""
    with pytest.raises(InvalidConfig) as caught:
        loaded.parse(config)

    assert problems == set(caught.value.problems)


@pytest.mark.parametrize(
    "address",
    [
        *("not an address", "", " ", "nobody", "@", "a@", "@example.com", "a@b@example.com", "a b@example.com"),
        *("a@exa mple.com", "a@example.com b@example.com", "a@-example.com", "a@example-.com", "a@example..com"),
        *("a@.example.com", "a@example.com.", "a@exam!ple.com", "a@192.0.2.1", "a@[192.0.2.256]", "a@[IPv6:x]"),
        *("a@[]", "a@" + "x" * 64 + ".com", "a@" + "x." * 121 + "example.com", "x" * 65 + "@example.com"),
        *("\u200ba@example.com", "Name", "Name <>", "Name <nobody>", "Name <a@b@c>", "mailto:a@example.com"),
    ],
)
def test_an_invalid_address_is_a_problem(loaded, address):
    """Pulp 2's API accepts it, and only its own mail fails."""
    problems = loaded.problems(loaded.parse({"subject": "s", "addresses": ["good@example.com", address, "b@x.org"]}))

    assert ["addresses"] == list(problems)
    assert problems["addresses"].isprintable()
    assert "good@" not in problems["addresses"]


@pytest.mark.parametrize(
    "address",
    [
        *("a@example.com", "root@localhost", "Ops Team <ops@example.com>", '"Doe, Jane" <jane@example.com>'),
        *('"a b"@example.com', "a+b=c@example.com", "o'hara@example.com", "a..b@example.com", "a@[192.0.2.1]"),
        *("a@[IPv6:2001:db8::1]", "info@bücher.example", "jürgen@example.com", "a@xn--bcher-kva.example"),
        *("a@mail_1.example.com", "A@EXAMPLE.COM", "x" * 64 + "@example.com"),
    ],
)
def test_an_address_that_can_exist_is_no_problem(loaded, address):
    """Whether it does is for the mail server to say."""
    assert {} == loaded.problems(loaded.parse({"subject": "s", "addresses": [address]}))


def test_the_first_of_many_problems_are_named(loaded):
    """The answer to a request has a limited size."""
    config = loaded.parse({"subject": "s", "addresses": [f"nobody {number}" for number in range(10_000)]})

    assert loaded.problems(config)["addresses"].endswith("'nobody 4' is not an e-mail address; and 9995 more")


def test_the_schema_says_that_addresses_is_a_list_of_text(loaded):
    """REST and CLI derive their options from it."""
    schema = loaded.schema()

    assert {"type": "string"} == schema["properties"]["addresses"]["items"]
    assert ["addresses"] == schema["required"]


def test_the_default_format_is_that_of_pulp_2():
    """Listeners of Pulp 2's API and of earlier releases have no such option; new ones of the own API get html."""
    assert "legacy" == EmailConfig.model_validate({"subject": "s", "addresses": "a@x.org"}).format
    assert {"format": "html"} == LoadedNotifier("email", EmailNotifier).initial_config
    assert "html" == EmailConfig.model_json_schema()["properties"]["format"]["default"]


@pytest.mark.parametrize("config", [{"format": "html"}, {"format": "text"}, {"format": "html", "subject": None}])
def test_only_the_format_of_pulp_2_requires_a_subject(loaded, config):
    """Otherwise the template makes it."""
    assert loaded.parse({**config, "addresses": "a@x.org"}).subject is None


@pytest.mark.parametrize(
    ("config", "problem"),
    [
        ({"format": "legacy"}, {"subject": "Field required"}),
        ({"subject": None}, {"subject": "Field required"}),
        ({"format": "pdf"}, {"format": "Input should be 'legacy', 'text' or 'html'"}),
        ({"format": "html", "thread": "day"}, {"thread": "Input should be 'repository' or 'none'"}),
    ],
)
def test_an_invalid_format_is_named(loaded, config, problem):
    """A subject is not asked for if it is unclear whether it is needed."""
    with pytest.raises(InvalidConfig) as caught:
        loaded.parse({**config, "addresses": "a@x.org"})

    assert problem == caught.value.problems


@pytest.mark.parametrize("wrong", [{"format": "pdf"}, {"thread": ""}, {"format": "a4", "thread": "7"}])
def test_options_that_pulp_2_did_not_know_stop_no_mail_of_its_listeners(loaded, wrong):
    """It ignored them; the product's own API refuses these texts."""
    config = loaded.parse({"subject": "s", "addresses": "a@x.org", **wrong})

    assert ("legacy", "repository") == (config.format, config.thread)
    assert wrong.keys() == loaded.problems(config).keys()


def test_no_option_is_secret(loaded):
    """The password is in the settings, not in a listener."""
    assert frozenset() == loaded.secret_options({"subject": "s", "addresses": ["a@x.org"]})


@pytest.mark.parametrize(
    "vector",
    [v for v in json.loads((VECTORS / "settings.json").read_text())["vectors"] if v.get("section") == "email"],
    ids=lambda vector: vector["id"],
)
def test_defaults_are_those_of_pulp_2(vector):
    """They are recorded in vectors/settings.json."""
    settings = Settings().section("email", EmailSettings).model_dump(by_alias=True, mode="json")

    assert vector["default"] == str(settings[vector["key"]]).lower()


def test_further_settings_default_to_what_pulp_2_did():
    """There is no TLS and no login, but always a time limit."""
    settings = Settings().section("email", EmailSettings)

    assert ("none", "", "", None, 15.0) == (
        settings.tls,
        settings.username,
        settings.password.get_secret_value(),
        settings.cacert,
        settings.timeout_seconds,
    )


@pytest.mark.parametrize(
    ("section", "problem"),
    [
        ({"enabled": "perhaps"}, "enabled = 'perhaps' is not allowed"),
        ({"port": "0"}, "port = '0' is not allowed"),
        ({"host": ""}, "host = '' is not allowed"),
        ({"host": "mail..example.com"}, "it is not a host name or address"),
        ({"host": "a b"}, "it is not a host name or address"),
        ({"host": "mail:25/x"}, "it is not a host name or address"),
        ({"host": "fe80::1%eth0"}, None),
        ({"from": "pulp"}, None),
        ({"from": "pulp\r\nBcc: e@x.org"}, "a mail header cannot carry"),
        ({"from": "not an address"}, "is not allowed: 'not an address' is not an e-mail address"),
        ({"tls": "ssl"}, "Input should be 'none', 'starttls' or 'tls'"),
        ({"username": "pulp"}, "username and password belong together"),
        ({"password": "hunter22"}, "username and password belong together"),
        ({"username": "u", "password": "p\0w"}, "cannot contain the character NUL"),
        ({"cacert": "/nonexistent/ca.pem"}, "cannot be read as PEM certificates (No such file or directory)"),
        ({"cacert": ""}, None),
        ({"timeout_seconds": "0"}, "timeout_seconds = '0' is not allowed"),
    ],
)  # fmt: skip
def test_an_invalid_setting_is_reported_in_one_sentence(section, problem):
    """It names file, section and key, and never shows the password."""
    if problem is None:
        Settings({"email": section}).section("email", EmailSettings)
        return

    with pytest.raises(InvalidSetting) as caught:
        Settings({"email": section}, Path("/etc/pulp/server.conf")).section("email", EmailSettings)

    assert "/etc/pulp/server.conf: [email]" in str(caught.value)
    assert problem in str(caught.value)
    assert "hunter22" not in str(caught.value)


def test_an_empty_cacert_means_the_systems_authorities():
    """None is allowed in Python, as empty text is in the file."""
    assert EmailSettings.model_validate({"cacert": None}).cacert is None


def test_a_file_without_a_certificate_is_refused_at_start(tmp_path):
    """It is not first noticed when a mail is sent."""
    (tmp_path / "ca.pem").write_text("nonsense")

    with pytest.raises(InvalidSetting, match="cannot be read as PEM certificates"):
        Settings({"email": {"cacert": str(tmp_path / "ca.pem")}}).section("email", EmailSettings)


def test_environment_variables_override_the_file():
    """This includes ``from``, which has another name in Python."""
    environ = {"PULP_NOTIFIERS_EMAIL_FROM": "ops@example.com", "PULP_NOTIFIERS_EMAIL_PORT": "2525"}

    settings = Settings({"email": {"from": "pulp@example.com"}}, environ=environ).section("email", EmailSettings)

    assert ("ops@example.com", 2525) == (settings.sender, settings.port)


def test_the_password_is_in_no_repr():
    """Neither settings nor notifier show it."""
    settings = Settings({"email": {"username": "u", "password": "hunter22"}}).section("email", EmailSettings)
    notifier = EmailNotifier()
    notifier.configure(settings)

    assert "hunter22" not in repr(settings) + str(settings) + repr(vars(notifier))


def test_a_listener_gets_a_remark_while_mail_is_switched_off(loaded):
    """Otherwise somebody would wait for mails in vain."""
    config = loaded.parse({"subject": "s", "addresses": ["a@x.org"]})

    [remark] = loaded.advice(config)
    assert (
        "E-mail is switched off ([email] enabled is false); this listener sends nothing until that is changed."
        == remark
    )


def test_a_listener_gets_no_remark_while_mail_is_switched_on(loaded):
    """Nothing is wrong with it."""
    loaded.notifier.configure(EmailSettings.model_validate({"enabled": "true"}))

    assert () == loaded.advice(loaded.parse({"subject": "s", "addresses": ["a@x.org"]}))


def test_a_listener_with_an_invalid_address_gets_a_remark(loaded):
    """It is accepted, because the other addresses get their mails."""
    loaded.notifier.configure(EmailSettings.model_validate({"enabled": "true"}))
    config = loaded.parse({"subject": "s", "addresses": ["a@x.org", "bad address"]})

    expected = ("One of the addresses gets no mail: 'bad address' is not an e-mail address; correct it.",)
    assert expected == loaded.advice(config)
