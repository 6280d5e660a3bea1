"""Plugins as the engine loads and calls them, for their own tests."""

from ..plugin_host import LegacyEvent, LoadedNotifier, LoadedSourceType

__all__ = ["LegacyEvent", "LoadedNotifier", "LoadedSourceType"]
