"""The page about deprecated interfaces and their replacements."""

from html import escape
from pathlib import Path

from starlette.responses import HTMLResponse

from ..paths import LEGACY_PAGE
from ..routes import Routes

LEGACY_SOURCE = Path(__file__).parent.parent / "pages" / "legacy.rst"
"""In reStructuredText, because the documentation includes it."""

_HTML = """<!DOCTYPE html>
<html lang="en">
<head><meta charset="utf-8"><title>Deprecated since Pulp 2.7</title></head>
<body><pre>{text}</pre></body>
</html>
"""


class DocsV3:
    """The route ``docs/legacy/``, which needs no credentials."""

    def add_to(self, routes: Routes) -> None:
        """Add the routes."""
        routes.add_public(LEGACY_PAGE, self._legacy, response_class=HTMLResponse, include_in_schema=False)

    def _legacy(self) -> HTMLResponse:
        return HTMLResponse(_HTML.format(text=escape(LEGACY_SOURCE.read_text(encoding="utf-8"))))
