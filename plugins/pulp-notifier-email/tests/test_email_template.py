"""The packaged template: what mails say about every type of event, in text and HTML."""

import dataclasses
import re
from email import message_from_bytes, policy
from html.parser import HTMLParser

import pytest

from pulp_notifiers.event import Event
from pulp_notifiers.event_types import about, known_types, sample
from tests.support.mails import mail_about, parts_of

SAMPLES = [pytest.param(one.event, id=f"{known.name}-{one.name}") for known in known_types() for one in known.samples]
UNKNOWN = [
    Event("my.own.type", {"colour": "red", "size": 3, "password": "hush", "nested": {"a": 1}}),
    Event("my.own.type", {}),
    Event("repo.sync.finish", {}),
    Event("task.error", {}),
    Event("x" * 200, {"repo_id": "zoo"}, {"task_id": "x", "traceback": None}),
]
VOID = frozenset({"meta", "br", "hr", "img", "input", "link"})
HOSTILE = [
    "<script>alert(1)</script>\"'><img src=x onerror=y>",
    "zoo\r\nBcc: evil@example.com\r\n\r\n<b>",
    "=?utf-8?q?=0D=0ABcc:_x=40y?=",
    "\u202eevil\u202c \u2066x",
    "\0\x1b[31mred\x1b]0;title\x07",
    "\u6f22" * 5000,
    '"' * 5000,
    "{{ 7*7 }}{% for x in y %}",
    "\ud800\udce4",
    "&lt;b&gt; & &amp;",
    "javascript:alert(1)",
]


class Reader(HTMLParser):
    """The visible lines of HTML, its tags, and whether they are nested properly."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.lines: list[str] = [""]
        self.attributes: list[tuple[str, str]] = []
        self.tags: set[str] = set()
        self.feed(html)
        self.close()
        self.lines = [line for line in (" ".join(line.split()) for line in self.lines) if line]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes += [(name, value or "") for name, value in attrs]
        if tag not in VOID:
            self.open.append(tag)
        if tag not in ("a", "b", "span"):
            self.lines.append("")

    def handle_endtag(self, tag: str) -> None:
        assert tag == self.open.pop()
        if tag not in ("a", "b", "span"):
            self.lines.append("")

    def handle_data(self, data: str) -> None:
        if not {"style", "title"} & {*self.open[-1:]}:
            self.lines[-1] += data


def comparable(words: str) -> list[str]:
    """Return the words without the colons that stand for the columns of a table."""
    return [word.rstrip(":") for word in words.split() if word != ":"]


@pytest.mark.parametrize("event", [*SAMPLES, *UNKNOWN])
def test_text_and_html_say_the_same_in_the_same_order(event):
    """Word by word: the reason, what happened, the facts, what changed, links, the traceback, and why it was sent."""
    parts = parts_of(event)
    html = Reader(parts["html"])

    assert [] == html.open
    headline, happened, rest = parts["text"].replace("-- \n", "").split("\n\n", 2)
    # The HTML begins with the headline, unseen, for lists of mails, and repeats it below what happened.
    expected = " ".join([headline, happened, headline, rest])
    assert comparable(expected) == comparable(" ".join(html.lines))


@pytest.mark.parametrize("event", [*SAMPLES, *UNKNOWN])
def test_a_mail_says_what_is_known(event):
    """Every row of facts, the reason first, the end of the traceback, and how to stop the mails."""
    parts, known = parts_of(event), about(event)

    text = parts["text"]
    assert text.split("\n")[0] == (known["reason"] or known["sentence"])
    assert all(label in text for label, _ in known["facts"])
    assert all(line in text for line in known["traceback"])
    assert str(event.id) in text
    assert "\n-- \nYou get this mail because the listener production matches " in text
    assert text.endswith("\npulp-notifiers listener disable production")
    assert parts["subject"].startswith(f"[{known['state']}] ")
    assert not re.search(r"^[^ ]*: +None$", text, re.MULTILINE)


@pytest.mark.parametrize(
    ("event_type", "name", "subject"),
    [
        ("repo.sync.start", "pulp3-file", "[STARTED] iso-images on pulp.example.com"),
        ("repo.sync.start", "pulp3-other-domain", "[STARTED] staging/iso-images on pulp.example.com"),
        ("repo.sync.start", "pulp2-outside-task", "[STARTED] zoo"),
        ("repo.sync.finish", "pulp3-failed-404", "[FAILED] rhel-9-appstream on pulp.example.com"),
        ("repo.sync.finish", "pulp3-rpm", "[CHANGED] prod-rhel-9-baseos on pulp.example.com"),
        ("repo.sync.finish", "pulp3-nothing-new", "[OK] zoo on pulp.example.com"),
        ("repo.sync.finish", "pulp3-canceled", "[CANCELED] zoo on pulp.example.com"),
        ("repo.publish.finish", "pulp3-file-publish", "[PUBLISHED] iso-images on pulp.example.com"),
        ("repo.publish.finish", "pulp2-skipped", "[SKIPPED] zoo on pulp.example.com"),
        ("repo.version.created", "pulp3-upload", "[NEW VERSION] iso-images on pulp.example.com"),
        (
            "task.error",
            "pulp3-failed-404",
            "[TASK FAILED] rhel-9-appstream: pulp_file.app.tasks.synchronizing.synchronize on pulp.example.com",
        ),
        (
            "task.finished",
            "pulp3-orphan-cleanup",
            "[TASK FINISHED] pulpcore.app.tasks.orphan.orphan_cleanup on pulp.example.com",
        ),
    ],
)  # fmt: skip
def test_the_subject_has_the_state_in_brackets_and_the_identity_behind_them(event_type, name, subject):
    """Mail programs leave out what is in brackets when they compare subjects, so the mails of one repository thread."""
    assert subject == parts_of(sample(event_type, name).event)["subject"]


def test_an_event_of_an_unknown_type_is_shown_with_its_fields():
    """Its values are facts like any others; what names a secret is masked."""
    text = parts_of(UNKNOWN[0])["text"]

    assert re.search(r"^colour: +red$", text, re.MULTILINE)
    assert re.search(r"^size: +3$", text, re.MULTILINE)
    assert "hush" not in text
    assert "\n\nmy.own.type\n\n" in text


@pytest.mark.parametrize("event_type", ["repo.sync.finish", "repo.version.created", "task.error"])
def test_times_have_their_zone(event_type):
    """UTC, as readers in every zone can use it."""
    parts = parts_of(sample(event_type).event)

    moment = r"20\d\d-\d\d-\d\d \d\d:\d\d:\d\d UTC"
    assert re.search(rf"^Started: +{moment}\nFinished: +{moment}$", parts["text"], re.MULTILINE)
    assert 2 == len(re.findall(f">{moment}<", parts["html"]))


@pytest.mark.parametrize("event", [*SAMPLES, *UNKNOWN])
def test_html_has_no_remote_content(event):
    """No image, script, form, font or frame; links go to the server of the event."""
    parts = parts_of(event)
    html = Reader(parts["html"])

    assert not html.tags & {"img", "script", "form", "iframe", "link", "object", "svg", "details", "video", "input"}
    assert not {name for name, _ in html.attributes} & {"src", "background", "action", "onclick", "onerror", "srcset"}
    assert "url(" not in parts["html"]
    assert "@import" not in parts["html"]
    assert {value for name, value in html.attributes if name == "href"} == {
        link["url"] for link in about(event)["links"]
    }
    assert ("lang", "en") in html.attributes


@pytest.mark.parametrize("text", HOSTILE)
@pytest.mark.parametrize("event_type", ["repo.sync.finish", "task.error", "my.own.type"])
def test_hostile_names_and_errors_are_only_text(event_type, text):
    """ALERTS 19, through the template: no markup, no header, nothing that a reader's program would run or decode."""
    plain = Reader(parts_of(sample("task.error", "pulp2").event)["html"])
    payload = {"repo_id": text, "server": text, "domain": text, "error_message": text, "result": "failed",
               "content": {"added": [text] * 200, "removed": [text] * 200}, "added_count": 300, "remote": text,
               "server_url": text, "repo_href": text, text: text}  # fmt: skip
    report = {"task_id": text, "traceback": [text] * 30, "task_type": text}

    message = mail_about(Event(event_type, payload, report))

    content = message.as_bytes()
    head, _, body = content.partition(b"\r\n\r\n")
    assert content.isascii()
    assert max(map(len, head.split(b"\r\n"))) <= 78
    assert max(map(len, body.split(b"\r\n"))) <= 76
    read = message_from_bytes(content, policy=policy.default)
    assert read["Bcc"] is None
    assert read["Subject"] == message["Subject"]
    assert len(read["Subject"]) <= 120
    html = read.get_body(("html",))
    if html is not None:
        found = html.get_content()
        reader = Reader(found)
        assert len(found.encode()) <= 80_000
        assert reader.tags <= plain.tags | {"a", "h2"}
        assert [] == reader.open
        assert "{{" in found or "49{" not in found
    for part in read.walk():
        if not part.is_multipart():
            assert not set(part.get_content()) & {"\0", "\x1b", "\u202e", "\u2066", "\ud800"}


def test_300_names_are_100_rows_and_a_number():
    """ALERTS 20: in both parts, and the HTML stays below what Gmail cuts off."""
    names = [f"kernel-core-5.14.0-{number}.el9.x86_64" for number in range(300)]
    base = sample("repo.sync.finish", "pulp3-rpm-mirror").event
    event = dataclasses.replace(base, payload={**base.payload, "content": {"added": names, "removed": names}})

    message = mail_about(event)

    for subtype in ("plain", "html"):
        text = message_from_bytes(message.as_bytes(), policy=policy.default).get_body((subtype,)).get_content()
        assert 200 == text.count("kernel-core")
        assert 2 == text.count("and 200 more")
        assert len(text.encode()) <= 80_000


def test_a_traceback_of_10_mb_is_its_last_lines():
    """The whole mail stays small."""
    event = Event("task.error", {}, {"task_id": "x", "traceback": ["  File x\n" * 100] * 10_000})

    message = mail_about(event)

    assert len(message.as_bytes()) < 20_000
    assert "last 15 of " in parts_of(event)["text"]
