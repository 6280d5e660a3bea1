"""What ``tail`` and ``wait`` share: the messages of the task-status stream, and how to show tasks.

::

    messages  the stream, over outages of the messaging server
    progress  how far a task is, from a progress report of any shape
    task      what a person wants to know of a task
    lines     changes as lines
    board     the tasks of a live table, and which of them are worth a place
    table     the live table itself (rich)
    bar       one task as a line that is drawn anew (rich)
    output    standard output of a command that goes on and on
"""
