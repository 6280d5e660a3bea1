"""What requests say about who sent them."""

from base64 import b64encode

import pytest

from pulp_notifiers.rest.access.credentials import Certificate, basic, certificate

ADMIN = b64encode(b"admin:ad:min").decode()


@pytest.mark.parametrize(
    "header",
    [f"Basic {ADMIN}", f"basic {ADMIN}", f"BASIC   {ADMIN} ", f"Basic {ADMIN}, Basic", f"Basic {ADMIN},basic "],
)
def test_basic_credentials_are_read_as_pulp_2_read_them(header: str) -> None:
    """The first colon splits, the scheme has no case, and what Apache leaves behind is dropped."""
    assert basic(header) == ("admin", "ad:min")


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        (b"joe:", ("joe", "")),
        (b":", ("", "")),
        ("jürgen:pässwörd".encode(), ("jürgen", "pässwörd")),
        (b"joe:p\xe4ss", ("joe", "päss")),
    ],
)
def test_passwords_may_be_utf_8_or_latin_1(told: bytes, expected: tuple[str, str]) -> None:
    """Some clients send one and some the other."""
    assert expected == basic(f"Basic {b64encode(told).decode()}")


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
def test_everything_else_counts_as_no_credentials(header: str | None) -> None:
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
    """In the forms that web servers write."""
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
def test_a_subject_that_does_not_name_exactly_one_is_nobodys(subject: str) -> None:
    """So that text inside another attribute cannot pass for a name."""
    assert certificate(subject) is None
