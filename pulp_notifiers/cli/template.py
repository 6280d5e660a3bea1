"""``template``: manage the templates of the server, and files of templates."""

from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import click

from .answers import document_with, read_all
from .connection import Connection, connection_options, pass_connection
from .failures import naming, nothing_named
from .formats import format_option, show
from .labels import Label
from .output import echo
from .stored_events import event_id_of
from .tables import Row, print_table
from .template_parts import parts_given, read_folder, read_parts

_FAILED = 1
_COLUMNS = ("Name", "Notifier", "Origin", "Description", "Problem")
_FACTS = ("name", "notifier_type", "origin", "description", "event_types", "pulp_last_updated", "problem")

_description = click.option("--description", help="What the template is for.")
_event_types = click.option(
    "--event-type",
    "event_types",
    multiple=True,
    metavar="TYPE",
    help="A type or pattern of the events for which it is written; it is checked against recorded ones. Repeatable.",
)


@click.group(params=connection_options())
def template() -> None:
    """Manage the templates of messages."""


@template.command("list")
@format_option
@pass_connection
def list_templates(connection: Connection, /, output_format: str) -> None:
    """List the templates: those that are stored, those in files, and the notifiers' own."""
    found = read_all(connection.client(), _collection())
    show(found, output_format, lambda: print_table(_COLUMNS, [_row(one) for one in found], ("Description",)))


@template.command("show")
@click.argument("name")
@format_option
@pass_connection
def show_template(connection: Connection, /, name: str, output_format: str) -> None:
    """Show the template NAME with its parts."""
    found = _found(connection, name)
    show(found, output_format, lambda: _print_template(found))


@template.command("create")
@click.argument("name")
@click.option("notifier_type", "--type", metavar="TYPE", required=True, help="The notifier for which it is.")
@_description
@_event_types
@parts_given
@pass_connection
def create_template(
    connection: Connection,
    /,
    name: str,
    notifier_type: str,
    description: str | None,
    event_types: Sequence[str],
    **given: Any,
) -> None:
    """Create the template NAME from its parts.

    With the name of a notifier's own template, it replaces that one.
    """
    document = {"name": name, "notifier_type": notifier_type, "parts": read_parts(**given)}
    answer = connection.client().post(_collection(), {**document, **_given_facts(description, event_types)})
    echo(f"Template {name} created.")
    _print_warnings(answer)


@template.command("update")
@click.argument("name")
@_description
@_event_types
@parts_given
@click.option("--remove-part", "removed", multiple=True, metavar="PART", help="A part to remove; repeatable.")
@pass_connection
def update_template(
    connection: Connection,
    /,
    name: str,
    description: str | None,
    event_types: Sequence[str],
    removed: Sequence[str],
    **given: Any,
) -> None:
    """Change the given facts and parts of the template NAME, and leave the others."""
    parts = {**read_parts(**given), **dict.fromkeys(removed)}
    changes = {**_given_facts(description, event_types), **({"parts": parts} if parts else {})}
    if not changes:
        raise click.UsageError("Say what to change, with --part, --description or --event-type.")
    with naming("template", name):
        answer = connection.client().patch(_path(name), changes)
    echo(f"Template {name} updated.")
    _print_warnings(answer)


@template.command("delete")
@click.argument("name")
@pass_connection
def delete_template(connection: Connection, /, name: str) -> None:
    """Delete the template NAME, unless listeners use it."""
    with naming("template", name):
        connection.client().delete(_path(name))
    echo(f"Template {name} deleted.")


@template.command("export")
@click.argument("name")
@click.argument("folder", metavar="DIR", type=click.Path(file_okay=False, path_type=Path))
@pass_connection
def export_template(connection: Connection, /, name: str, folder: Path) -> None:
    """Write the template NAME as files into DIR, one for each part.

    load reads them, and so does the service if DIR is in [notifiers] template_dir.
    """
    from ..template_files import write_template

    try:
        written = write_template(folder, _found(connection, name))
    except OSError as error:
        raise click.ClickException(f"The files cannot be written to {folder}: {error.strerror}.") from None
    for path in written:
        echo(str(path))


@template.command("load")
@click.argument("folder", metavar="DIR", type=click.Path(file_okay=False, path_type=Path))
@click.option("--name", help="The template's name; by default, that of the folder.")
@pass_connection
def load_template(connection: Connection, /, folder: Path, name: str | None) -> None:
    """Create the template whose files are in DIR, or change it so that it is like them."""
    found = read_folder(folder)
    name = name or folder.resolve().name
    client = connection.client()
    stored = {each["name"]: each for each in read_all(client, _collection()) if each.get("origin") == "stored"}
    if name in stored:
        gone = dict.fromkeys(stored[name]["parts"].keys() - found["parts"].keys())
        changes = {key: found[key] for key in ("description", "event_types")}
        answer = client.patch(_path(name), {**changes, "parts": {**found["parts"], **gone}})
        echo(f"Template {name} updated.")
    else:
        answer = client.post(_collection(), {**found, "name": name})
        echo(f"Template {name} created.")
    _print_warnings(answer)


@template.command("preview")
@click.argument("name", required=False)
@click.option(
    "--dir",
    "folder",
    type=click.Path(file_okay=False, path_type=Path),
    help="Preview the files in this folder instead of a template of the server.",
)
@click.option(
    "--event", metavar="ID", help="A past event to render it with: its id, or at least the first four characters of it."
)
@click.option("--event-type", metavar="TYPE", help="The type of a recorded event to render it with.")
@click.option("--sample", metavar="SAMPLE", help="Which recorded event of that type; event-type show lists them.")
@click.option("--listener", metavar="LISTENER", help="Id or name of the listener whose name and labels it reads.")
@click.option("labels", "--label", type=Label(), multiple=True, help="A label of the listener; repeatable.")
@click.option(
    "html",
    "--html",
    metavar="FILE",
    type=click.Path(dir_okay=False, path_type=Path),
    help="Write the part html to this file, to look at it in a browser.",
)
@format_option
@pass_connection
@click.pass_context
def preview_template(
    context: click.Context,
    connection: Connection,
    /,
    name: str | None,
    folder: Path | None,
    labels: Sequence[tuple[str, str]],
    html: Path | None,
    output_format: str,
    **chosen: str | None,
) -> None:
    """Show what the template NAME, or the one in --dir, makes of an event.

    Without --event and --event-type, it is the most common event for which it is written. The exit code is 1 if a part
    cannot be rendered.
    """
    if (name is None) == (folder is None):
        raise click.UsageError("Give either the NAME of a template, or --dir.")
    wanted: dict[str, Any] = {key: value for key, value in chosen.items() if value is not None}
    wanted["labels"] = dict(labels)
    client = connection.client()
    if "event" in wanted:
        wanted["event"] = event_id_of(client, wanted["event"])
    if name is not None:
        path = f"{_path(name)}preview/"
        with naming("template", name):
            answer = client.post(path, wanted)
    else:
        assert folder is not None
        found = read_folder(folder)
        path = f"{_collection()}preview/"
        answer = client.post(path, {**wanted, "notifier_type": found["notifier_type"], "parts": found["parts"]})
    previewed = document_with(answer, "parts", client.url + path)
    if html is not None:
        _write_html(html, previewed["parts"])
    show(previewed, output_format, lambda: _print_preview(previewed, html))
    if previewed["problems"]:
        context.exit(_FAILED)


def _write_html(file: Path, parts: Mapping[str, Any]) -> None:
    if "html" not in parts:
        raise click.UsageError("The preview has no part html.")
    try:
        file.write_text(parts["html"], encoding="utf-8")
    except OSError as error:
        raise click.ClickException(f"{file} cannot be written: {error.strerror}.") from None


def _given_facts(description: str | None, event_types: Sequence[str]) -> dict[str, Any]:
    facts: dict[str, Any] = {} if description is None else {"description": description}
    return {**facts, "event_types": list(event_types)} if event_types else facts


def _row(found: Mapping[str, Any]) -> Row:
    return tuple(found[name] for name in ("name", "notifier_type", "origin", "description", "problem"))


def _print_template(found: Mapping[str, Any]) -> None:
    print_table(("Property", "Value"), list(_facts(found)))
    _print_parts(found["parts"])


def _facts(found: Mapping[str, Any]) -> Iterator[Row]:
    for name in _FACTS:
        yield name, ", ".join(found[name]) if name == "event_types" else found[name]


def _print_preview(found: Mapping[str, Any], html: Path | None) -> None:
    echo(f"Rendered with the event {found['event']} ({found['event_type']}).")
    _print_parts({**found["parts"], "html": f"Written to {html}."} if html else found["parts"])
    for each in found["problems"]:
        where = "" if each["line"] is None else f", line {each['line']}"
        where += "" if each["column"] is None else f", column {each['column']}"
        echo()
        echo(f"{each['part'] or 'all parts'}{where}: {each['problem']}")


def _print_parts(parts: Mapping[str, Any]) -> None:
    from .document_texts import JSON, as_text

    # HTML is long, and few read it; what stands above it would be out of sight.
    for name, value in sorted(parts.items(), key=lambda part: part[0] == "html"):
        echo()
        echo(f"--- {name} ---")
        echo((value if isinstance(value, str) else as_text(value, JSON)).removesuffix("\n"))


def _print_warnings(answer: Mapping[str, Any]) -> None:
    for warning in answer.get("warnings", ()):
        echo(f"Warning: {warning}", err=True)


def _found(connection: Connection, name: str) -> dict[str, Any]:
    client, path = connection.client(), _path(name)
    with naming("template", name):
        return document_with(client.get(path), "parts", client.url + path)


def _collection() -> str:
    from .client import NOTIFICATIONS

    return f"{NOTIFICATIONS}templates/"


def _path(name: str) -> str:
    """Return the path of a template.

    :raises NotFound: no path can hold this name, because servers decode a slash before they look at the path.
    """
    from .client import segment

    if not name.strip(".") or "/" in name:
        raise nothing_named("template", name)
    return f"{_collection()}{segment(name)}/"
