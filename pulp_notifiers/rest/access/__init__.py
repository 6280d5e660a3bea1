"""Authentication and permissions: ``gate`` identifies the user and checks the permission, ``credentials`` parses Basic
credentials and certificate subjects, and ``oauth`` verifies OAuth 1 signatures. Users and grants are in
:mod:`pulp_notifiers.access`.
"""
