"""Makes the pictures of mails in the documentation, and the same mails as text beside them.

::

    make mail-pictures

Run it after every change of the packaged template; a test compares the texts.
"""

import json
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import replace
from email.message import EmailMessage
from pathlib import Path

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "docs" / "mails"

sys.path[:0] = [str(ROOT), str(Path(__file__).parent)]

from png_palette import with_palette  # noqa: E402

from pulp_notifiers.event import Event  # noqa: E402
from pulp_notifiers.event_types import sample  # noqa: E402
from tests.harness.chromium import Chromium  # noqa: E402
from tests.support.mails import mail_about  # noqa: E402

_WIDTH = 700
_ADDED = {
    "rpm.package": [
        "kernel-core-5.14.0-611.9.1.el9_7.x86_64",
        "kernel-modules-5.14.0-611.9.1.el9_7.x86_64",
        "openssl-libs-3.5.1-4.el9_7.x86_64",
    ],
    "rpm.packagegroup": ["core"],
    "rpm.packagecategory": ["base-environment"],
}
_REAL_NAMES = {
    "rhel-9-appstream": "prod-rhel-9-appstream",
    "http://127.0.0.1:24818/absent": "https://mirror.example.com/rhel-9/appstream",
}


def mails() -> Iterator[tuple[str, EmailMessage]]:
    """Yield the mails and their names."""
    for name, (listener_name, event) in pictured().items():
        yield name, mail_about(event, event.occurred_at, listener_name)


def pictured() -> dict[str, tuple[str, Event]]:
    """Return for each picture the name of the listener that gets the mail, and the event."""
    changed = sample("repo.sync.finish", "pulp3-rpm").event
    content = {"added": _ADDED, "removed": {}, "truncated": False}
    return {
        "failed-sync": ("production", _renamed(sample("repo.sync.finish", "pulp3-failed-404").event)),
        "finished-sync": ("changes", replace(changed, payload={**changed.payload, "content": content})),
        "failed-task": ("main-server", sample("task.error", "pulp3-publish-failed").event),
    }


def as_text(message: EmailMessage) -> str:
    """Return a mail as a terminal shows it: its subject and its text."""
    part = message.get_body(("plain",))
    text = b"" if part is None else part.get_payload(decode=True)
    return f"Subject: {message['Subject']}\n\n{text.decode()}"


def _renamed(event: Event) -> Event:
    """Return an event with names as an administrator chooses them."""
    texts = list(event.encoded())
    for recorded, real in _REAL_NAMES.items():
        texts = [None if text is None else text.replace(recorded, real) for text in texts]
    payload, report = (None if text is None else json.loads(text) for text in texts)
    return replace(event, payload=payload, call_report=report)


def main() -> None:
    """Write the pictures and texts."""
    FOLDER.mkdir(exist_ok=True)
    chromium = Chromium()
    for name, message in mails():
        (FOLDER / f"{name}.txt").write_text(as_text(message), encoding="utf-8")
        part = message.get_body(("html",))
        html = "" if part is None else part.get_payload(decode=True).decode()
        [[measured]] = chromium.measure([html], [_WIDTH])
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, "mail.png")
            chromium.picture(html, path, _WIDTH, measured.content_height)
            (FOLDER / f"{name}.png").write_bytes(with_palette(path.read_bytes()))


if __name__ == "__main__":
    main()
