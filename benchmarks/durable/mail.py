"""Fire and mail end to end, against senders that keep nothing."""

from ..child import in_child
from ..rounds import Figures, medians
from ..tables import Column, print_table
from .databases import Databases, Section
from .engine import fire_and_deliver, running
from .limits import smtp_limit
from .options import Options
from .peers import mail as peers
from .smtp import MailServer

_COLUMNS = (
    Column("mails/s", "rate", "{:,.0f}"),
    Column("times smtplib", "times_smtplib", "{:.2f}"),
    Column("times Apprise", "times_apprise", "{:.2f}"),
    Column("CPU ms each", "cpu", "{:.2f}"),
    Column("peak memory, MB", "memory", "{:.0f}"),
)


def run(options: Options) -> None:
    """Measure and print."""
    count = options.size(400)
    with Databases(options.kinds) as databases, MailServer() as server:

        def one(name: str) -> Figures:
            if name in peers.PEERS:
                return in_child(peers.measure, name, server.port, count)
            with databases.fresh(name) as section:
                return in_child(measure, section, server.port, count)

        figures = medians([*options.kinds, *peers.PEERS], one, options.rounds)
        most = in_child(smtp_limit, server.port)["rate"]
        described = {kind: f"pulp-notifiers, {databases.described(kind)}" for kind in options.kinds}
    for each in figures.values():
        each["times_smtplib"] = each["rate"] / figures[peers.SMTPLIB]["rate"]
        each["times_apprise"] = each["rate"] / figures[peers.APPRISE]["rate"]
    print_table(
        "Fire and mail, end to end in one process",
        f"{count:,} events of 1.5 KB, one address, until the last delivery is recorded. The others send the same from "
        "a loop and record nothing, Apprise without its pause of 5.5 s before each mail. The SMTP receiver takes "
        f"{most:,.0f} mails/s; {options}.",
        _COLUMNS,
        {described.get(name, name): each for name, each in figures.items()},
    )


def measure(section: Section, port: int, count: int) -> Figures:
    """Return how fast events are fired and mailed."""
    email = {"enabled": "true", "host": "127.0.0.1", "port": str(port), "from": peers.SENDER}
    options = {"format": "legacy", "subject": peers.SUBJECT, "addresses": [peers.RECIPIENT]}
    with running(section, "email", options, email=email) as app:
        return fire_and_deliver(app, count)
