"""``serve`` and ``worker``: the processes that stay."""

import logging
import os
import re
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from ..app import App

_LOG_FORMAT = "%(asctime)s %(levelname)-7s %(name)s: %(message)s"
_BIND = re.compile(r"(?P<host>.+):(?P<port>\d{1,5})")
_HIGHEST_PORT = 65535
_ENDING = (signal.SIGTERM, signal.SIGINT)

_logger = logging.getLogger(__name__)


def _is_bind(context: click.Context, parameter: click.Parameter, value: str | None) -> str | None:
    found = _BIND.fullmatch(value) if value is not None else None
    if value is not None and (found is None or int(found["port"]) > _HIGHEST_PORT):
        raise click.BadParameter("write ADDRESS:PORT", context, parameter)
    return value


@click.command()
@click.option("--bind", metavar="ADDRESS:PORT", callback=_is_bind, help="Where to listen, in place of the setting.")
@click.option("--no-worker", is_flag=True, help="Leave all deliveries to pulp-notifiers worker.")
def serve(bind: str | None, no_worker: bool) -> None:
    """Serve the REST API and carry out deliveries, until SIGTERM or Ctrl-C."""
    from ..rest.server import serve as serve_rest

    with _running_app() as app:
        _ensure_admin(app)
        if not no_worker:
            app.worker.start()
        host, port = _split_bind(bind or app.own.bind)
        serve_rest(app, host, port)


@click.command()
def worker() -> None:
    """Carry out deliveries, and serve nothing, until SIGTERM or Ctrl-C."""
    with _running_app() as app, _signals_to_end() as wait_for_one:
        app.worker.start()
        _logger.info("The worker runs with %d threads", app.own.worker_threads)
        wait_for_one()


@contextmanager
def _running_app() -> Iterator["App"]:
    """Give a wired app, after everything that can be wrong with the settings was looked at."""
    from ..app import App
    from ..settings import Settings
    from .client import ClientSettings

    settings = Settings.load()
    logging.basicConfig(level=settings.own().log_level, format=_LOG_FORMAT, stream=sys.stderr)
    with App.from_settings(settings) as app:
        app.registry.require_settings()
        settings.section("client", ClientSettings)
        for variable in settings.unknown_variables():
            _logger.warning("The environment variable %s is no setting and has no effect", variable)
        yield app


def _ensure_admin(app: "App") -> None:
    password = app.accounts.ensure_admin(os.environ.get("PULP_NOTIFIERS_ADMIN_PASSWORD"))
    if password is not None:
        # Not by the log, which others may read and keep.
        click.echo(f"Created the user admin with the password {password} (it is not shown again).", err=True)


@contextmanager
def _signals_to_end() -> Iterator[Callable[[], object]]:
    """Give a function that returns when SIGTERM or SIGINT came; after the block, the next of them ends the process."""
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    # Written to by whichever thread the signal interrupts, so that the main thread may sleep in a system call.
    signal.set_wakeup_fd(writing)
    for number in _ENDING:
        signal.signal(number, lambda *_: None)
    try:
        yield lambda: os.read(reading, 1)
    finally:
        for number in _ENDING:
            signal.signal(number, signal.SIG_DFL)
        signal.set_wakeup_fd(-1)
        os.close(reading)
        os.close(writing)


def _split_bind(bind: str) -> tuple[str, int]:
    host, _, port = bind.rpartition(":")
    return host.strip("[]"), int(port)
