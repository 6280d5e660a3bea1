"""The documentation is complete and its links work."""

import ast
import os
import re
import tomllib
from pathlib import Path

import pytest

import pulp_notifiers
from pulp_notifiers.app import App
from pulp_notifiers.backoff import Backoff
from pulp_notifiers.event import ANY_REPOSITORY_EVENT, REPOSITORY_EVENT_TYPES
from pulp_notifiers.plugin_host import NotifierRegistry
from pulp_notifiers.rest.application import create_app
from pulp_notifiers.server_conf import DEFAULT_FILE, PULP_FILE
from pulp_notifiers.settings import Settings
from tests.architecture import FLOORS
from tests.support.pages import (
    DOCS,
    LEGACY_PAGE,
    PAGES,
    ROOT,
    SOURCES,
    blocks,
    directives,
    expanded,
    reference_text,
    sections,
)

CORE = Path(pulp_notifiers.__file__).parent
EXAMPLES = DOCS / "examples"
BUNDLED = ("amqp", "email", "http")


@pytest.fixture(scope="module")
def service(tmp_path_factory):
    """Yield the REST service."""
    own = {"state_directory": str(tmp_path_factory.mktemp("docs"))}
    with App(Settings({"notifiers": own})) as app:
        yield create_app(app)


def test_every_setting_is_documented():
    """Its environment variable is too; a section is found by the docstring of its model."""
    page = expanded("configuration")
    missing = [
        (section, key)
        for section, model in sections().items()
        for key in reference_text.keys(model)
        if f".. confval:: [{section}] {key}\n" not in page or f"``{reference_text.variable(section, key)}``" not in page
    ]

    assert [] == missing
    assert {"notifiers", "messaging", "email", "client", "oauth"} <= set(sections())


@pytest.mark.parametrize("notifier", BUNDLED)
def test_every_option_of_a_bundled_notifier_is_documented(notifier):
    """The page has a table for each of them."""
    page = expanded("notifiers")

    assert [] == [
        name for name in NotifierRegistry().get(notifier).schema()["properties"] if f"* - ``{name}``" not in page
    ]


def test_every_bundled_notifier_is_documented():
    """That includes the one that is only an example."""
    offered = [
        name
        for path in (ROOT / "plugins").glob("*/pyproject.toml")
        for name in tomllib.loads(path.read_text())["project"]["entry-points"].get("pulp_notifiers.notifiers", ())
    ]

    assert sorted([*directives("notifiers", "notifier-options"), "file"]) == sorted(offered)


@pytest.mark.parametrize("page", ["concepts", "wire-format"])
def test_every_event_type_is_documented(page):
    """One page says what it means, the other what it carries."""
    text = PAGES[page].read_text()

    assert [] == [name for name in REPOSITORY_EVENT_TYPES if f"``{name}``" not in text]
    assert f"``{ANY_REPOSITORY_EVENT}``" in PAGES["concepts"].read_text()


def test_every_command_is_documented():
    """Each has its own directive, which generates all its options."""
    # Only a server knows its notifier types.
    typed = {f"listener TYPE {command}" for command in ("create", "update")}

    assert {"", *reference_text.command_paths(), *typed} == set(directives("cli", "command"))


def test_groups_have_the_options_of_the_program():
    """So the page can say once which options are allowed at every level."""
    groups = [
        reference_text.find_command(path) for path in ("", "delivery", "event", "event-type", "listener", "source")
    ]
    options = [{name for option in reference_text.options_of(*group) for name in option.opts} for group in groups]

    assert [options[0] - {"--version"}] * 5 == options[1:]


def test_every_exit_code_is_documented():
    """The page lists every code that the command line tool uses."""
    used = {code for path in (CORE / "cli").rglob("*.py") for code in re.findall(r"os\.(EX_[A-Z]+)", path.read_text())}
    page = PAGES["cli"].read_text()

    assert [] == [code for code in used if f"* - {getattr(os, code)}\n" not in page]


def test_every_route_is_documented(service):
    """The page lists it with its method."""
    page = PAGES["rest-api"].read_text()
    routes = [
        f"``{method} {route.path}``"
        for route in service.routes
        for method in sorted(getattr(route, "methods", None) or ())
        if method not in ("HEAD", "OPTIONS")
    ]

    assert [] == [route for route in routes if route not in page]
    assert 12 <= len(routes)


def test_every_error_code_is_documented():
    """Clients of Pulp 2 look at these codes."""
    codes = set(re.findall(r'"(PLP\d{4}|PN\d{4})"', (CORE / "rest" / "v2" / "errors.py").read_text()))
    page = PAGES["rest-api"].read_text()

    assert [] == [code for code in codes if f"``{code}``" not in page]


def log_texts():
    """Yield every text that is logged as a warning or worse, or with a computed level."""
    for path in sorted([*CORE.rglob("*.py"), *(ROOT / "plugins").glob("*/pulp_*/**/*.py")]):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not (isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute)):
                continue
            if node.func.attr in ("warning", "error", "exception", "log") and "logger" in ast.unparse(node.func.value):
                yield next(
                    part.value for part in node.args if isinstance(part, ast.Constant) and isinstance(part.value, str)
                )


def test_every_log_text_is_documented():
    """An administrator finds there what to do about it."""
    table = PAGES["operations"].read_text().partition("Log lines and what to do")[2].partition("Dead letters\n---")[0]
    page = re.sub(r"\s+", " ", table)
    parts = [part for text in log_texts() for part in re.split(r"%[-.\d]*[a-z]", text)]
    texts = [text for part in parts for text in [part.strip(" ():;")] if len(text) > len("is now")]

    assert [] == [text for text in texts if text not in page]


def test_the_picture_of_the_architecture_has_every_part():
    """It has no part that does not exist."""
    picture = blocks(PAGES["architecture"], "text")[0]
    existing = {path.stem for path in CORE.iterdir() if (path.suffix == ".py" or path.is_dir()) and path.stem[0] != "_"}

    assert [] == [part for floor in FLOORS for part in floor if (part in picture.split()) != (part in existing)]


def test_attempts_go_on_for_as_long_as_the_page_says():
    """That is the time from the first attempt to the last one, without jitter."""
    backoff = Backoff()
    waits = [backoff.delay_seconds(failures, draw=lambda: 1.0) for failures in range(1, backoff.max_attempts)]

    hours, seconds = divmod(sum(waits), 3600)
    assert f"{hours:.0f} hours {seconds // 60:.0f} minutes" in PAGES["notifiers"].read_text()


@pytest.mark.parametrize("path", SOURCES, ids=lambda path: path.name)
def test_every_link_has_a_target(path):
    """Targets are pages, labels, settings and included files."""
    text = path.read_text(encoding="utf-8")
    labels = {label for page in PAGES for label in re.findall(r"^\.\. _([\w-]+):$", expanded(page), re.MULTILINE)}
    settings = set(directives_of_settings())

    pages = re.findall(r":doc:`(?:[^`<]*<)?([\w-]+)>?`", text)
    references = re.findall(r":ref:`(?:[^`<]*<)?([\w-]+)>?`", text)
    files = re.findall(r"^ *\.\. (?:literal)?include:: (.+)$", text, re.MULTILINE)
    links = re.findall(r"`[^`<]+ <([^`>:]+)>`_", text)
    assert [] == [page for page in pages if page not in PAGES]
    assert [] == [label for label in references if label not in labels]
    assert [] == [name for name in re.findall(r":confval:`([^`]+)`", text) if name not in settings]
    assert [] == [file for file in files + links if not (path.parent / file).resolve().is_file()]


def directives_of_settings():
    """Return every setting as the pages write it."""
    return re.findall(r"^\.\. confval:: (.+)$", expanded("configuration"), re.MULTILINE)


def test_every_page_is_in_the_table_of_contents():
    """Each is there once."""
    entries = re.findall(r"^   ([\w-]+)$", PAGES["index"].read_text(), re.MULTILINE)

    assert sorted(set(PAGES) - {"index"}) == sorted(entries)


def test_every_example_is_shown():
    """No file of an example is unused."""
    shown = "".join(path.read_text(encoding="utf-8") for path in SOURCES)

    assert [] == [path.name for path in EXAMPLES.iterdir() if path.is_file() and f"examples/{path.name}" not in shown]


def test_the_page_that_the_service_shows_is_part_of_the_documentation():
    """Both show the same text."""
    assert [os.path.relpath(LEGACY_PAGE, DOCS)] == directives("migrate-katello-and-pulp-2-clients", "include")


def test_every_page_has_the_same_path_of_the_settings():
    """Pulp 2's own file is named where a page is about Pulp 2, and where the order of both is described."""
    path_of_settings = re.compile(r"/etc/[\w/.-]*(?:pulp-notifiers|server)[\w.-]*\.conf")
    pages = (*SOURCES, *ROOT.glob("plugins/*/README.rst"), *EXAMPLES.glob("*.service"), *CORE.rglob("*.py"))
    texts = ((page.name, page.read_text(encoding="utf-8")) for page in pages if page.name != "server_conf.py")
    named = {(name, found) for name, text in texts for found in path_of_settings.findall(text)}

    assert {str(DEFAULT_FILE), str(PULP_FILE)} == {found for _, found in named}
    assert {"configuration.rst", "pulp-2.rst"} == {page for page, found in named if found == str(PULP_FILE)}


def test_the_page_for_clients_of_pulp_2_has_the_names_that_they_search_for():
    """In its title and its file name; a setting of theirs that means something else here has a section."""
    text = PAGES["migrate-katello-and-pulp-2-clients"].read_text(encoding="utf-8")

    assert "Migrate Katello and Pulp 2 clients" == text.splitlines()[1]
    assert "What becomes of ``event_notifications_enabled: true``" in text
