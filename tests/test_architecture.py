"""Imports point down only, every outside library has one owner, and doors do not use the store."""

import pytest

from tests.architecture import (
    CORE,
    FLOORS,
    OWNERS,
    STANDARD_LIBRARY_ONLY,
    beyond_plugin_api,
    core,
    cycles,
    doors_to_the_store,
    ghosts,
    module_name,
    not_owned,
    past_the_front,
    plugins,
    upward,
    without_floor,
)


def test_every_module_has_a_floor():
    """A new module gets a place before it gets callers."""
    assert [] == without_floor(core())


def test_imports_point_down():
    """No part imports from its own floor or from a higher one."""
    assert [] == upward(core())


def test_folders_are_imported_through_their_front():
    """What a folder's ``__init__`` does not export is private."""
    assert [] == past_the_front(core())


def test_doors_do_not_use_the_store():
    """They call rules, never rows."""
    assert [] == doors_to_the_store(core())


def test_every_part_that_the_rules_name_exists():
    """A rule about a part that was removed, or never built, proves nothing."""
    assert [] == ghosts(core())


def test_there_is_no_import_cycle():
    """Imports inside functions count too."""
    assert [] == cycles(core())


def test_every_outside_library_has_one_owner():
    """Replacing a library means editing one part."""
    assert [] == not_owned(core())


def test_bundled_plugins_import_only_the_plugin_api():
    """None of them is privileged."""
    assert [] == beyond_plugin_api(plugins())


@pytest.mark.parametrize("number", STANDARD_LIBRARY_ONLY)
def test_facts_and_engine_own_no_library(number):
    """They can be read, tested and maintained without knowing a library."""
    assert [] == [library for library, owners in OWNERS.items() if owners & set(FLOORS[number])]


def test_the_checks_read_the_sources():
    """Otherwise they would pass without checking anything."""
    assert f"{CORE}/event.py" in core()


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("__init__.py", "from .app import App"),
        ("__init__.py", "def late():\n    from .app import App"),
        ("event.py", "from .delivery import Worker"),
        ("event.py", "from . import delivery"),
        ("event.py", "import pulp_notifiers.delivery"),
        ("event.py", "from pulp_notifiers import delivery"),
        ("event.py", "def late():\n    from .delivery import Worker"),
        ("event.py", "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from .delivery import Worker"),
        ("event.py", "import importlib\nimportlib.import_module('pulp_notifiers.delivery')"),
        ("event.py", "from importlib import import_module\nimport_module('.delivery', __package__)"),
        ("errors.py", "from .event import Event"),
        ("notifier.py", "from .settings import Settings"),
        ("store/tables.py", "from ..delivery import Worker"),
        ("store/tables.py", "from ..plugin_host import NotifierRegistry"),
        ("store/__init__.py", "from ..app import App"),
        ("dispatch/dispatcher.py", "from ..delivery import Worker"),
        ("rest/routes.py", "from ..cli import main"),
        ("app.py", "from .testing.smtp import SmtpReceiver"),
        ("app.py", "from .unheard_of import Thing"),
    ],
)
def test_an_upward_import_is_found(path, text):
    """Its form and its place in the module do not matter."""
    sources = {f"{CORE}/delivery/__init__.py": "", f"{CORE}/{path}": text}

    assert [module_name(f"{CORE}/{path}")] == [found.split(":")[0] for found in upward(sources)]


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("__init__.py", "from typing import TYPE_CHECKING\nif TYPE_CHECKING:\n    from .app import App"),
        ("delivery/worker.py", "from ..event import Event\nfrom ..store import Store\nfrom .. import __version__"),
        ("records/delivery.py", "from ..event import Event"),
        ("settings.py", "from .errors import InvalidSetting\nfrom .options import holds_secret"),
        ("store/tables.py", "from . import rows\nfrom ..records import Listener"),
        ("cli/serve.py", "def serve():\n    from ..rest.server import serve"),
        ("testing/contract.py", "from ..app import App"),
    ],
)
def test_a_downward_import_is_allowed(path, text):
    """The check accepts good code."""
    assert [] == upward({f"{CORE}/__init__.py": "", f"{CORE}/store/rows.py": "", f"{CORE}/{path}": text})


def test_a_module_without_floor_is_found():
    """It may be a file or a folder."""
    sources = {f"{CORE}/{path}": "" for path in ("__init__.py", "event.py", "extra.py", "more/__init__.py")}

    assert [f"{CORE}.extra", f"{CORE}.more"] == without_floor(sources)


def test_an_import_past_a_front_is_found():
    """Its form does not matter; a part may import from inside its own folder."""
    sources = {
        f"{CORE}/store/__init__.py": "from .rows import Rows",
        f"{CORE}/store/rows.py": "",
        f"{CORE}/app.py": "from .store.rows import Rows\nfrom .store import Rows\nfrom .testing.smtp import Receiver",
        f"{CORE}/rest/routes.py": "from ..store import rows",
        f"{CORE}/testing/smtp.py": "",
    }

    assert [f"{CORE}.app:1", f"{CORE}.rest.routes:1"] == [found.split(" ")[0] for found in past_the_front(sources)]


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("rest/routes.py", "from ..store import Store"),
        ("rest/routes.py", "def late():\n    from pulp_notifiers.store import Store"),
        ("cli/user.py", "from .. import store"),
        ("cli/user.py", "from ..app import open_store"),
        ("cli/user.py", "from .. import app\napp.open_store(settings)"),
        ("legacy/topic.py", "def publish(app):\n    return app.store.outbox.write"),
        ("celery/bridge.py", "class Bridge:\n    def rows(self):\n        return self._app.store"),
    ],
)
def test_a_door_that_uses_the_store_is_found(path, text):
    """It may import the store, open it, or get it from another part."""
    [found] = doors_to_the_store({f"{CORE}/{path}": text})

    assert found.startswith(f"{module_name(f'{CORE}/{path}')}:")


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("rest/routes.py", "def routes(app):\n    return app.deliveries.backlog(), app.restore, 'store'"),
        ("cli/user.py", "from ..app import open_accounts"),
        ("app.py", "from .store import Store\ndef use(app):\n    return app.store"),
    ],
)
def test_a_door_that_calls_rules_is_allowed(path, text):
    """The parts below the doors may use the store."""
    assert [] == doors_to_the_store({f"{CORE}/{path}": text})


def test_a_part_that_does_not_exist_is_found():
    """Without any sources no part exists."""
    assert "delivery" in ghosts({f"{CORE}/event.py": ""})
    assert "event" not in ghosts({f"{CORE}/event.py": ""})


def test_a_cycle_is_found():
    """It may be within a folder and through a function."""
    sources = {
        f"{CORE}/store/__init__.py": "from .first import one",
        f"{CORE}/store/first.py": "from . import second",
        f"{CORE}/store/second.py": "def late():\n    from .first import one",
    }

    assert [[f"{CORE}.store.first", f"{CORE}.store.second", f"{CORE}.store.first"]] == cycles(sources)


@pytest.mark.parametrize(
    ("path", "text"),
    [
        ("delivery/worker.py", "import kombu"),
        ("delivery/worker.py", "def late():\n    from kombu.utils import json"),
        ("store/tables.py", "import stevedore.driver"),
        ("cli/table.py", "import requests"),
        ("cli/client_side.py", "import requests"),
        ("app.py", "import numpy"),
    ],
)
def test_a_second_owner_is_found(path, text):
    """A library that the rules do not name has no owner at all."""
    assert [] != not_owned({f"{CORE}/{path}": text})


def test_an_owner_may_import_its_library():
    """Every module of an owning folder may."""
    sources = {
        f"{CORE}/broker.py": "import kombu.pools\nfrom amqp import exceptions",
        f"{CORE}/store/migrations/env.py": "import json\nfrom sqlalchemy import text",
        f"{CORE}/cli/client.py": "import click",
    }

    assert [] == not_owned(sources)


@pytest.mark.parametrize(
    "text",
    [
        "from pulp_notifiers.records import MASK",
        "from pulp_notifiers import settings",
        "from pulp_notifiers import __version__",
        "import pulp_notifiers.store",
        "def late():\n    from pulp_notifiers.testing.http import HttpReceiver",
    ],
)
def test_a_privileged_plugin_is_found(text):
    """It may import nothing but the plugin API."""
    assert [] != beyond_plugin_api({"a-plugin/a_plugin.py": text})


def test_a_plugin_may_import_the_plugin_api():
    """Both forms of the statement are allowed."""
    text = "from pulp_notifiers.event import Event\nfrom pulp_notifiers import notifier, errors\nimport requests"

    assert [] == beyond_plugin_api({"a-plugin/a_plugin.py": text})
