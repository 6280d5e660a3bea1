"""The URL paths of the two APIs."""

API = "/pulp/api/"
V2 = f"{API}v2/"
V3 = f"{API}v3/"
OWN = f"{V3}notifications/"
OPENAPI = f"{OWN}docs/api.json"
LEGACY_PAGE = f"{OWN}docs/legacy/"
