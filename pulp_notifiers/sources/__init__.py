"""Sources: the rules for adding them, which process runs each of them, and what they hand over.

::

    rules         what may be added, what is shown, and how requirements are checked
    runner        leases sources for this process and runs those that no other process runs
    run           one source in its thread: runs it, waits after a failure, and keeps its status
    intake        where a running source hands over events, task reports and what it remembers
    lease_holder  names a process, so that others on its machine notice that it died
"""

from .intake import Engine, plain_facts
from .rules import Sources
from .run import RunOptions
from .runner import SourceRunner

__all__ = ["Engine", "RunOptions", "SourceRunner", "Sources", "plain_facts"]
