"""The mail itself: pure functions from event and config to bytes."""

import json
from datetime import datetime
from email import message_from_bytes, policy
from email.message import EmailMessage

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pulp_notifier_email import EmailConfig, render

from pulp_notifiers.errors import PermanentFailure
from pulp_notifiers.event import Event

HEADER_TEXT = st.text(st.characters(exclude_categories=["Cc", "Cs", "Zl", "Zp"]), max_size=300)
UNFIT = ["\n", "\r", "\r\n ", "\0", "\x0b", "\x1b", "\x7f", "\x85", "\u2028", "\u2029", "\ud800"]


def mail(event: Event, subject: str = "hi", target: str = "a@example.com", sender: str = "pulp@localhost") -> bytes:
    config = EmailConfig.model_construct(subject=subject, addresses=(target,))
    return render(event, config, target, sender).as_bytes()


def read(content: bytes) -> EmailMessage:
    return message_from_bytes(content, policy=policy.default)


def longest_line(content: bytes) -> int:
    return max(map(len, content.split(b"\r\n")))


def event_of(text: str) -> Event:
    return Event("repo.sync.finish", {"error_message": text})


def test_a_simple_mail_has_exactly_these_bytes(event):
    """They are those of CONTRACT 4.2, with Date, Message-ID and Auto-Submitted added."""
    expected = (
        b"Date: Thu, 29 Feb 2024 23:59:58 +0000\r\n"
        b"From: pulp@localhost\r\n"
        b"To: a@example.com\r\n"
        b"Subject: hi\r\n"
        b"Message-ID: <00000000-1111-2222-3333-444444444444.3904ee54a82c@localhost>\r\n"
        b"Auto-Submitted: auto-generated\r\n"
        b"MIME-Version: 1.0\r\n"
        b'Content-Type: text/plain; charset="us-ascii"\r\n'
        b"Content-Transfer-Encoding: 7bit\r\n"
        b"\r\n"
        b"{\r\n"
        b'  "event_type": "repo.sync.finish",\r\n'
        b'  "payload": {\r\n'
        b'    "repo_id": "zoo"\r\n'
        b"  },\r\n"
        b'  "call_report": null\r\n'
        b"}\r\n"
    )

    assert expected == mail(event)


def test_every_attempt_makes_the_same_mail(event):
    """Nothing in the mail depends on when it is sent, so a receiver can drop repeats."""
    assert mail(event) == mail(event)


def test_a_naive_time_counts_as_utc():
    """The header says so."""
    event = Event("repo.sync.finish", {}, occurred_at=datetime(2024, 1, 2, 3, 4, 5))  # noqa: DTZ001

    assert "Tue, 02 Jan 2024 03:04:05 +0000" == read(mail(event))["Date"]


def test_the_message_id_depends_on_event_subject_and_address(event):
    """Two listeners for one address and one event send two mails, not one twice."""
    ids = {
        read(content)["Message-ID"]
        for content in (
            mail(event),
            mail(event, subject="other"),
            mail(event, target="b@example.com"),
            mail(event_of("other")),
        )
    }

    assert 4 == len(ids)


@pytest.mark.parametrize(
    ("sender", "domain"),
    [("pulp@example.com", "example.com"), ("Pulp <p@example.org>", "example.org"), ("pulp", "localhost")],
)
def test_the_message_id_ends_with_the_domain_of_the_sender(event, sender, domain):
    """RFC 5322, 3.6.4 recommends the domain of whoever creates the id."""
    assert read(mail(event, sender=sender))["Message-ID"].endswith(f"@{domain}>")


@pytest.mark.parametrize(("octets", "encoding"), [(998, "7bit"), (999, "quoted-printable")])
def test_only_lines_that_servers_refuse_make_the_mail_quoted_printable(octets, encoding):
    """RFC 5322, 2.1.1 allows 998 octets."""
    frame = len('    "error_message": ""')
    event = event_of("x" * (octets - frame))

    content = mail(event)

    message = read(content)
    assert encoding == message["Content-Transfer-Encoding"]
    assert 'text/plain; charset="us-ascii"' == message["Content-Type"]
    assert longest_line(content) <= 998
    assert event.body() == json.loads(message.get_content())


def test_quoted_printable_keeps_dots_and_blanks_at_line_ends():
    """A traceback of any shape arrives unchanged."""
    event = event_of(". .. . =\n  " * 400)

    message = read(mail(event))

    assert event.body() == json.loads(message.get_content())


def test_the_body_is_always_ascii():
    """JSON escapes everything else, even a lone surrogate."""
    content = mail(event_of("Grüße \U0001f600 \ud800 \u2028"))

    assert content.isascii()
    assert "Grüße \U0001f600 \ud800 \u2028" == json.loads(read(content).get_content())["payload"]["error_message"]


@settings(deadline=None)
@given(HEADER_TEXT)
def test_any_subject_arrives_as_it_was_registered(subject):
    """Length, blanks and alphabet do not matter."""
    content = mail(event_of(""), subject=subject)

    assert subject == read(content)["Subject"]
    assert content.isascii()
    assert longest_line(content) <= 130


@pytest.mark.parametrize(
    ("subject", "wire"),
    [
        ("", b""),
        ("Sync finished", b"Sync finished"),
        ("two  blanks", b"two  blanks"),
        ("word " * 20 + "end", b"word " * 13 + b"word\r\n word word"),
        ("x" * 200, b"=?utf-8?q?xxxx"),
        ("Grüße", b"=?utf-8?b?R3LDvMOfZQ==?="),
        ("=?utf-8?q?fake?=", b"=?utf-8?b?"),
        ("a\ttab", b"=?utf-8?q?a=09tab?="),
        (" blank first", b"=?utf-8?q?_blank_first?="),
    ],
)
def test_a_subject_is_plain_if_that_is_safe(event, subject, wire):
    """It is readable in the server's log, folded if long, and only encoded if necessary (RFC 2047)."""
    content = mail(event, subject=subject)

    assert b"\r\nSubject: " + wire in content
    assert subject == read(content)["Subject"]


@pytest.mark.parametrize("unfit", UNFIT)
@pytest.mark.parametrize("part", ["subject", "target", "sender"])
def test_text_that_could_end_a_header_is_refused(event, part, unfit):
    """No text of a listener or of the settings can start another header."""
    parts = {"subject": "x", "target": "a@example.com", "sender": "pulp@localhost"}
    parts[part] += f"{unfit}Bcc: evil@example.com"

    with pytest.raises(
        PermanentFailure, match="contains a line break or another character that a mail header cannot carry"
    ):
        mail(event, **parts)


@pytest.mark.parametrize(
    ("text", "wire"),
    [
        ("a@example.com", b"a@example.com"),
        ("<a@example.com>", b"a@example.com"),
        ("root", b"root"),
        ("a@[127.0.0.1]", b"a@[127.0.0.1]"),
        ('"a b"@example.com', b'"a b"@example.com'),
        ("Ops Team <ops@example.com>", b"Ops Team <ops@example.com>"),
        ('"Doe, Jane" <jane@example.com>', b'"Doe, Jane" <jane@example.com>'),
        ("J. Doe <jane@example.com>", b'"J. Doe" <jane@example.com>'),
        ("Jürgen <j@example.com>", b"=?utf-8?q?J=C3=BCrgen?= <j@example.com>"),
        ("=?utf-8?q?fake?= <j@example.com>", b'"=?utf-8?q?fake?=" <j@example.com>'),
        ("jürgen@bücher.example", "jürgen@bücher.example".encode()),
        ("info@bücher.example", b"info@xn--bcher-kva.example"),
        ("Bücher <info@BÜCHER.example>", b"=?utf-8?q?B=C3=BCcher?= <info@xn--bcher-kva.example>"),
        ("a@straße.example", b"a@xn--strae-oqa.example"),
        ("a@\u4f8b\u3048\u3002\u30c6\u30b9\u30c8", b"a@xn--r8jz45g.xn--zckzah"),
        ("a@i\u2764.example", b"a@xn--i-7iq.example"),
    ],
)
def test_to_has_one_address(event, text, wire):
    """It keeps the name that was given for it."""
    content = mail(event, target=text)

    assert b"\r\nTo: " + wire + b"\r\nSubject" in content


@settings(deadline=None)
@given(HEADER_TEXT)
def test_no_name_can_add_an_address(name):
    """It cannot exceed the length of a line either."""
    text = f'"{name.replace(chr(92), "").replace(chr(34), "")}" <a@example.com>'

    content = mail(event_of(""), target=text)

    [address] = read(content)["To"].addresses
    assert "a@example.com" == address.addr_spec
    assert longest_line(content) <= 130


@pytest.mark.parametrize(
    "text",
    ["", " ", "@", "a@", "@example.com", "a@b@example.com", "a b@example.com", "a@exa mple.com", "a@b, c@d", "a@b>",
     "<a@b> c", "a@example.com>\u00a0SIZE=1", "a;b@example.com", "<>", "x" * 250 + "@example.com"],
)  # fmt: skip
def test_text_that_is_not_a_single_address_is_refused(event, text):
    """The message shows it."""
    with pytest.raises(PermanentFailure, match="is not an e-mail address|is longer than the 254 octets"):
        mail(event, target=text)
