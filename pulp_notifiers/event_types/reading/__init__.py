"""Reads from an event what people want to know about it.

::

    values     values of JSON documents that may have any form
    texts      clean, short texts without passwords
    outcome    what happened, in words
    errors     why it failed
    changed    counts and names of what changed
    places     server, domain, links
    assembled  all of it: about()
    described  the keys of what about() returns
"""

from .assembled import about
from .described import ABOUT_SCHEMA
from .texts import shortened

__all__ = ["ABOUT_SCHEMA", "about", "shortened"]
