"""The pictures of mails in the documentation."""

import sys

import pytest

from tests.support.pages import DOCS

sys.path.insert(0, str(DOCS / "_ext"))

from mail_pictures import FOLDER, as_text, mails
from png_palette import with_palette

MAILS = dict(mails())


def test_every_mail_has_a_picture_and_a_text():
    """And nothing else is there."""
    assert {f"{name}.{kind}" for name in MAILS for kind in ("png", "txt")} == {path.name for path in FOLDER.iterdir()}


@pytest.mark.parametrize("name", MAILS)
def test_the_text_beside_a_picture_is_the_mail(name):
    """If it is not, the picture is old too: run make mail-pictures."""
    assert as_text(MAILS[name]) == (FOLDER / f"{name}.txt").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", MAILS)
def test_a_picture_is_small(name):
    """Fewer than 60 kB, as PNG with a palette."""
    content = (FOLDER / f"{name}.png").read_bytes()

    assert len(content) < 60_000
    assert b"PLTE" in content
    with pytest.raises(ValueError, match="not a PNG of 8 bits for each"):
        with_palette(content)
