"""The e-mail notifier passes the contract kit."""

import pytest
from pulp_notifier_email import EmailNotifier

from pulp_notifiers.testing.contract import NotifierContract
from pulp_notifiers.testing.smtp import SmtpReceiver

PASSWORD = "correct horse battery staple"


class TestEmailNotifier(NotifierContract):
    """The mail server requires a login and refuses one recipient."""

    notifier = EmailNotifier
    options = {"subject": "Pulp", "addresses": ["a@example.com", "b@example.com"]}
    failing_options = ({"subject": "Pulp", "addresses": ["nobody@example.com"]},)
    invalid_options = (
        ({}, ["subject", "addresses"]),
        ({"subject": "a\r\nBcc: c@example.com", "addresses": []}, ["subject", "addresses"]),
        ({"subject": "a", "addresses": ["a@example.com\nb"]}, ["addresses"]),
    )
    secrets = (PASSWORD,)

    @pytest.fixture(autouse=True)
    def _receiver(self, certificates):
        with SmtpReceiver("tls", certificate=certificates / "server.pem", login=("joe", PASSWORD)) as self.receiver:
            self.receiver.refuse("RCPT", "550 5.1.1 No such user", address="nobody@example.com")
            section = {"enabled": "true", "host": "127.0.0.1", "port": str(self.receiver.port), "tls": "tls"}
            login = {"username": "joe", "password": PASSWORD, "cacert": str(certificates / "ca.pem")}
            self.settings = {"email": {**section, **login}}
            yield

    def received(self, count):
        """Return the part of each Message-ID that is the event's id."""
        return [str(mail.message["Message-ID"])[1:37] for mail in self.receiver.wait_for(count)]


class TestSwitchedOff(NotifierContract):
    """Mail is switched off, which is the default."""

    notifier = EmailNotifier
    options = {"subject": "Pulp", "addresses": "a@example.com,b@example.com"}
    failing_options = (options,)
    reachable = False
