"""Pulp 2's API of listeners, served unchanged (CONTRACT 1): ``routes`` has the routes, ``errors`` Pulp 2's error
documents, and ``openapi`` the description of both in the OpenAPI document.
"""
