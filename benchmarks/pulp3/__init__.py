"""The Pulp 3 source."""
