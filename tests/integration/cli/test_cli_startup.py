"""The command line tool starts quickly, and loads nothing that the command does not need."""

import resource
import subprocess
import sys

import click
import pytest

from pulp_notifiers.cli.root import COMMANDS, root
from tests.support.distributions import installed
from tests.support.migrated import new_state

HEAVY = {
    "alembic",
    "cryptography",
    "fastapi",
    "jinja2",
    "kombu",
    "pydantic",
    "requests",
    "rich",
    "sqlalchemy",
    "starlette",
    "stevedore",
    "uvicorn",
}
ONLY_FOR_SOME_COMMANDS = {"configparser", "http", "json", "logging", "ssl"}
"""Smaller modules of the standard library, which together take as long as click."""

PROGRAM = """
import sys
sys.path[:0] = {path!r}
from pulp_notifiers.cli import main
exit_code = main({arguments!r})
print("modules:", *sorted(sys.modules), file=sys.stderr)
sys.exit(exit_code)
"""


def started(arguments, path=()):
    """Return output, exit code and modules of a command in a process of its own."""
    program = PROGRAM.format(path=[str(folder) for folder in path], arguments=list(arguments))
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=300, check=False)
    modules = ended.stderr.rpartition("modules:")[2].split()
    assert "pulp_notifiers" in modules
    return ended.stdout, ended.returncode, set(modules)


def commands_in(modules):
    """Return the modules of the program's commands that were imported."""
    return {module for module, _ in COMMANDS.values() if f"pulp_notifiers.cli.{module}" in modules}


def notifier_named(folder, name):
    """Install a distribution whose notifier ends the program when it is imported."""
    module = f"{name.replace('-', '_')}_module"
    source = "raise SystemExit('a plugin was imported')\n"
    return installed(folder, f"dist-{name}", {name: f"{module}:Notifier"}, {module: source})


@pytest.mark.parametrize(
    "arguments",
    [
        ["--help"],
        ["--version"],
        ["serve", "--help"],
        ["worker", "--help"],
        ["db", "--help"],
        ["db", "upgrade", "--help"],
        ["user", "--help"],
        ["user", "create", "--help"],
        ["user", "list", "--help"],
        ["user", "delete", "--help"],
        ["user", "grant", "--help"],
        ["listener", "list", "--help"],
        ["listener", "show", "--help"],
        ["listener", "delete", "--help"],
        ["event-type", "--help"],
        ["event-type", "show", "--help"],
        ["event", "listener", "--help"],
        ["event", "listener", "list", "--help"],
        ["event", "listener", "delete", "--help"],
        ["event", "listener", "lazy-one", "--help"],
        ["notifier", "--help"],
        ["notifier", "list", "--help"],
        ["event", "--help"],
        ["event", "fire", "--help"],
        ["delivery", "--help"],
        ["delivery", "list", "--help"],
        ["delivery", "show", "--help"],
        ["source", "--help"],
        ["source", "add", "--help"],
        ["source", "test", "--help"],
        ["source", "run", "--help"],
        ["status", "--help"],
        ["tail", "--help"],
        ["wait", "--help"],
    ],
    ids=" ".join,
)
def test_help_loads_neither_plugins_nor_heavy_libraries(arguments, tmp_path):
    """Click is enough to show it."""
    with notifier_named(tmp_path, "lazy-one") as site:
        output, exit_code, modules = started(arguments, [site])

    assert 0 == exit_code
    assert "pulp-notifiers" in output
    assert set() == modules & (HEAVY | {"lazy_one_module"})


@pytest.mark.parametrize(
    "arguments",
    [
        ["listener", "--help"],
        ["listener", "lazy-one", "--help"],
        ["listener", "lazy-one", "create", "--help"],
        ["listener", "lazy-one", "update", "--help"],
    ],
    ids=" ".join,
)
def test_help_that_asks_the_server_loads_neither_plugins_nor_heavy_libraries(arguments, tmp_path):
    """The server has the plugins, and describes them."""
    with notifier_named(tmp_path, "lazy-one") as site:
        output, exit_code, modules = started(["--url", "http://127.0.0.1:1", *arguments], [site])

    assert 0 == exit_code
    assert "pulp-notifiers" in output
    assert set() == modules & (HEAVY | {"lazy_one_module"})


def test_help_of_the_program_imports_none_of_its_commands():
    """Their summaries stand beside their names."""
    output, _, modules = started(["--help"])

    assert set() == commands_in(modules)
    assert set() == modules & ONLY_FOR_SOME_COMMANDS
    assert all(name in output for name in COMMANDS)


@pytest.mark.parametrize("name", COMMANDS)
def test_the_summary_of_a_command_is_the_first_sentence_of_its_help(name):
    """It is shown without importing the command."""
    command = root.get_command(click.Context(root), name)

    assert COMMANDS[name][1] == command.get_short_help_str(limit=200)
    assert name == command.name


def test_a_command_imports_no_other_one():
    """Each of them imports what it needs."""
    _, _, modules = started(["delivery", "list", "--help"])

    assert {"delivery"} == commands_in(modules)
    assert set() == modules & ONLY_FOR_SOME_COMMANDS - {"json"}


@pytest.mark.parametrize(
    ("arguments", "seconds"),
    [
        (["--help"], 0.3),
        (["event", "listener", "--help"], 0.3),
        (["--url", "http://127.0.0.1:1", "listener", "--help"], 0.5),
    ],
    ids=["program", "event listener", "listener"],
)
def test_help_takes_less_than_half_a_second(arguments, seconds):
    """Of processor time, because the machine of a test may be busy; less than a third if it asks no server."""
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    started(arguments)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)

    assert seconds > after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def test_the_commands_of_pulp_admin_list_the_installed_notifiers(tmp_path):
    """From the metadata of their distributions."""
    with notifier_named(tmp_path, "lazy-one") as site:
        output, _, _ = started(["event", "listener", "--help"], [site])

    assert "lazy-one" in output


@pytest.mark.parametrize(
    ("options", "problem"), [([], "SystemExit: a plugin was imported"), (["--no-check"], "not checked")]
)
def test_the_list_of_notifiers_imports_none_of_them(tmp_path, options, problem):
    """A process of its own does, so that a broken plugin is listed like the others."""
    with notifier_named(tmp_path, "lazy-one") as site:
        output, exit_code, modules = started(["notifier", "list", *options], [site])

    (line,) = [line for line in output.splitlines() if line.startswith("lazy-one")]
    assert 0 == exit_code
    assert ["lazy-one", "dist-lazy-one", "1.0", "lazy_one_module:Notifier"] == line.split()[:4]
    assert line.endswith(problem)
    assert "lazy_one_module" not in modules


@pytest.mark.parametrize(
    "arguments",
    [
        ["delivery", "list"],
        ["listener", "list"],
        ["event", "listener", "list"],
        ["event", "fire", "repo.sync.finish"],
        ["listener", "lazy-one", "create"],
        ["source", "list"],
        ["status"],
    ],
    ids=" ".join,
)
def test_a_command_that_asks_the_server_loads_neither_plugins_nor_heavy_libraries(arguments, tmp_path):
    """An HTTP connection of the standard library is enough, with the texts of the settings."""
    with notifier_named(tmp_path, "lazy-one") as site:
        _, exit_code, modules = started(["--url", "http://127.0.0.1:1", *arguments], [site])

    assert 78 == exit_code
    assert set() == modules & (HEAVY | {"lazy_one_module"})


NOT_FOR_USERS = HEAVY - {"sqlalchemy"} | {"sqlalchemy.dialects.postgresql", "sqlalchemy.orm", "pulp_notifiers.app"}


@pytest.mark.parametrize("command", [["user", "list"], ["user", "create", "kate", "--password", "x"]], ids=" ".join)
def test_a_command_for_users_loads_the_embedded_database_and_nothing_else(command, tmp_path, monkeypatch):
    """No model that checks settings, no encryption, no other database, and Alembic only to upgrade the schema."""
    monkeypatch.setenv("PULP_NOTIFIERS_STATE_DIRECTORY", str(tmp_path))
    new_state(tmp_path)

    _, exit_code, modules = started(command)

    assert 0 == exit_code
    assert set() == modules & NOT_FOR_USERS


def test_a_setting_that_needs_a_check_is_checked_by_its_model(tmp_path, monkeypatch):
    """That is any setting but paths, the URL of the database, and an ordinary address."""
    monkeypatch.setenv("PULP_NOTIFIERS_STATE_DIRECTORY", str(tmp_path))
    monkeypatch.setenv("PULP_NOTIFIERS_WORKER_THREADS", "4")
    new_state(tmp_path)

    _, exit_code, modules = started(["user", "list"])

    assert 0 == exit_code
    assert "pydantic" in modules


def test_a_command_of_pulp_admin_loads_only_its_own_plugin(tmp_path):
    """A plugin that cannot be imported does not matter to others."""
    with notifier_named(tmp_path, "lazy-one") as one, notifier_named(tmp_path, "lazy-two") as two:
        _, exit_code, modules = started(["event", "listener", "lazy-one", "create", "--help"], [one, two])

    assert 70 == exit_code
    assert "lazy_two_module" not in modules


SHOWING = ("list", "show", "types", "status", "test", "tail", "preview", "explain")
"""Commands that show something, wherever they are."""


def commands_of(group, path=()):
    """Yield the visible commands below a group, with their paths."""
    context = click.Context(group)
    for name in group.list_commands(context):
        command = group.get_command(context, name)
        if isinstance(command, click.Group):
            yield from () if command.hidden else commands_of(command, (*path, name))
        else:
            yield (*path, name), command


def test_every_command_that_lists_or_shows_something_has_all_formats():
    """By the same options."""
    found = {path: command for path, command in commands_of(root) if path[-1] in SHOWING}
    expected = {"--format", "--json"}
    without = [
        path for path, one in found.items() if not expected <= {name for each in one.params for name in each.opts}
    ]

    assert {"delivery", "listener", "notifier", "source", "status", "tail", "user"} <= {path[0] for path in found}
    assert [] == without
