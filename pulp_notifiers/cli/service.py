"""``serve``, ``worker`` and ``source run``: the processes that run until they are stopped."""

import logging
import os
import re
import signal
import sys
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

import click

from .output import echo

if TYPE_CHECKING:
    from ..app import App

_LOG_FORMAT = "%(asctime)s %(levelname)-7s %(name)s: %(message)s"
_BIND = re.compile(r"(?P<host>.+):(?P<port>\d{1,5})")
_HIGHEST_PORT = 65535

_logger = logging.getLogger(__name__)


def _is_bind(context: click.Context, parameter: click.Parameter, value: str | None) -> str | None:
    found = _BIND.fullmatch(value) if value is not None else None
    if value is not None and (found is None or int(found["port"]) > _HIGHEST_PORT):
        raise click.BadParameter("write ADDRESS:PORT", context, parameter)
    return value


@click.command()
@click.option("--bind", metavar="ADDRESS:PORT", callback=_is_bind, help="Where to listen, instead of the setting.")
@click.option("--no-worker", is_flag=True, help="Leave all deliveries to pulp-notifiers worker.")
@click.option("--no-sources", is_flag=True, help="Leave all sources to another process.")
def serve(bind: str | None, no_worker: bool, no_sources: bool) -> None:
    """Serve the REST API, make deliveries and run sources, until SIGTERM or Ctrl-C."""
    from ..rest import listen

    with suppress(KeyboardInterrupt), _running_app({} if bind is None else {"PULP_NOTIFIERS_BIND": bind}) as app:
        listening = listen(app)
        _warn_of_unknown_variables(app)
        _ensure_admin(app)
        app.stream.connect()
        if not no_worker:
            app.worker.start()
        if not no_sources:
            app.source_runner.start()
        # The server takes half of the start to import; what is owed is delivered meanwhile.
        from ..rest import RestServer

        RestServer(app, listening).run()


@click.command()
def worker() -> None:
    """Make deliveries, and serve nothing, until SIGTERM or Ctrl-C."""
    from ..rest import OAuthSettings, RestSettings

    with suppress(KeyboardInterrupt), _running_app({}) as app:
        # Only the REST service needs these settings, but both may be started with the same environment.
        app.settings.section("oauth", OAuthSettings)
        app.settings.section("rest", RestSettings)
        _warn_of_unknown_variables(app)
        app.worker.start()
        _logger.info("The worker runs with %d threads", app.own.worker_threads)
        threading.Event().wait()


@click.command("run")
@click.argument("names", metavar="[NAME]...", nargs=-1)
def run_sources(names: tuple[str, ...]) -> None:
    """Run sources on this machine, and neither serve nor deliver, until SIGTERM or Ctrl-C.

    Runs those that no other process runs, and takes over those of a process that ends. With names, only these sources.
    """
    with suppress(KeyboardInterrupt), _running_app({}) as app:
        _warn_of_unknown_variables(app)
        for name in names:
            app.sources.get(name)
        app.stream.connect()
        app.source_runner.start(names or None)
        _logger.info("Sources are run by %s", app.source_runner.owner)
        threading.Event().wait()


@contextmanager
def _running_app(overrides: Mapping[str, str]) -> Iterator["App"]:
    """Yield an app whose settings have been checked; SIGTERM and SIGINT raise KeyboardInterrupt and close it.

    :param overrides: environment variables to add.
    """
    from ..app import App
    from ..settings import Settings
    from ..wiring import created_files, exposed_files, missing_files
    from .client_settings import ClientSettings

    signal.signal(signal.SIGTERM, signal.default_int_handler)
    settings = Settings.load({**os.environ, **overrides})
    _start_log(settings.own().log_level)
    missing = missing_files(settings.own())
    with App.from_settings(settings) as app:
        created = created_files(missing)
        if created is not None:
            _logger.info("%s", created)
        for sentence in exposed_files(settings.own(), settings):
            _logger.error("%s", sentence)
        app.log_problems()
        settings.section("client", ClientSettings)
        yield app


def _start_log(level: str) -> None:
    logging.basicConfig(level=level, format=_LOG_FORMAT, stream=sys.stderr)
    if level == "INFO":
        for chatty in ("alembic", "uvicorn"):
            logging.getLogger(chatty).setLevel(logging.WARNING)
    if level != "DEBUG":
        # Of broken connections, which are reported once, without a traceback, by whoever used them.
        for repeating in ("psycopg", "sqlalchemy.pool"):
            logging.getLogger(repeating).setLevel(logging.CRITICAL)
    # It logs whole URLs at debug level, and the query of a webhook is often its password; its warnings quote what the
    # other side sent, without a bound.
    logging.getLogger("urllib3").setLevel(logging.ERROR)


def _warn_of_unknown_variables(app: "App") -> None:
    for variable in app.settings.unknown_variables():
        _logger.warning("The environment variable %s is not a setting and has no effect", variable)


def _ensure_admin(app: "App") -> None:
    password = app.accounts.ensure_admin(os.environ.get("PULP_NOTIFIERS_ADMIN_PASSWORD"))
    if password is not None:
        # Not in the log, which others may read and keep.
        echo(f"Created the user admin with the password {password} (it is not shown again).", err=True)
