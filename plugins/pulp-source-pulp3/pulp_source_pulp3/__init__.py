"""Source that watches the tasks of a Pulp 3 server (type ``pulp3``).

::

    config       the options of a source
    source       runs the polls of all domains of a server
    checks       checks a server, and what the account may see, before it is watched
    server       version, domains and paths of a server
    client       one session with the server
    failures     failed requests as messages for an administrator
    reading      JSON, with values replaced that a database could not store
    tasks        the requests for tasks
    documents    a task document
    poll         watches the tasks of one domain
    cursor       the time of creation from which new tasks are requested
    backlog      which unfinished tasks a poll requests
    memory       what the watch of a domain remembers
    changes      the changes that a task document shows
    progress     which running tasks have new progress
    kinds        which tasks are watched, and which are syncs and publishes
    interest     which events listeners ask for
    translation  changes of tasks as task reports and repository events
    mapping      a task as the task report of Pulp 2
    repository_events  the payloads of repository events
    names        the names of repositories and remotes
    content      the names of content that was added and removed
    redact       removes credentials
"""

from .config import Pulp3Config
from .source import Pulp3Source

__all__ = ["Pulp3Config", "Pulp3Source"]
