"""Renders the templates that a notifier brings along with every recorded event."""

from collections.abc import Iterator
from typing import Any

from ..event_types import known_types
from ..plugin_host import LoadedNotifier
from ..templates import preview_parts


def template_problems(notifier: LoadedNotifier, config: Any) -> Iterator[str]:
    """Yield what is wrong with a notifier's templates.

    :param config: valid options, parsed.
    """
    templates = notifier.packaged_templates()
    default = notifier.default_template(config)
    if default is not None and default not in templates:
        yield f"The default {default!r} is none of {sorted(templates)}."
    for name, template in templates.items():
        for sample in (each for known in known_types() for each in known.samples):
            found = preview_parts(template.parts, notifier, sample.event)
            yield from (f"{name} with {sample.event.type} {sample.name}: {problem}" for problem in found.problems)
