"""Templates: the rules for them, and the messages that are rendered from them.

::

    rules      which templates are accepted
    catalogue  the templates that there are, and which one a name means
    checks     tries a template with recorded events when it is saved
    preview    what a template makes of an event
    parts      checks the form of a template's parts, and compiles them
    compiled   a template's parts, compiled
    problems   what is wrong with a template, and where
    facts      what a template reads
    files      templates in a folder, re-read when they change
    shelf      finds and compiles templates for attempts, once for each change
    messages   what attempts send: the rendered parts, or the default with a line that says why
"""

from .facts import info_of
from .files import FileTemplates
from .messages import Messages
from .preview import Preview, Previews, preview_parts
from .problems import PartProblem
from .rules import Saved, Templates
from .shelf import Shelf

__all__ = [
    "FileTemplates",
    "Messages",
    "PartProblem",
    "Preview",
    "Previews",
    "Saved",
    "Shelf",
    "Templates",
    "info_of",
    "preview_parts",
]
