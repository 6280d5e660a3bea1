"""What a stream did so far, and how it is now."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Counts:
    """What became of the reports so far.

    :ivar published: the messaging server confirmed them.
    :ivar dropped: the server was away, refused them or was too slow, or the connection broke before it confirmed them.
    :ivar unrenderable: they have no JSON form.
    """

    published: int = 0
    dropped: int = 0
    unrenderable: int = 0


@dataclass(frozen=True, slots=True)
class Health:
    """The state of the stream of this process.

    :ivar connected: a connection is open; the first message opens it.
    :ivar outage_since: since when messages are dropped; None while they are not.
    :ivar problem: the setting to correct before anything can be published, and how; None if there is none.
    """

    enabled: bool = False
    connected: bool = False
    outage_since: datetime | None = None
    problem: str | None = None
