"""The closed list of filters."""

from ..operation import Operation, by_name
from .lists import LIST_FILTERS
from .numbers import NUMBER_FILTERS
from .texts import TEXT_FILTERS
from .times import TIME_FILTERS
from .values import VALUE_FILTERS

FILTERS: dict[str, Operation] = by_name(
    (*VALUE_FILTERS, *TEXT_FILTERS, *NUMBER_FILTERS, *TIME_FILTERS, *LIST_FILTERS),
    {"d": "default", "count": "length", "escape": "e", "filesizeformat": "filesize"},
)
"""By name, the short and the older names of Jinja among them."""
