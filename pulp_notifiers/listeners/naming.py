"""The rules for what people give a listener to recognise it, beyond those for all names: name and labels."""

import re
from collections.abc import Mapping

from ..encoding import unportable
from ..records import is_listener_id, name_problem

MAX_LABELS = 64
MAX_LABEL_LENGTH = 255

LABEL_KEY_PATTERN = r"[\w .-]+"
"""As in Pulp 3 (``LABEL_KEY_REGEX`` of pulpcore)."""
_LABEL_KEY = re.compile(LABEL_KEY_PATTERN)


def name_problems(name: object) -> list[str]:
    """Return what is wrong with a name that was given."""
    if isinstance(name, str) and is_listener_id(name):
        return [f"{name!r} has the form of an id, 24 hexadecimal digits: choose another name."]
    problem = name_problem(name)
    return [] if problem is None else [problem]


def taken_name(name: str) -> list[str]:
    """Return the problem of a name that another listener has."""
    return [f"A listener named {name!r} already exists: choose another name."]


def label_problems(labels: object) -> list[str]:
    """Return what is wrong with labels."""
    if not isinstance(labels, Mapping):
        return ["Labels must be an object of texts."]
    found = [f"A listener may have at most {MAX_LABELS} labels, not {len(labels)}."] if len(labels) > MAX_LABELS else []
    for key, value in labels.items():
        if not isinstance(key, str) or not _LABEL_KEY.fullmatch(key) or len(key) > MAX_LABEL_LENGTH:
            found.append(
                f"{key!r} is not the key of a label: use 1 to {MAX_LABEL_LENGTH} letters, digits, spaces, '_', '-' and "
                "'.'."
            )
        if not isinstance(value, str) or len(value) > MAX_LABEL_LENGTH:
            found.append(f"The value of label {key!r} must be a text of at most {MAX_LABEL_LENGTH} characters.")
        elif flaw := unportable(value):
            found.append(f"The value of label {key!r} cannot be accepted. {flaw}")
    return found
