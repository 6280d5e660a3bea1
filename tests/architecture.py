"""The rules for imports as data, and the checks that find violations.

Sources are passed as mappings of path to text, so that tests can run the checks on bad code too.
"""

import ast
import sys
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.util import resolve_name
from pathlib import Path

ROOT = Path(__file__).parent.parent
CORE = "pulp_notifiers"

FLOORS = (
    ("errors", "encoding", "event", "task", "backoff", "ids", "outage", "listener_fields", "records"),
    ("options", "template_files", "notifier", "source", "server_conf", "settings", "distributions", "event_types"),
    ("plugin_host", "broker", "templating", "outbound", "store"),
    ("access", "listeners", "dispatch", "delivery", "templates", "sources", "task_stream", "idempotency"),
    ("wiring", "app"),
    ("rest", "cli", "legacy", "celery"),
    ("__main__",),
    ("testing",),
)
"""From the bottom up: a part may import from the floors below its own."""

LEFT_TO_RIGHT = (0, 1, 4)
"""On these floors a part may also import those to its left."""

NEIGHBOURS = {
    ("delivery", "templates"),  # an attempt in a process of its own renders there
    ("sources", "dispatch"),  # which reports are events
    ("cli", "rest"),  # `pulp-notifiers serve` starts the REST service
}
"""Imports within a floor that are allowed, and why."""

STANDARD_LIBRARY_ONLY = (0, 3)

DOORS = ("rest", "cli", "legacy", "celery")
"""They call rules, never rows: none of them uses the store."""

OWNERS = {
    "aiosmtpd": {"testing"},
    "alembic": {"store"},
    "amqp": {"broker"},
    "celery": {"celery"},
    "click": {"cli"},
    "cryptography": {"store.vault"},
    "fastapi": {"rest"},
    "httptools": {"rest.connections"},
    "jinja2": {"templating"},
    "kombu": {"broker"},
    "markupsafe": {"templating"},
    "cproton": {"broker.amqp10"},
    "proton": {"broker.amqp10"},
    "psycopg": {"store"},
    # Config models are part of the contract.
    "pydantic": {"options", "notifier", "source", "settings", "plugin_host", "broker", "rest", "cli"},
    "re2": {"templating.named_tests.regexes"},
    "rich": {"cli"},
    "sqlalchemy": {"store"},
    "starlette": {"rest"},
    "stevedore": {"plugin_host.registry"},
    "uvicorn": {"rest"},
}
"""Outside library to the modules or folders of the core that may import it."""

PLUGIN_API = {
    *("errors", "event", "event_types", "task", "notifier", "source", "encoding"),
    *("broker", "templating", "outbound"),
}
"""What any plugin may import, the bundled ones included."""

WITHOUT_FRONT = {"testing"}
"""Folders whose modules are public, instead of their front."""


@dataclass(frozen=True)
class Import:
    """One import statement, anywhere in a module.

    :ivar is_runtime: whether it runs, and is not only for type checkers.
    """

    importer: str
    imported: str
    line: int
    is_runtime: bool = True

    def __str__(self) -> str:
        return f"{self.importer}:{self.line} imports {self.imported}"


def read(folder: Path) -> dict[str, str]:
    """Return the source text of every module in a folder; the keys are paths relative to it."""
    found = sorted(path for path in folder.rglob("*.py") if "build" not in path.relative_to(folder).parts)
    return {path.relative_to(folder).as_posix(): path.read_text(encoding="utf-8") for path in found}


def module_name(path: str) -> str:
    """Return the dotted name of the module in a file."""
    return path.removesuffix(".py").removesuffix("/__init__").replace("/", ".")


def imports(sources: Mapping[str, str], known: Collection[str] = ()) -> Iterator[Import]:
    """Yield every import, including those inside functions; ``from a import b`` imports a.b if that is a module.

    :param known: modules in addition to the sources.
    """
    known = {*known, *map(module_name, sources)}
    for path, text in sources.items():
        importer = module_name(path)
        package = importer if path.endswith("/__init__.py") else importer.rpartition(".")[0]
        for name, member, line, is_runtime in _statements(path, text):
            module = resolve_name(name, package)
            whole = f"{module}.{member}"
            yield Import(importer, whole if whole in known else module, line, is_runtime)


@cache
def _statements(path: str, text: str) -> tuple[tuple[str, str, int, bool], ...]:
    """Return name, member, line and whether it runs of each import; cached, because several rules read every file."""
    tree = ast.parse(text, path)
    unread = set(_for_type_checkers(tree))
    return tuple(
        (name, member, getattr(node, "lineno", 0), node not in unread)
        for node in ast.walk(tree)
        for name, member in _named(node)
    )


def _for_type_checkers(tree: ast.AST) -> Iterator[ast.AST]:
    for node in ast.walk(tree):
        if isinstance(node, ast.If) and ast.unparse(node.test) in ("TYPE_CHECKING", "typing.TYPE_CHECKING"):
            for statement in node.body:
                yield from ast.walk(statement)


def _named(node: ast.AST) -> Iterator[tuple[str, str]]:
    match node:
        case ast.Import(names=names):
            yield from ((alias.name, "") for alias in names)
        case ast.ImportFrom(module=module, names=names, level=level):
            yield from (("." * level + (module or ""), alias.name) for alias in names)
        case ast.Call(
            func=ast.Name(id="import_module" | "__import__") | ast.Attribute(attr="import_module"),
            args=[ast.Constant(value=str(name)), *_],
        ):
            yield name, ""


def part(module: str) -> str:
    """Return the first name within the core package; empty for the package itself."""
    return module.removeprefix(CORE).lstrip(".").split(".")[0]


def floor(name: str) -> int | None:
    """Return the floor of a part, or None if it has none."""
    # Every part may import the package itself, which imports nothing until a name is used.
    return -1 if name == "" else next((number for number, parts in enumerate(FLOORS) if name in parts), None)


def without_floor(sources: Mapping[str, str]) -> list[str]:
    """Return the modules of the core that have no floor."""
    return [module for module in map(module_name, sources) if floor(part(module)) is None]


def upward(sources: Mapping[str, str]) -> list[str]:
    """Return the imports of the core that do not point down."""
    within = (found for found in imports(sources) if _is_core(found.imported) and not _is_lazy(found))
    return [str(found) for found in within if not _points_down(part(found.importer), part(found.imported))]


def _is_lazy(found: Import) -> bool:
    # The package itself names what it exports for type checkers only; its __getattr__ imports it on first use.
    return found.importer == CORE and not found.is_runtime


def _points_down(importer: str, imported: str) -> bool:
    above, below = floor(importer), floor(imported)
    if above is None or below is None:
        return False
    if importer == imported or (importer, imported) in NEIGHBOURS:
        return True
    if above == below and above in LEFT_TO_RIGHT:
        return FLOORS[above].index(imported) < FLOORS[above].index(importer)
    return below < above


def cycles(sources: Mapping[str, str]) -> list[list[str]]:
    """Return the import cycles between modules, each as the modules on it."""
    graph: dict[str, set[str]] = {module_name(path): set() for path in sources}
    for found in imports(sources):
        if found.imported in graph and not _is_lazy(found):
            graph[found.importer].add(found.imported)
    done: set[str] = set()
    return [cycle for module in graph if (cycle := _cycle_from(module, graph, [], done))]


def _cycle_from(module: str, graph: Mapping[str, Collection[str]], path: list[str], done: set[str]) -> list[str]:
    if module in path:
        return [*path[path.index(module) :], module]
    if module in done:
        return []
    done.add(module)
    found = (_cycle_from(imported, graph, [*path, module], done) for imported in sorted(graph[module]))
    return next((cycle for cycle in found if cycle), [])


def past_the_front(sources: Mapping[str, str]) -> list[str]:
    """Return the imports of the core from inside another part's folder instead of from its front."""
    modules = set(map(module_name, sources))
    return [
        str(found)
        for found in imports(sources)
        if found.imported in modules
        and found.imported.count(".") > 1
        and part(found.imported) not in {part(found.importer), *WITHOUT_FRONT}
    ]


def doors_to_the_store(sources: Mapping[str, str]) -> list[str]:
    """Return where a door imports the store or a function that opens it, or uses an attribute called ``store``."""
    in_doors = {path: text for path, text in sources.items() if part(module_name(path)) in DOORS}
    imported = [str(found) for found in imports(in_doors, {f"{CORE}.store"}) if part(found.imported) == "store"]
    used = [
        f"{module_name(path)}:{line} uses {name}"
        for path, text in in_doors.items()
        for line, name in _uses_of_the_store(path, text)
    ]
    return imported + used


@cache
def _uses_of_the_store(path: str, text: str) -> tuple[tuple[int, str], ...]:
    found = []
    for node in ast.walk(ast.parse(text, path)):
        match node:
            case ast.Attribute(attr="store" | "open_store" as name):
                found.append((node.lineno, name))
            case ast.ImportFrom(names=names):
                found += [(node.lineno, alias.name) for alias in names if alias.name == "open_store"]
    return tuple(found)


def ghosts(sources: Mapping[str, str]) -> list[str]:
    """Return the parts that the rules above name and that do not exist."""
    named = {name for names in FLOORS for name in names}
    named |= {name for pair in NEIGHBOURS for name in pair}
    named |= {name for owners in OWNERS.values() for name in owners}
    named |= {*DOORS, *PLUGIN_API, *WITHOUT_FRONT}
    modules = set(map(module_name, sources))
    return sorted(name for name in named if f"{CORE}.{name}" not in modules)


def not_owned(sources: Mapping[str, str]) -> list[str]:
    """Return the imports of outside libraries in modules of the core that do not own them."""
    return [str(found) for found in imports(sources) if _is_outside(found.imported) and not _owns(found)]


def _library(module: str) -> str:
    return module.partition(".")[0]


def _is_outside(module: str) -> bool:
    return _library(module) not in sys.stdlib_module_names and not _is_core(module)


def _is_core(module: str) -> bool:
    return _library(module) == CORE


def _owns(found: Import) -> bool:
    owners = OWNERS.get(_library(found.imported), set())
    return any(f"{found.importer}.".startswith(f"{CORE}.{owner}.") for owner in owners)


def beyond_plugin_api(sources: Mapping[str, str]) -> list[str]:
    """Return the imports of plugins from the core that are not in the plugin API."""
    api = {f"{CORE}.{name}" for name in PLUGIN_API}
    within = (found for found in imports(sources, api) if _is_core(found.imported))
    return [str(found) for found in within if found.imported not in api]


def core() -> dict[str, str]:
    """Return the sources of the core."""
    return {f"{CORE}/{path}": text for path, text in read(ROOT / CORE).items()}


def plugins() -> dict[str, str]:
    """Return the sources of the bundled plugins, without their tests."""
    return {path: text for path, text in read(ROOT / "plugins").items() if "tests" not in Path(path).parts}
