"""Notifier that posts events to a URL (type ``http``)."""

from .config import HttpConfig
from .notifier import HttpNotifier
from .request import HttpRequest, render

__all__ = ["HttpConfig", "HttpNotifier", "HttpRequest", "render"]
