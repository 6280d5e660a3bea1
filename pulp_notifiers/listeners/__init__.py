"""The rules for listeners: those of Pulp 2 and those of the product's own API."""

from .pulp2_document import LISTENERS, listener_document, listener_href
from .rules import Listeners

__all__ = ["LISTENERS", "Listeners", "listener_document", "listener_href"]
