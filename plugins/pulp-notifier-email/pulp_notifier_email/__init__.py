"""Sends events by e-mail: one mail for each address of a listener."""

from .identity import Identity
from .message import render
from .notifier import EmailNotifier
from .options import EmailConfig, EmailSettings
from .readable import render_readable

__all__ = ["EmailConfig", "EmailNotifier", "EmailSettings", "Identity", "render", "render_readable"]
