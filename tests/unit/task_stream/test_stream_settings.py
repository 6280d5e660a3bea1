"""The section [messaging] decides whether the stream is published, and where to."""

import pytest

from pulp_notifiers.broker import MessagingSettings
from pulp_notifiers.errors import InvalidSetting
from pulp_notifiers.settings import Settings
from pulp_notifiers.task_stream import Counts, NoPublisher, status_publisher
from tests.support.stream import REPORT


def test_the_stream_is_disabled_by_default():
    """It costs nothing then, and Pulp's default URL is no mistake."""
    publisher = status_publisher(Settings().section("messaging", MessagingSettings))

    publisher.publish(REPORT)

    assert isinstance(publisher, NoPublisher)
    assert publisher.flush(0)
    assert Counts() == publisher.counts
    publisher.close()


def test_the_stream_can_be_enabled():
    """It connects with the first report."""
    publisher = status_publisher(
        MessagingSettings(event_notifications_enabled=True, event_notification_url="tcp://localhost")
    )

    assert not isinstance(publisher, NoPublisher)
    publisher.close()


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        ("qpid+carrier-pigeon://loft", "reached over qpid:// or qpids://"),
        ("carrier-pigeon://loft", "no transport"),
        ("", "name a messaging server"),
    ],
)
def test_a_url_that_cannot_work_is_refused_at_start(url, sentence):
    """The sentence names file, section and key, and says what to write."""
    section = {"event_notifications_enabled": "true"} | ({} if url is None else {"event_notification_url": url})

    with pytest.raises(InvalidSetting) as raised:
        Settings({"messaging": section}).section("messaging", MessagingSettings)

    assert "[messaging] event_notification_url" in str(raised.value)
    assert sentence in str(raised.value)


def test_the_certificate_files_of_a_stream_over_tls_must_be_readable():
    """Even if the server of amqp listeners needs none."""
    section = {
        "event_notifications_enabled": "true",
        "event_notification_url": "amqps://localhost",
        "cacert": "/nowhere/ca.pem",
    }

    with pytest.raises(InvalidSetting) as raised:
        Settings({"messaging": section}).section("messaging", MessagingSettings)

    assert "cacert" in str(raised.value)
