"""Senders of mail."""

import smtplib
from email.message import EmailMessage

from ...rounds import Figures
from ..events import text
from .loop import Send, send_in_loop

SMTPLIB = "smtplib, one connection"
APPRISE = "Apprise mailto://"
PEERS = (SMTPLIB, APPRISE)

SENDER, RECIPIENT, SUBJECT = "pulp@example.com", "operators@example.com", "Pulp notification"


def measure(name: str, port: int, count: int) -> Figures:
    """Return how fast one of the others mails this many events."""
    return send_in_loop(_by_smtplib(port) if name == SMTPLIB else _by_apprise(port), count)


def _by_smtplib(port: int) -> Send:
    connection = smtplib.SMTP("127.0.0.1", port)

    def send(number: int) -> None:
        message = EmailMessage()
        message["From"], message["To"], message["Subject"] = SENDER, RECIPIENT, SUBJECT
        message.set_content(text(number))
        connection.send_message(message)

    return send


def _by_apprise(port: int) -> Send:
    import apprise  # noqa: PLC0415  only its own measurement pays for it

    sender = apprise.Apprise()
    sender.add(f"mailto://127.0.0.1:{port}/?smtp=127.0.0.1&from={SENDER}&to={RECIPIENT}&format=text")
    for each in sender:
        each.request_rate_per_sec = 0  # it waits 5.5 s before each mail otherwise

    def send(number: int) -> None:
        if not sender.notify(title=SUBJECT, body=text(number)):
            raise RuntimeError("Apprise could not send")

    return send
