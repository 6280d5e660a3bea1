"""Conditions and templates: what they cost, and what hostile ones cost."""
