"""The pictures of mails in the documentation."""

import sys

import pytest

from tests.support.pages import DOCS, ROOT, blocks

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


def test_the_mail_in_the_readme_is_the_one_in_the_picture():
    """Its lines are those of the text beside the picture, in order."""
    [shown] = [block for block in blocks(ROOT / "README.rst", "text") if block.startswith("Subject: ")]
    whole = iter((FOLDER / "failed-sync.txt").read_text(encoding="utf-8").splitlines())

    assert [] == [line for line in shown.splitlines() if line != "..." and line not in whole]


@pytest.mark.parametrize("name", MAILS)
def test_a_picture_is_small(name):
    """Fewer than 60 kB, as PNG with a palette."""
    content = (FOLDER / f"{name}.png").read_bytes()

    assert len(content) < 60_000
    assert b"PLTE" in content
    with pytest.raises(ValueError, match="not a PNG of 8 bits for each"):
        with_palette(content)
