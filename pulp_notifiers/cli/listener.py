"""``listener``: pulp-admin's commands for event listeners, with a section for each installed notifier (CONTRACT 5).

They speak Pulp 2's API, except for what only the product's own API knows: patterns, task events, single tasks, and what
sources are asked to include.
"""

from collections.abc import Callable
from importlib.metadata import entry_points
from typing import Any

import click

from ..event import ANY_REPOSITORY_EVENT, REPO_VERSION_CREATED
from .connection import Connection, connection_options, pass_connection
from .failures import RequestFailed, no_listener
from .options import config_options, given_config

# That of the registry, repeated because importing it doubles what listener --help takes; a test keeps them the same.
NOTIFIERS = "pulp_notifiers.notifiers"

LISTENERS = "/pulp/api/v2/events/"
"""Where Pulp 2's API has its listeners."""

_LISTENER_ID = click.Option(["--listener-id"], required=True, help="Id of the listener, as listener list shows it.")
_TASK_ID = click.Option(
    ["--task-id"], help="Only events of this task; the listener is removed when the task has ended."
)
_INCLUDE = click.Option(
    ["--include"],
    multiple=True,
    metavar="NAME",
    help="What events are to tell beyond what they always carry, where their source can: content stands for the names "
    "of what was added and removed; may be given several times; an empty name asks for nothing more.",
)
_EVENT_TYPES_HELP = (
    "Event type, such as repo.sync.finish or task.error, or a pattern, such as task.*; a lone * is for all four of a "
    "repository; may be given several times."
)


class PulpAdminCommand(click.Command):
    """A command whose errors go where pulp-admin wrote them: to standard output, after which a blank line comes."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run the command."""
        try:
            return super().invoke(ctx)
        except RequestFailed as failure:
            _say(str(failure))
            return ctx.exit(failure.exit_code)


class NotifierCommand(PulpAdminCommand):
    """``create`` or ``update`` of one notifier; the notifier is loaded only when its options are needed.

    :param for_creation: whether the notifier's required options are required.
    """

    def __init__(
        self,
        name: str,
        notifier_type: str,
        own_options: list[click.Parameter],
        callback: Callable[..., None],
        for_creation: bool,
    ) -> None:
        super().__init__(name, params=own_options, callback=callback, help=f"{name.capitalize()} a listener.")
        self._notifier_type = notifier_type
        self._for_creation = for_creation
        self._complete = False

    def get_params(self, ctx: click.Context) -> list[click.Parameter]:
        """Return the command's options and those of the notifier's config."""
        if not self._complete:
            taken = frozenset(name.lstrip("-") for option in self.params for name in option.opts) | {"help"}
            self.params.extend(config_options(_schema(self._notifier_type), taken, self._for_creation))
            self._complete = True
        return super().get_params(ctx)


class ListenerGroup(click.Group):
    """``list`` and ``delete``, and a section for each notifier that some distribution offers."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """Return the names of the commands and of the installed notifiers, none of which is loaded."""
        return sorted(self.commands.keys() | _installed())

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Return a command of its own, else the section of the notifier of this name."""
        own = super().get_command(ctx, cmd_name)
        if own is not None or cmd_name not in _installed():
            return own
        return _section(cmd_name)


def listener_group(hidden: bool = False) -> click.Group:
    """Return the group ``listener``."""
    help_text = "Manage the server's event listeners."
    group = ListenerGroup("listener", params=connection_options(), help=help_text, hidden=hidden)
    group.add_command(list_listeners)
    group.add_command(delete_listener)
    return group


@click.command("list", cls=PulpAdminCommand)
@pass_connection
def list_listeners(connection: Connection, /) -> None:
    """List all listeners."""
    from .documents import document_lines

    for listener in connection.client().get(LISTENERS):
        for line in document_lines(listener):
            click.echo(line)
        click.echo("\n")


@click.command("delete", cls=PulpAdminCommand, params=[_LISTENER_ID])
@pass_connection
def delete_listener(connection: Connection, /, listener_id: str) -> None:
    """Delete a listener."""
    connection.client().delete(_path(listener_id))
    _say("Event listener successfully deleted")


def _section(notifier_type: str) -> click.Group:
    section = click.Group(notifier_type, help=f"Manage {notifier_type} listeners.")
    create = _create_callback(notifier_type)
    create_options = [_event_types(required=True), _TASK_ID, _INCLUDE]
    section.add_command(NotifierCommand("create", notifier_type, create_options, create, True))
    update_options = [_LISTENER_ID, _event_types(required=False), _INCLUDE]
    section.add_command(NotifierCommand("update", notifier_type, update_options, _update, False))
    return section


def _event_types(required: bool) -> click.Parameter:
    return click.Option(["event_types", "--event-type"], multiple=True, required=required, help=_EVENT_TYPES_HELP)


def _create_callback(notifier_type: str) -> Callable[..., None]:
    @pass_connection
    @click.pass_context
    def create(
        context: click.Context,
        connection: Connection,
        /,
        event_types: tuple[str, ...],
        task_id: str | None,
        include: tuple[str, ...],
        **_: Any,
    ) -> None:
        config = given_config(context, for_creation=True)
        document: dict[str, Any] = {"event_types": list(event_types)}
        if task_id is None and not include and not _beyond_pulp_2(event_types):
            document |= {"notifier_type_id": notifier_type, "notifier_config": config}
            connection.client().post(LISTENERS, document)
        else:
            document |= {"notifier_type": notifier_type, "config": config, "task_id": task_id}
            document |= _source_options(include)
            connection.client().post(_own_listeners(), document)
        _say("Event listener successfully created")

    return create


@pass_connection
@click.pass_context
def _update(
    context: click.Context,
    connection: Connection,
    /,
    listener_id: str,
    event_types: tuple[str, ...],
    include: tuple[str, ...],
    **_: Any,
) -> None:
    changes = _source_options(include)
    own = bool(include) or _beyond_pulp_2(event_types)
    config = given_config(context, for_creation=False)
    if config:
        changes["config" if own else "notifier_config"] = config
    if event_types:
        changes["event_types"] = list(event_types)
    if not changes:
        _say("No changes were made")
        return
    path = _path(listener_id, own)
    if own:
        connection.client().patch(path, changes)
    else:
        connection.client().put(path, changes)
    _say("Event listener successfully updated")


def _beyond_pulp_2(event_types: tuple[str, ...]) -> bool:
    """Tell whether one of the types is a pattern, of tasks or of Pulp 3; what else is unknown, Pulp 2's API refuses."""
    words = [each.split(".") for each in event_types if each != ANY_REPOSITORY_EVENT]
    known = REPO_VERSION_CREATED in event_types
    return known or any(each[0] == "task" or {"*", "#"} & set(each) for each in words)


def _source_options(include: tuple[str, ...]) -> dict[str, Any]:
    return {"source_options": {"include": [name for name in include if name]}} if include else {}


def _own_listeners() -> str:
    from .client import NOTIFICATIONS

    return f"{NOTIFICATIONS}listeners/"


def _path(listener_id: str, own: bool = False) -> str:
    """Return where the server has a listener, in Pulp 2's API or in the own one.

    :raises RequestFailed: it can have none of this id, because servers decode a slash before they look at the path.
    """
    from .client import segment

    if not listener_id or "/" in listener_id:
        raise no_listener(listener_id)
    return f"{_own_listeners() if own else LISTENERS}{segment(listener_id)}/"


def _installed() -> set[str]:
    return {entry.name for entry in entry_points(group=NOTIFIERS)}


def _schema(notifier_type: str) -> dict[str, Any]:
    from ..plugin_host import NotifierRegistry

    registry = NotifierRegistry()
    try:
        return registry.get(notifier_type).schema()
    finally:
        registry.close()


def _say(text: str) -> None:
    click.echo(f"{text}\n")
