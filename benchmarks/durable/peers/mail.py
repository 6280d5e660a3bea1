"""Senders of mail."""

import smtplib
import time
from collections.abc import Callable
from email.message import EmailMessage
from typing import Any

from ...rounds import Figures
from ..events import text

SMTPLIB = "smtplib, one connection"
APPRISE = "Apprise mailto://"
PEERS = (SMTPLIB, APPRISE)

SENDER, RECIPIENT, SUBJECT = "pulp@example.com", "operators@example.com", "Pulp notification"


def measure(name: str, port: int, count: int) -> Figures:
    """Return how fast one of the others mails this many events."""
    send = _by_smtplib(port) if name == SMTPLIB else _by_apprise(port)
    for number in range(20):
        send(number)
    began, cpu = time.perf_counter(), time.process_time()
    for number in range(count):
        send(number)
    seconds, cpu = time.perf_counter() - began, time.process_time() - cpu
    return {"rate": count / seconds, "cpu": cpu * 1000 / count}


def _by_smtplib(port: int) -> Callable[[int], Any]:
    connection = smtplib.SMTP("127.0.0.1", port)

    def send(number: int) -> None:
        message = EmailMessage()
        message["From"], message["To"], message["Subject"] = SENDER, RECIPIENT, SUBJECT
        message.set_content(text(number))
        connection.send_message(message)

    return send


def _by_apprise(port: int) -> Callable[[int], Any]:
    import apprise  # noqa: PLC0415  only its own measurement pays for it

    sender = apprise.Apprise()
    sender.add(f"mailto://127.0.0.1:{port}/?smtp=127.0.0.1&from={SENDER}&to={RECIPIENT}&format=text")
    for each in sender:
        each.request_rate_per_sec = 0  # it waits 5.5 s before each mail otherwise

    def send(number: int) -> None:
        if not sender.notify(title=SUBJECT, body=text(number)):
            raise RuntimeError("Apprise could not send")

    return send
