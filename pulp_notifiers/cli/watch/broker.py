"""The messaging server to watch: that of the settings, or that of ``--broker``."""

import os
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

import click

from ...errors import InvalidSetting
from ...server_conf import settings_file

if TYPE_CHECKING:
    from ...broker import Broker

CHECK_SETTING = "Check --broker, or [messaging] event_notification_url in the settings."

_OR_OPTION = "Set it to the server that Pulp publishes to, or give --broker URL."


def broker_option(command: Callable[..., Any]) -> Callable[..., Any]:
    """Add the option ``--broker``."""
    return click.option(
        "--broker",
        "broker_url",
        metavar="URL",
        callback=_checked_url,
        help="Messaging server, such as amqp://user:password@host/vhost, or qpid://host for AMQP 1.0; [messaging] "
        "event_notification_url in the settings.",
    )(command)


def broker_of(broker_url: str | None, environ: Mapping[str, str] = os.environ) -> "Broker":
    """Return the messaging server to connect to.

    :param broker_url: of the command line; None for that of the settings.
    :raises InvalidSetting: the settings name no usable server.
    """
    from ...broker import StreamMessagingSettings
    from ...settings import Settings

    # The option replaces the setting before that is checked: it may be wrong, and the reason to give the option.
    given = {} if broker_url is None else {"PULP_NOTIFIERS_MESSAGING_EVENT_NOTIFICATION_URL": broker_url}
    settings = Settings.load({**environ, **given}).section("messaging", StreamMessagingSettings)
    # Pulp's default is a server only for those who switched the stream on without naming another.
    named = settings.event_notifications_enabled or "event_notification_url" in settings.model_fields_set
    if broker_url is None and not named:
        raise InvalidSetting(
            "[messaging] event_notification_url is not set, so there is no messaging server to read from. Set it in "
            f"{settings_file(environ)}, or as PULP_NOTIFIERS_MESSAGING_EVENT_NOTIFICATION_URL, to the server that Pulp "
            "publishes to, such as amqp://user:password@host/vhost; or give --broker URL."
        )
    try:
        broker = settings.status_broker()
    except ValueError as error:
        raise InvalidSetting(f"[messaging] event_notification_url cannot be used: {error}. {_OR_OPTION}") from None
    if not broker.urls:
        raise InvalidSetting(f"[messaging] event_notification_url names no messaging server. {_OR_OPTION}")
    return broker


def broker_address(broker_url: str | None) -> str:
    """Return the messaging server's address without user and password."""
    from ...broker import display_url

    return display_url(broker_of(broker_url).urls[0]).rstrip("/")


def _checked_url(context: click.Context, parameter: click.Parameter, value: str | None) -> str | None:
    if value is None:
        return None
    from ...broker import broker_urls

    try:
        if broker_urls(value):
            return value
    except ValueError as error:
        raise click.BadParameter(str(error), context, parameter) from None
    raise click.BadParameter("name a messaging server", context, parameter)
