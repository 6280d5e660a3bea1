"""Durable notifications for Pulp: listeners, notifiers and the deliveries between them."""

__version__ = "0.1.0"
