"""Publishes events to a topic exchange of a messaging server (type ``amqp``)."""

from .notifier import AmqpConfig, AmqpNotifier, render

__all__ = ["AmqpConfig", "AmqpNotifier", "render"]
