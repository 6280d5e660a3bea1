"""Looks at HTML in a real Chromium: measures pages at several widths, and takes pictures."""

import html as html_text
import json
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.harness.pages import MEASURING_PAGE

_NAMES = ("chromium", "chromium-browser", "google-chrome")
_TIMEOUT_SECONDS = 180.0
_RESULT = '<pre id="result">'


@dataclass(frozen=True)
class Measured:
    """A page as Chromium lays it out at one width.

    :ivar content_width: what the content needs; more than ``width`` means that readers scroll sideways.
    :ivar content_height: what the content needs at this width.
    :ivar texts: each text with its colour, the colour behind it, their contrast (WCAG 2) and its size in pixels.
    :ivar loaded: URLs of what the page loads from elsewhere.
    """

    width: int
    content_width: int
    content_height: int
    texts: Sequence[dict[str, Any]]
    loaded: Sequence[str]


class Chromium:
    """A headless Chromium; each call starts and ends one."""

    def __init__(self) -> None:
        found = next(filter(None, map(shutil.which, _NAMES)), None)
        if found is None:
            raise FileNotFoundError("chromium")
        self._program = found

    @staticmethod
    def available() -> str | None:
        """Return why there is no Chromium; None if there is one."""
        if any(map(shutil.which, _NAMES)):
            return None
        return "Chromium is not installed (Debian: apt-get install chromium)"

    def measure(self, pages: Sequence[str], widths: Sequence[int], dark: bool = False) -> list[list[Measured]]:
        """Return each page at each width, in one start of Chromium."""
        frames = "".join(
            f'<iframe style="width:{width}px;height:600px;border:0" srcdoc="{html_text.escape(page)}"></iframe>'
            for page in pages
            for width in widths
        )
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder, "page.html")
            path.write_text(MEASURING_PAGE.replace("FRAMES", frames), encoding="utf-8")
            dumped = self._run(folder, dark, "--dump-dom", path.as_uri())
        result = html_text.unescape(dumped.partition(_RESULT)[2].partition("</pre>")[0])
        found = [Measured(**one) for one in json.loads(result)]
        return [found[start : start + len(widths)] for start in range(0, len(found), len(widths))]

    def picture(self, page: str, path: Path, width: int, height: int, dark: bool = False) -> None:
        """Write a PNG of a page."""
        with tempfile.TemporaryDirectory() as folder:
            source = Path(folder, "page.html")
            source.write_text(page, encoding="utf-8")
            self._run(folder, dark, f"--window-size={width},{height}", f"--screenshot={path}", source.as_uri())

    def _run(self, folder: str, dark: bool, *arguments: str) -> str:
        command = [
            self._program,
            *("--headless=new", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--hide-scrollbars"),
            # Grey letters: the same on every machine, and smaller as PNG.
            *("--disable-lcd-text", "--disable-extensions", "--disable-background-networking"),
            f"--user-data-dir={folder}/profile",
            # 0 is dark and 1 light, whatever the desktop prefers.
            f"--blink-settings=preferredColorScheme={0 if dark else 1}",
            *arguments,
        ]
        done = subprocess.run(command, capture_output=True, text=True, timeout=_TIMEOUT_SECONDS, check=True)
        return done.stdout
