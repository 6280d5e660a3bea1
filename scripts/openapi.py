"""Writes the OpenAPI document of the service with the bundled plugins to a file; `make openapi` calls it."""

import json
import sys
import tempfile
from pathlib import Path
from typing import Any

from pulp_notifiers.app import App
from pulp_notifiers.rest.application import create_app
from pulp_notifiers.settings import Settings


def document() -> dict[str, Any]:
    """Return the document that a new service serves."""
    with (
        tempfile.TemporaryDirectory() as folder,
        App(Settings({"notifiers": {"state_directory": folder}})) as app,
    ):
        return create_app(app).openapi()


def text(content: dict[str, Any]) -> str:
    """Return a document as it is committed: one line for each value, so that changes are easy to review."""
    return json.dumps(content, indent=1, ensure_ascii=False) + "\n"


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(text(document()), encoding="utf-8")
