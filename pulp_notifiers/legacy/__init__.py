"""The Python names of Pulp 2.7, for code that is moved over unchanged (CONTRACT 2.3, 2.5 and 6).

Each warns once, and says which name to use instead. Without ``app=`` they share an :class:`~pulp_notifiers.app.App` of
this process, made from its settings on first use. That App runs no worker: ``pulp-notifiers serve`` or
``pulp-notifiers worker`` delivers what is fired here.
"""

from .current_task import current_task
from .fire import EventFireManager
from .listeners import EventListenerManager
from .shared_app import close
from .topic import TopicPublishManager

__all__ = ["EventFireManager", "EventListenerManager", "TopicPublishManager", "close", "current_task"]
