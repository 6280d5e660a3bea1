"""``tail`` and ``wait``: watch tasks on the task-status stream.

::

    tail            the command tail
    wait            the command wait
    task_feed       the messages of the stream, over outages of the messaging server
    broker          the messaging server of the settings or of --broker
    progress        how far a task is, from a progress report of any shape
    task            what a person wants to know about a task
    lines           changes as lines of text
    task_list       the tasks of the live table, and their order
    table           the live table itself (rich)
    progress_line   one task as a line that is redrawn (rich)
    output          standard output of a command that runs until it is stopped
"""

from .tail import tail
from .wait import wait

__all__ = ["tail", "wait"]
