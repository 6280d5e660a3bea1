"""Source that watches the tasks of a Pulp 3 server (type ``pulp3``)."""

from .config import Pulp3Config
from .source import Pulp3Source

__all__ = ["Pulp3Config", "Pulp3Source"]
