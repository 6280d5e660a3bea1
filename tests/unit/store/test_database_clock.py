"""The time by the database's clock."""

from datetime import datetime, timedelta

from pulp_notifiers.errors import StoreUnavailable
from pulp_notifiers.store.database_clock import DatabaseClock
from tests.support.memory import START


class Scene:
    """A database's clock and monotonic seconds, both of which a test advances."""

    def __init__(self) -> None:
        self.now: datetime | None = START
        self.seconds = 100.0
        self.reads = 0
        self.clock = DatabaseClock(self.read, lambda: self.seconds)

    def read(self) -> datetime:
        """Return the database's time."""
        self.reads += 1
        if self.now is None:
            raise StoreUnavailable("down")
        return self.now


def test_the_time_is_read_once_in_ten_seconds_and_counted_meanwhile():
    """A read for each event would cost a round trip."""
    scene = Scene()

    assert START == scene.clock()
    scene.seconds += 9
    assert START + timedelta(seconds=9) == scene.clock()
    assert 1 == scene.reads


def test_a_change_of_the_database_s_clock_is_seen_after_ten_seconds():
    """Whatever the clock of this machine shows."""
    scene = Scene()
    scene.clock()
    scene.seconds += 10
    scene.now = START - timedelta(days=2)

    assert scene.now == scene.clock()


def test_the_last_known_time_is_counted_on_while_the_database_does_not_answer():
    """It is asked again later, not with each call."""
    scene = Scene()
    scene.clock()
    scene.now, scene.seconds = None, scene.seconds + 15

    assert [START + timedelta(seconds=15)] * 3 == [scene.clock() for _ in range(3)]
    assert 2 == scene.reads


def test_the_machine_s_own_time_counts_until_the_database_has_answered():
    """Nothing can be stored then anyway."""
    scene = Scene()
    scene.now = None

    assert timedelta(minutes=1) > abs(datetime.now(START.tzinfo) - scene.clock())
