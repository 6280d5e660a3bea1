"""Options are validated, and credentials are removed from what leaves the source."""

from pathlib import Path

import pytest
from pulp_source_pulp3 import Pulp3Config
from pulp_source_pulp3.reading import read_json
from pulp_source_pulp3.redact import redact, redacted
from pydantic import ValidationError

URL = "https://pulp.example"


@pytest.mark.parametrize(
    ("url", "origin", "root"),
    [
        ("https://pulp.example", "https://pulp.example", "/pulp/"),
        ("https://Pulp.example:8443/", "https://pulp.example:8443", "/pulp/"),
        ("http://[::1]:24817/content/pulp", "http://[::1]:24817", "/content/pulp/"),
    ],
)
def test_the_url_gives_origin_and_api_root(url, origin, root):
    """The path of the URL is Pulp's API_ROOT."""
    config = Pulp3Config(url=url)

    assert (origin, root) == (config.origin, config.api_root)


@pytest.mark.parametrize(
    ("public_url", "origin"),
    [
        (None, "http://10.0.0.7:24817"),
        ("", "http://10.0.0.7:24817"),
        ("https://Pulp.example/", "https://pulp.example"),
        ("https://pulp.example:8443", "https://pulp.example:8443"),
    ],
)
def test_links_begin_with_the_public_url(public_url, origin):
    """The source may use an address that people cannot open."""
    assert origin == Pulp3Config(url="http://10.0.0.7:24817", public_url=public_url).public_origin


@pytest.mark.parametrize(
    "url",
    [
        *("", "pulp.example", "ftp://pulp.example", "https://", "https://pulp.example:x", "https://pulp.example:99999"),
        *("https://user:hunter2@pulp.example", "https://pulp.example/?token=hunter2", "https://pulp.example/ hunter2"),
        "https://pulp.example/pulp/api/v3/",
    ],
)
def test_an_invalid_url_is_refused(url):
    """The message does not repeat it, because it may contain a password."""
    with pytest.raises(ValidationError) as refused:
        Pulp3Config(url=url)

    assert "hunter2" not in refused.value.errors(include_input=False)[0]["msg"]


@pytest.mark.parametrize(
    "options",
    [
        {"username": "u"},
        {"password": "p"},
        {"username": "u", "password": "p", "token": "t"},
        {"key": "/key.pem"},
        {"interval": 0},
        {"server": "https://user:hunter2@pulp.example"},
        {"public_url": "https://user:hunter2@pulp.example"},
        {"public_url": "https://pulp.example/pulp/"},
        {"public_url": "javascript:alert(1)"},
        {"domains": ""},
        {"domains": "default,../lab"},
        {"since": "9999-01-01T00:00:00Z"},
        {"colour": "x"},
    ],
)
def test_invalid_options_are_refused(options):
    """They are refused before anything runs."""
    with pytest.raises(ValidationError):
        Pulp3Config(url=URL, **options)


def test_lists_may_be_text():
    """The command line only has text."""
    config = Pulp3Config(url=URL, domains="zoo, aviary", tasks="*.sync,*.publish")

    assert (("zoo", "aviary"), ("*.sync", "*.publish")) == (config.domains, config.tasks)
    assert "all" == Pulp3Config(url=URL, domains="all").domains


def test_an_empty_time_is_none():
    """A script that fills in a template cannot leave the option out."""
    assert Pulp3Config(url=URL, since="").since is None


def test_secrets_are_not_shown():
    """Neither password nor token is in the text of a config."""
    shown = f"{Pulp3Config(url=URL, username='u', password='hunter2')} {Pulp3Config(url=URL, token='hunter3')}"

    assert "hunter" not in shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("at https://u:p@cdn.example/x", "at https://*****@cdn.example/x"),
        ("https://u:p@ss/w@cdn.example/x", "https://*****@ss/w@cdn.example/x"),
        ("'https://cdn.example/x?sig=abc&arch=noarch'", "'https://cdn.example/x?sig=*****&arch=noarch'"),
        ("https://cdn.example/x?abc", "https://cdn.example/x?*****"),
        ("https://cdn.example/x", "https://cdn.example/x"),
        ("password='abc' and token: xyz", "password='*****' and token: *****"),
        ("Authorization: Bearer abc.def", "Authorization: Bearer *****"),
        ("{'Authorization': 'Basic dTpw'}", "{'Authorization': 'Basic *****'}"),
        (r'said "{\"password\": \"abc\", \"a\": 1}"', r'said "{\"password\": \"*****", \"a\": 1}"'),
        ("/pulp/api/v3/content/?repository_version=/pulp/", "/pulp/api/v3/content/?repository_version=/pulp/"),
    ],
)
def test_texts_lose_their_credentials(text, shown):
    """Everything else in the text stays."""
    assert shown == redact(text)


@pytest.mark.parametrize(
    ("body", "read"),
    [
        (rb'{"a": "x\u0000y"}', {"a": "x\ufffdy"}),
        (rb'["\ud800", "\ud83d\ude00"]', ["\ufffd", "\U0001f600"]),
        (b"[NaN, -Infinity, 1e999, 0.5]", [None, None, None, 0.5]),
        (b"[9223372036854775807, 9223372036854775808]", [2**63 - 1, "9223372036854775808"]),
        (b"[" + b"9" * 5000 + b"]", ["9" * 5000]),
    ],
)
def test_values_that_no_database_can_store_are_replaced(body, read):
    """One such value must not block everything after it."""
    assert read == read_json(body)


def test_documents_lose_their_credentials_at_every_depth():
    """Other values stay as they are."""
    given = {"a": [{"b": "https://u:p@x/"}, 1, None, True]}

    assert {"a": [{"b": "https://*****@x/"}, 1, None, True]} == redacted(given)


def test_values_below_secret_keys_are_masked():
    """Remotes show the headers that they send; unset values and counts of deleted objects stay visible."""
    headers = [{"Authorization": "Basic dTpw"}, {"X-Api": "abc"}]
    given = {"headers": headers, "sles_auth_token": "abc", "password": None, "core.token": 1, "prn": "x"}
    masked = [{"Authorization": "*****"}, {"X-Api": "*****"}]

    assert {**given, "headers": masked, "sles_auth_token": "*****"} == redacted(given)


def test_every_option_is_documented():
    """The table in the README has all of them."""
    table = (Path(__file__).parents[1] / "README.rst").read_text(encoding="utf-8").partition("In patterns,")[0]

    assert [] == [name for name in Pulp3Config.model_fields if f"``{name}``" not in table]
