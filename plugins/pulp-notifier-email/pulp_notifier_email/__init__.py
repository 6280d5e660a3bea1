"""Sends events by e-mail: one mail for each address of a listener."""

from .message import render
from .notifier import EmailNotifier
from .options import EmailConfig, EmailSettings

__all__ = ["EmailConfig", "EmailNotifier", "EmailSettings", "render"]
