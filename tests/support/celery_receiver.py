"""An application in memory that takes the reports of the Celery bridge."""

from pulp_notifiers.errors import StoreUnavailable


class Stream:
    """A stream that keeps its reports."""

    def __init__(self):
        self.published = []
        self.flushed = 0

    def publish(self, report):
        self.published.append(report)

    def flush(self, timeout_seconds):
        self.flushed += 1
        return True


class Receiver:
    """An application whose database can be away.

    :ivar away: its database is.
    :ivar broken: it raises an unexpected error.
    """

    def __init__(self):
        self.stream = Stream()
        self.taken = []
        self.asked = 0
        self.away = self.broken = False

    def task_changed(self, report):
        self.asked += 1
        self.stream.publish(report)
        if self.broken:
            raise ZeroDivisionError
        if self.away:
            raise StoreUnavailable("The database is away.")
        self.taken.append(report)
        return 0

    def states(self):
        return [report.state for report in self.taken]
