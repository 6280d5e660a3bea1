"""Parsing of Basic credentials and certificate subjects."""

from base64 import b64encode

import pytest

from pulp_notifiers.rest.access.credentials import Certificate, basic, certificate

ADMIN = b64encode(b"admin:ad:min").decode()


@pytest.mark.parametrize(
    "header",
    [f"Basic {ADMIN}", f"basic {ADMIN}", f"BASIC   {ADMIN} ", f"Basic {ADMIN}, Basic", f"Basic {ADMIN},basic "],
)
def test_basic_credentials_are_parsed_as_in_pulp_2(header: str) -> None:
    """The first colon splits, the scheme is case-insensitive, and a suffix that Apache adds is removed."""
    assert basic(header) == ("admin", "ad:min")


@pytest.mark.parametrize(
    ("decoded", "expected"),
    [
        (b"joe:", ("joe", "")),
        (b":", ("", "")),
        ("jürgen:pässwörd".encode(), ("jürgen", "pässwörd")),
        (b"joe:p\xe4ss", ("joe", "päss")),
    ],
)
def test_passwords_may_be_utf_8_or_latin_1(decoded: bytes, expected: tuple[str, str]) -> None:
    """Some clients send one, some the other."""
    assert expected == basic(f"Basic {b64encode(decoded).decode()}")


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        "Basic",
        "Basic ",
        "Basic !!!",
        "Basic YWRtaW4",
        "Basic YWRtaW4=",
        "Basic " + b64encode(b"\xff\xfe:x").decode(),
        "Basic é",
        f"Basic {ADMIN} x",
        "Bearer abc",
        'Digest username="admin"',
        f"BasicX {ADMIN}",
        ADMIN,
    ],
)
def test_unusable_basic_credentials_count_as_none(header: str | None) -> None:
    """Pulp 2 answered some of these with 500."""
    assert basic(header) is None


@pytest.mark.parametrize(
    ("subject", "expected"),
    [
        ("CN=admin:joe:52e0f1", Certificate("joe", "admin:joe:52e0f1")),
        ("CN = admin:joe:52e0f1, O = x", Certificate("joe", "admin:joe:52e0f1")),
        ("O=x,CN=c1", Certificate(None, "c1")),
        ("/O=x/CN=c1", Certificate(None, "c1")),
        ("/CN=c1/emailAddress=a@example.com", Certificate(None, "c1")),
        ("cn=c1", Certificate(None, "c1")),
        ("2.5.4.3=c1", Certificate(None, "c1")),
        (r"CN=a\,b,O=x", Certificate(None, "a,b")),
        (r"CN=J\C3\BCrgen", Certificate(None, "Jürgen")),
        ("CN=joe", Certificate(None, "joe")),
    ],
)
def test_a_subject_names_a_user_or_a_consumer(subject: str, expected: Certificate) -> None:
    """Every form in which web servers write subjects is parsed."""
    assert expected == certificate(subject)


@pytest.mark.parametrize(
    "subject",
    [
        "",
        "O=x",
        "CN=",
        "x",
        "CN=a,CN=b",
        "/CN=c1/CN=admin:admin:1",
        r"O=x\,CN=admin:admin:1",
        'O="x,CN=admin:admin:1"',
        "CN=admin:",
        "CN=admin:joe",
        "CN=admin::1",
        "CN=admin:joe:1:2",
    ],
)
def test_a_subject_without_exactly_one_usable_common_name_names_nobody(subject: str) -> None:
    """Text inside another attribute cannot pass for a common name."""
    assert certificate(subject) is None
