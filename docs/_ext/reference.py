"""Directives that generate reference text from the code, so that a page cannot differ from it.

::

    .. settings:: SECTION module:Model       one section of the configuration file
    .. notifier-settings:: TYPE              the section that an installed notifier reads
    .. notifier-options:: TYPE               the options of an installed notifier's listeners
    .. command:: PATH                        one command; no path for the program itself
    .. event-types::                         the event types, and when each is fired
    .. event-fields:: TYPE PART              the fields of payload or report in events of a type
    .. about-fields::                        what templates know about every event
"""

from importlib import import_module

import event_text
import reference_text
from docutils import nodes
from sphinx.application import Sphinx
from sphinx.util.docutils import SphinxDirective
from sphinx.util.typing import ExtensionMetadata

from pulp_notifiers.plugin_host import NotifierRegistry


class Settings(SphinxDirective):
    """Document one section of the configuration file."""

    required_arguments = 2

    def run(self) -> list[nodes.Node]:
        """Return the reference of the section."""
        section, (module, _, name) = self.arguments[0], self.arguments[1].partition(":")
        return _parsed(self, reference_text.setting_lines(section, getattr(import_module(module), name)))


class NotifierSettings(SphinxDirective):
    """Document the section of the configuration file that a notifier reads."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        """Return the reference of the section."""
        notifier = NotifierRegistry().get(self.arguments[0]).notifier
        return _parsed(self, reference_text.setting_lines(notifier.settings_section, notifier.Settings))


class NotifierOptions(SphinxDirective):
    """Document the options of a notifier's listeners."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        """Return the table of the options."""
        notifier_type = self.arguments[0]
        model = NotifierRegistry().get(notifier_type).notifier.Config
        return _parsed(self, reference_text.option_lines(notifier_type, model))


class Command(SphinxDirective):
    """Document one command."""

    optional_arguments = 1
    final_argument_whitespace = True

    def run(self) -> list[nodes.Node]:
        """Return the reference of the command."""
        return _parsed(self, reference_text.command_lines(self.arguments[0] if self.arguments else ""))


class EventTypes(SphinxDirective):
    """Document when events of each type are fired."""

    def run(self) -> list[nodes.Node]:
        """Return the table of the types."""
        return _parsed(self, event_text.event_type_lines())


class EventFields(SphinxDirective):
    """Document the fields of a part of the events of a type."""

    required_arguments = 2

    def run(self) -> list[nodes.Node]:
        """Return the table of the fields."""
        return _parsed(self, event_text.event_field_lines(*self.arguments))


class AboutFields(SphinxDirective):
    """Document what templates know about every event."""

    def run(self) -> list[nodes.Node]:
        """Return the table of the fields."""
        return _parsed(self, event_text.about_lines())


def setup(app: Sphinx) -> ExtensionMetadata:
    """Register the directives."""
    app.add_directive("settings", Settings)
    app.add_directive("notifier-settings", NotifierSettings)
    app.add_directive("notifier-options", NotifierOptions)
    app.add_directive("command", Command)
    app.add_directive("event-types", EventTypes)
    app.add_directive("event-fields", EventFields)
    app.add_directive("about-fields", AboutFields)
    # The text comes from code that Sphinx does not watch, so no page of the last build may be reused.
    app.connect("env-get-outdated", lambda _app, environment, *_changes: sorted(environment.found_docs))
    return {"parallel_read_safe": True}


def _parsed(directive: SphinxDirective, lines: list[str]) -> list[nodes.Node]:
    return directive.parse_text_to_nodes("\n".join(lines))
