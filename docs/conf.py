"""Configuration of Sphinx; the directives that generate text are in ``_ext``."""

import sys
from pathlib import Path

HERE = Path(__file__).parent
sys.path[:0] = [str(HERE / "_ext"), str(HERE.parent)]

from pulp_notifiers import __version__  # noqa: E402

project = "pulp-notifiers"
author = "The pulp-notifiers contributors"
copyright = f"2026, {author}. Apache-2.0"
version = release = __version__

extensions = ["reference"]
exclude_patterns = ["_build", "examples"]
nitpicky = True
highlight_language = "none"
smartquotes = False
option_emphasise_placeholders = True
toc_object_entries = False

html_theme = "furo"
html_title = f"pulp-notifiers {release}"
html_copy_source = False
html_show_sphinx = False
