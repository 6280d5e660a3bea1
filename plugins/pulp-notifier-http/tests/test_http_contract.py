"""The http notifier passes the contract kit."""

import pytest
from pulp_notifier_http import HttpNotifier

from pulp_notifiers.testing.contract import NotifierContract
from pulp_notifiers.testing.http import HttpReceiver

LOGIN = {
    "username": "joe",
    "password": "correct horse battery staple",
    "token": "not-to-be-shown",
    "headers": {"X-Api-Key": "nor-this-one"},
}


class TestHttpNotifier(NotifierContract):
    """The receiver refuses requests to one of its paths."""

    notifier = HttpNotifier
    invalid_options = (
        ({}, ["url"]),
        ({"url": "ftp://receiver.example/"}, ["url"]),
        ({"url": 7, "username": [], "password": {}, "ca_path": {}}, ["url", "username", "password", "ca_path"]),
        ({"url": "x", "cert": 1.5, "key": [], "token": "a b", "headers": 5}, ["url", "key", "token", "headers"]),
    )
    secrets = ("in-the-url", "nor-this-one")

    @pytest.fixture(autouse=True)
    def _receiver(self):
        with HttpReceiver(lambda request: 500 if "refuse" in request.path else 200) as self.receiver:
            base = f"127.0.0.1:{self.receiver.port}"
            self.options = {"url": f"http://{base}/events?a=b", **LOGIN}
            self.failing_options = (
                {"url": f"http://{base}/refuse?a=b", **LOGIN},
                {"url": f"http://joe:in-the-url@{base}/refuse?a=b"},
                {"url": f"https://joe:in-the-url@{base}/events?a=b"},
                {"url": "http://joe:in-the-url@127.0.0.1:9/?a=b"},
            )
            yield

    def received(self, count):
        """Return the event ids in the headers."""
        return [request.headers["Pulp-Event-Id"] for request in self.receiver.wait_for(count)]
