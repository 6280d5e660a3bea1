"""The mail that people read: headers, MIME, bytes; the parts of its template are given here."""

import random
import re
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from email import message_from_bytes, policy
from email.message import EmailMessage
from typing import Any
from uuid import UUID

import pytest
from pulp_notifier_email import EmailConfig, Identity, render_readable
from pulp_notifier_email.cleaning import clean_line, clean_text, shortened
from pulp_notifier_email.headers import subject_wire

from pulp_notifiers.errors import PermanentFailure
from pulp_notifiers.event import Event

OCCURRED = datetime(2026, 11, 30, 7, 10, 5, tzinfo=UTC)
PARTS = {
    "subject": "[FAILED] rhel-9-appstream on pulp.example.com",
    "text": "HTTP 503 Service Unavailable\n\nSync failed",
    "html": "<!DOCTYPE html><html><body><p>HTTP 503 Service Unavailable</p></body></html>",
}
ABOUT = {
    "state": "FAILED",
    "name": "rhel-9-appstream",
    "repository": "rhel-9-appstream",
    "server": "pulp.example.com",
    "domain": None,
}
ENCODED_BCC = "=?utf-8?q?=0D=0ABcc:_x=40y?="
HOSTILE = f"\ud800\udce4 NUL \0 \x1b[31mred\x1b[0m {ENCODED_BCC} \r\nBcc: evil@example.com\r\n\r\nbody \u202eevil"
CJK = "\u6f22" * 5000


def an_event(event_type: str = "repo.sync.finish", **payload: Any) -> Event:
    return Event(event_type, payload, id=UUID("00000000-1111-2222-3333-444444444444"), occurred_at=OCCURRED)


def identity(event: Event | None = None, about: Mapping[str, Any] = ABOUT, **changes: str) -> Identity:
    ids = {"delivery_id": "42", "listener_id": "6563a1f0c0ffee0000000001", "listener_name": "ops: failures", **changes}
    return Identity(event or an_event(), about=about, **ids)


def mail(
    parts: Mapping[str, str] = PARTS,
    who: Identity | None = None,
    *,
    target: str = "ops@example.com",
    sender: str = "Pulp <pulp@example.com>",
    late: timedelta = timedelta(minutes=1),
    problem: str | None = None,
    **options: str,
) -> bytes:
    config = EmailConfig.model_validate({"format": "html", "addresses": [target], **options})
    found = render_readable(parts, who or identity(), config, target, sender, now=OCCURRED + late, problem=problem)
    return found.as_bytes()


def read(content: bytes) -> EmailMessage:
    return message_from_bytes(content, policy=policy.default)


def body(content: bytes, subtype: str) -> str:
    found = read(content).get_body((subtype,))
    assert found is not None
    return str(found.get_content()).replace("\r\n", "\n")


def header_lines(content: bytes) -> list[bytes]:
    return content.partition(b"\r\n\r\n")[0].split(b"\r\n")


def test_a_mail_has_exactly_these_headers():
    """In this order, each once."""
    [root] = re.findall(rb"References: (<t\.[0-9a-f]{16}@example\.com>)", mail())
    [message_id] = re.findall(rb"Message-ID: (<d\.[0-9a-f]{32}@example\.com>)", mail())
    [boundary] = re.findall(rb'boundary="(=_[0-9a-f]{32})"', mail())

    assert [
        b"Date: Mon, 30 Nov 2026 07:10:05 +0000",
        b"From: Pulp <pulp@example.com>",
        b"To: ops@example.com",
        b"Subject: [FAILED] rhel-9-appstream on pulp.example.com",
        b"Message-ID: " + message_id,
        b"In-Reply-To: " + root,
        b"References: " + root,
        b"Auto-Submitted: auto-generated",
        b"X-Auto-Response-Suppress: OOF, AutoReply",
        b'List-Id: "ops: failures" <6563a1f0c0ffee0000000001.pulp-notifiers.example.com>',
        b"X-Pulp-Event: 00000000-1111-2222-3333-444444444444",
        b"X-Pulp-Event-Type: repo.sync.finish",
        b"X-Pulp-Result: failed",
        b"X-Pulp-Repo: rhel-9-appstream",
        b"X-Pulp-Server: pulp.example.com",
        b"X-Pulp-Listener: 6563a1f0c0ffee0000000001",
        b"MIME-Version: 1.0",
        b"Content-Type: multipart/alternative;",
        b' boundary="' + boundary + b'"',
    ] == header_lines(mail())


def test_the_html_is_the_last_and_best_alternative():
    """Both parts are UTF-8, quoted-printable, and nothing is attached."""
    message = read(mail())

    assert ["text/plain", "text/html"] == [part.get_content_type() for part in message.iter_parts()]
    assert {("utf-8", "quoted-printable")} == {
        (part.get_content_charset(), part["Content-Transfer-Encoding"]) for part in message.iter_parts()
    }
    assert [] == list(message.iter_attachments())


def test_the_format_text_has_no_html():
    """It is the same text, in a mail of one part."""
    content = mail(format="text")

    assert "text/plain" == read(content).get_content_type()
    assert body(mail(), "plain") == body(content, "plain")


def test_two_attempts_make_the_same_bytes():
    """ALERTS 20: an attempt whose answer was lost, and its repeat."""
    assert mail() == mail(late=timedelta(hours=2))


@pytest.mark.parametrize("late", [timedelta(hours=2, seconds=1), timedelta(days=9), timedelta(seconds=-1)])
def test_a_date_that_filters_distrust_is_that_of_the_attempt(late):
    """More than two hours late, or in the future; the Message-ID stays."""
    first, repeated = read(mail()), read(mail(late=late))

    assert OCCURRED + late == repeated["Date"].datetime
    assert first["Message-ID"] == repeated["Message-ID"]


def test_every_delivery_has_its_own_message_id():
    """Another text of the same delivery is the same mail; another database may use the same number again."""
    other_event = Event("repo.sync.finish", {})
    others = [identity(delivery_id="43"), identity(listener_id="other"), identity(other_event)]
    ids = [read(mail(who=who))["Message-ID"] for who in (identity(), *others)]

    assert 4 == len(set(ids))
    assert read(mail({**PARTS, "text": "other"}))["Message-ID"] == ids[0]


@pytest.mark.parametrize(
    ("changes", "about", "same"),
    [
        ({"delivery_id": "43"}, {"state": "OK"}, True),
        ({"listener_name": "renamed"}, {}, True),
        ({"listener_id": "other"}, {}, False),
        ({}, {"name": "epel-9", "repository": "epel-9"}, False),
        ({}, {"server": "other.example.com"}, False),
        ({}, {"domain": "team-a"}, False),
        ({}, {"name": "pulp_rpm.app.tasks.synchronizing.synchronize"}, False),
    ],
)
def test_mails_about_one_repository_of_one_server_are_a_thread(changes, about, same):
    """For each listener, whatever happened to the repository."""
    first, second = read(mail()), read(mail(who=identity(about={**ABOUT, **about}, **changes)))

    assert same is (first["References"] == second["References"])
    assert second["References"] == second["In-Reply-To"]


def test_threads_can_be_switched_off():
    """Then each mail stands alone."""
    message = read(mail(thread="none"))

    assert (None, None) == (message["References"], message["In-Reply-To"])


def test_no_mail_offers_to_unsubscribe_by_a_link():
    """There is no page that does it without a login."""
    assert b"list-unsubscribe" not in mail().lower()


@pytest.mark.parametrize("value", ["prod x", "größe", "a" * 61, "x\r\nBcc: e@example.com", "", "=?utf-8?q?x?="])
def test_an_id_that_needs_encoding_has_no_header(value):
    """Filters compare ids, and a changed one could be that of another repository."""
    message = read(mail(who=identity(about={**ABOUT, "repository": value})))

    assert message["X-Pulp-Repo"] is None
    assert "pulp.example.com" == message["X-Pulp-Server"]


@pytest.mark.parametrize(
    ("name", "phrase"),
    [("ops", '"ops" '), ("gr\u00fc\u00dfe", ""), ("", ""), ('a "b" <c@d>, e', '"a b cd e" '), ("x" * 200, None)],
)
def test_the_list_id_has_the_name_only_if_it_is_ascii(name, phrase):
    """The token never changes; an encoded word beside it cannot be parsed."""
    found = read(mail(who=identity(listener_name=name)))["List-Id"]

    assert found.endswith("<6563a1f0c0ffee0000000001.pulp-notifiers.example.com>")
    if phrase is not None:
        assert phrase == found.removesuffix("<6563a1f0c0ffee0000000001.pulp-notifiers.example.com>")


def test_a_given_subject_replaces_that_of_the_template():
    """It is an option of the listener."""
    assert "Pulp" == read(mail(subject="Pulp"))["Subject"]


def test_a_blank_subject_is_the_event_type():
    """A template may render nothing."""
    assert "repo.sync.finish" == read(mail({**PARTS, "subject": " \n"}))["Subject"]


def test_a_mail_without_parts_has_the_event():
    """No mail is lost because there is nothing to say."""
    content = mail({}, identity(an_event(repo_id="zoo")))

    assert "text/plain" == read(content).get_content_type()
    assert '"repo_id": "zoo"' in body(content, "plain")


def test_hostile_text_stays_in_its_place():
    """ALERTS 19."""
    hostile = HOSTILE + CJK
    parts = {"subject": hostile, "text": hostile, "html": f"<p>{hostile}</p>"}
    who = identity(about=dict.fromkeys(ABOUT, hostile), listener_name=hostile, listener_id=hostile)

    content = mail(parts, who)

    message = read(content)
    assert content.isascii()
    assert max(map(len, header_lines(content))) <= 78
    assert max(map(len, content.partition(b"\r\n\r\n")[2].split(b"\r\n"))) <= 76
    assert "\ufffd\ufffd NUL red = ?utf-8?q?=0D=0ABcc:_x=40y?= Bcc: evil@example.com body evil" in message["Subject"]
    assert 120 == len(message["Subject"])
    assert "Bcc" not in message
    names = [line.partition(b":")[0] for line in header_lines(content) if not line.startswith(b" ")]
    assert len(names) == len(set(names))
    for subtype in ("plain", "html"):
        text = body(content, subtype)
        assert CJK in text
        assert not set(text) & {"\0", "\x1b", "\r", "\u202e", "\ud800"}


def test_an_error_of_10_mb_makes_a_mail_of_its_text_only():
    """The HTML is left out, and the text says so; nothing is read more often than its length demands."""
    content = mail({"subject": "x" * 10**7, "text": "short", "html": "<p>" + "\x1b[" * 10**5 + "x" * 10**6})

    assert "text/plain" == read(content).get_content_type()
    assert body(content, "plain") == (
        "short\n\nThe HTML of this mail was left out: it has more than 80 kB, of which mail programs would cut off the "
        "end.\n"
    )


def test_html_of_80_kb_is_not_too_large():
    """The limit counts bytes, before they are encoded."""
    html = "<p>" + "x" * 79_997

    assert "multipart/alternative" == read(mail({**PARTS, "html": html})).get_content_type()
    assert "text/plain" == read(mail({**PARTS, "html": f"{html}x"})).get_content_type()


def test_4000_random_subjects_arrive_unchanged():
    """Words of all planes, blanks, text that looks encoded; every line is short and ASCII."""
    draw = random.Random(20261130)
    pools = [
        "abc xyz",
        "=?utf-8?q?x?= _",
        "\u00e4\u00f6\u00fc\u00df \u20ac",
        "\u6f22\u5b57 \u0915\u094d",
        "\U0001f469\u200d\U0001f52c \U0001f1e9\U0001f1ea",
    ]

    for _ in range(4000):
        words = ("".join(draw.choices(draw.choice(pools), k=draw.randint(1, 12))) for _ in range(draw.randint(1, 10)))
        subject = clean_line(" ".join(words))
        wire = f"Subject: {subject_wire(subject)}\r\n\r\n".encode("ascii")
        assert subject == read(wire)["Subject"]
        assert max(map(len, wire.split(b"\r\n"))) <= 78


@pytest.mark.parametrize(
    ("text", "line"),
    [
        ("a\r\n\tb", "a b"),
        ("a\x85b\u2028c\u2029d\x0be", "a b c d e"),
        ("\x1b[1;31mred\x1b[0m \x1b]0;title\x07x", "red x"),
        ("=\u202e?utf-8?q?x?=", "= ?utf-8?q?x?="),
        ("\u2066a\u2069\u200e\u061cb", "ab"),
        ("\udce4\ud800", "\ufffd\ufffd"),
        ("", ""),
    ],
)
def test_a_cleaned_line_fits_a_header(text, line):
    """And cleaning it again changes nothing."""
    assert line == clean_line(text)
    assert line == clean_line(line)


def test_cleaned_text_keeps_its_lines():
    """Only line ends and tabs remain of the control characters."""
    assert "a\nb\nc\td\u200ee" == clean_text("a\r\nb\u2028c\td\x00\x7f\x9b31m\u202e\u200ee")


@pytest.mark.parametrize(
    ("text", "short"),
    [
        ("abcdef", "abcdef"),
        ("abcdefg", "abcde\u2026"),
        ("abcd efg", "abcd\u2026"),
        ("abcde\u0301fg", "abcd\u2026"),
        ("abcd\U0001f469\u200d\U0001f52c", "abcd\u2026"),
        ("abcd\U0001f44d\U0001f3fdx", "abcd\u2026"),
        ("abcd\U0001f1e9\U0001f1eax", "abcd\u2026"),
        ("ab\U0001f1e9\U0001f1ea\U0001f1eb\U0001f1f7x", "ab\U0001f1e9\U0001f1ea\u2026"),
    ],
)
def test_a_long_subject_is_cut_between_visible_characters(text, short):
    """An accent, a flag or a joined symbol is kept or left out as a whole."""
    assert short == shortened(text, 6)


def test_a_problem_of_the_template_is_shown_at_the_end():
    """Above the signature of the text, and inside the HTML; it cannot bring markup of its own."""
    parts = {**PARTS, "text": "failed\n\n-- \nlistener"}

    content = mail(parts, problem="The template <b> is broken.\nBcc: x")

    assert "failed\n\nThe template <b> is broken. Bcc: x\n\n-- \nlistener\n" == body(content, "plain")
    assert re.search(r">The template &lt;b&gt; is broken\. Bcc: x</p></body></html>", body(content, "html"))


@pytest.mark.parametrize(
    "html", ["<p>x</p>", "<body><p></body> in text</p>", "<html><body>x</BODY>\n</HTML >\n", "</body></html>" * 1000]
)
def test_a_problem_is_shown_in_any_html(html):
    """A user's template may have any form."""
    text = body(mail({**PARTS, "html": html}, problem="It is broken."), "html")

    assert 1 == text.count(">It is broken.</p>")


def test_a_text_without_a_signature_gets_the_problem_too():
    """It comes last."""
    assert body(mail(problem="It is broken."), "plain").endswith("Sync failed\n\nIt is broken.\n")


def test_an_invalid_address_is_a_permanent_failure():
    """Nothing is sent for it, as in the format of Pulp 2."""
    with pytest.raises(PermanentFailure, match="is not an e-mail address"):
        mail(target="not an address")


def test_an_address_outside_ascii_is_written_as_it_is():
    """Only its own header is not ASCII; the mail needs SMTPUTF8 anyway."""
    content = mail(target="j\u00fcrgen@example.com")

    assert "To: j\u00fcrgen@example.com\r\n".encode() in content
    assert content.replace("\u00fc".encode(), b"").isascii()
