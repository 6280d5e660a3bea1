"""What really happened to the tasks of a Pulp 3, recorded by triggers in its database."""

from dataclasses import dataclass
from datetime import datetime

from tests.harness.postgres import PostgreSQL

_BEGIN = """
CREATE SCHEMA truth;
CREATE TABLE truth.transition (
    number bigserial PRIMARY KEY, task uuid, name text, state text, at timestamptz DEFAULT clock_timestamp()
);
CREATE FUNCTION truth.record() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    IF TG_OP = 'INSERT' OR NEW.state IS DISTINCT FROM OLD.state THEN
        INSERT INTO truth.transition (task, name, state) VALUES (NEW.pulp_id, NEW.name, NEW.state);
    END IF;
    RETURN NULL;
END $$;
CREATE TRIGGER record AFTER INSERT OR UPDATE ON core_task FOR EACH ROW EXECUTE FUNCTION truth.record();
CREATE TABLE truth.creation (number bigserial PRIMARY KEY, task uuid, model text);
CREATE FUNCTION truth.record_creation() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    INSERT INTO truth.creation (task, model)
    SELECT NEW.task_id, model FROM django_content_type WHERE id = NEW.content_type_id;
    RETURN NULL;
END $$;
CREATE TRIGGER record AFTER INSERT ON core_createdresource FOR EACH ROW EXECUTE FUNCTION truth.record_creation();
"""
_READ_TRANSITIONS = """
SELECT task, name, state, to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US+00:00')
FROM truth.transition ORDER BY number
"""
_READ_CREATIONS = "SELECT task, model FROM truth.creation ORDER BY number"


@dataclass(frozen=True)
class Transition:
    """A state that a task reached, as the server's database committed it.

    :ivar task: the task's UUID as text.
    :ivar name: the task's name.
    :ivar at: when it was committed, by the database's clock.
    """

    task: str
    name: str
    state: str
    at: datetime


class TaskRecord:
    """The record of one server, from :meth:`begin` on."""

    def __init__(self, postgresql: PostgreSQL, database_url: str) -> None:
        self._postgresql = postgresql
        self._database_url = database_url

    def begin(self) -> None:
        """Start the record; Pulp's tables must exist."""
        self._postgresql.query(self._database_url, _BEGIN)

    def transitions(self) -> list[Transition]:
        """Return every state that any task has reached so far, in the order of the commits."""
        rows = self._postgresql.query(self._database_url, _READ_TRANSITIONS)
        return [Transition(task, name, state, datetime.fromisoformat(at)) for task, name, state, at in rows]

    def creations(self) -> list[tuple[str, str]]:
        """Return what tasks created: the task's UUID, and a kind such as ``repositoryversion``."""
        return [(task, model) for task, model in self._postgresql.query(self._database_url, _READ_CREATIONS)]
