"""Documents as texts for scripts, and the names of the formats."""

from typing import Any

TABLE = "table"
JSON = "json"
YAML = "yaml"
FORMATS = (TABLE, JSON, YAML)


def as_text(document: Any, output_format: str) -> str:
    """Return a document as JSON or YAML, with the end of its last line.

    In ASCII, so that it is the same data in every encoding.
    """
    if output_format == YAML:
        from .yaml_text import yaml_text

        return yaml_text(document)
    import json

    return f"{json.dumps(document, indent=2)}\n"


def as_text_in_stream(document: Any, output_format: str) -> str:
    """Return one document of many: a line of JSON, or a document of YAML."""
    if output_format == YAML:
        return f"---\n{as_text(document, YAML)}"
    import json

    return f"{json.dumps(document, separators=(',', ':'))}\n"
