"""The database: everything that is stored, and the only SQL (owner of SQLAlchemy, Alembic and cryptography).

::

    store           one database: upgrades and checks its schema, and holds the groups of rows below
    listeners       listeners, and the revision that every change of one raises
    listener_names  which names of listeners are free
    listener_errors conditions and templates of listeners that failed
    outbox          writes events with their deliveries, and what a source remembers, in one transaction
    pieces          writes an event with very many deliveries in several transactions
    event_content   whether events with the same id have the same content
    event_columns   values of payloads by which events are listed
    addition        rows to write of events, and the keys of their lanes
    claims          leases due lanes to workers and records the outcomes of attempts
    due_lanes       chooses the lanes to lease next
    events          lists events
    history         lists deliveries and attempts, counts the backlog
    pruning         deletes old deliveries and events
    sources         sources, their leases and their status
    source_memory   what sources remember, written under their lease
    templates       templates
    users           users and grants
    sealed_configs  configs, encrypted at rest
    vault           the key file and the encryption
    database        reads and writes on SQLite and PostgreSQL
    engine          the driver's connections, with time-outs
    postgres        connections to PostgreSQL: deadlines, and what differs behind a pooler
    health          what the log says about the database, and a check that writes
    refusals        why the database refused, in one line
    database_clock  the time by the database's clock, on PostgreSQL
    transactions    one transaction, repeated after a deadlock or on a closed connection
    group_commit    functions that wait share the next transaction
    statement       SQL that each event runs, on the driver's own connection
    schema          the tables of the newest revision
    migration       upgrades from older revisions; migrations/ has the steps
"""

from typing import TYPE_CHECKING

from .engine import database_file
from .store import Store

if TYPE_CHECKING:
    from .vault import Vault

__all__ = ["Store", "Vault", "database_file"]

if not TYPE_CHECKING:  # who needs the users only must not load cryptography

    def __getattr__(name: str) -> object:
        if name != "Vault":
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        from .vault import Vault  # noqa: PLC0415

        return Vault
