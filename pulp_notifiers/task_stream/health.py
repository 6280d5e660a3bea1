"""What a stream did so far, and how it is now."""

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Counts:
    """What became of the reports so far; each is counted in one place, once it is neither queued nor on its way.

    :ivar published: the messaging server confirmed them.
    :ivar late: it confirmed them too, but could not take them at first: each was the last state of its task.
    :ivar dropped: a newer report of the same task replaced them while the server was away or too slow, the server
        refused them, or too much was remembered.
    :ivar remembered: now, to be sent when the server takes messages again.
    :ivar unrenderable: they have no JSON form.
    """

    published: int = 0
    late: int = 0
    dropped: int = 0
    remembered: int = 0
    unrenderable: int = 0


@dataclass(frozen=True, slots=True)
class Health:
    """The state of the stream of this process.

    :ivar connected: a connection is open; the first message opens it.
    :ivar outage_since: since when messages cannot be published in time; None while they can.
    :ivar problem: the setting to correct before anything can be published, and how; None if there is none.
    """

    enabled: bool = False
    connected: bool = False
    outage_since: datetime | None = None
    problem: str | None = None
