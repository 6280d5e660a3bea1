"""Pulp 2's API of listeners, served unchanged."""
