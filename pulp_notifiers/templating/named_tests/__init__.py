"""The closed list of tests: what may stand behind ``is``."""

from ..operation import Operation, by_name
from .kinds import KIND_TESTS
from .matching import MATCHING_TESTS
from .versions import VERSION_TESTS

TESTS: dict[str, Operation] = by_name(
    (*KIND_TESTS, *MATCHING_TESTS, *VERSION_TESTS), {"search": "regex", "version_compare": "version"}
)
"""By name, the names that Ansible uses among them."""
