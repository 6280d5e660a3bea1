"""What to do if the stream's messaging server cannot be reached."""

from collections.abc import Callable
from typing import TypeVar

from ..broker import MessagingSettings
from ..errors import PermanentFailure, TemporaryFailure

T = TypeVar("T")


def with_remedy(open_link: Callable[[], T], settings: MessagingSettings) -> Callable[[], T]:
    """Return the function with its failures naming the setting to check."""
    remedy = _remedy(settings)

    def opened() -> T:
        try:
            return open_link()
        except (TemporaryFailure, PermanentFailure) as failure:
            raise type(failure)(f"{failure.reason}. {remedy}") from None

    return opened


def _remedy(settings: MessagingSettings) -> str:
    if "event_notification_url" in settings.model_fields_set:
        return (
            "Fix that on the server (connecting is tried again), or correct [messaging] event_notification_url and "
            "restart."
        )
    return (
        "[messaging] event_notification_url is not set, and this is Pulp 2's default: start a server there "
        "(connecting is tried again), or set the URL of yours, or event_notifications_enabled to false, and restart."
    )
