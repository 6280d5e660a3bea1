"""The rules for listeners: those of Pulp 2 and those of the product's own API.

::

    registered       looking up, showing and deleting, the same for both
    own              the product's own rules; checks has the single ones
    pulp2            Pulp 2's rules, and pulp2_document its document
    topic            the listener behind an exchange that code of Pulp 2 publishes to
"""

from .own import OwnListeners
from .pulp2 import Pulp2Listeners
from .pulp2_document import LISTENERS, listener_document, listener_href
from .topic import TopicListeners

__all__ = [
    "LISTENERS",
    "OwnListeners",
    "Pulp2Listeners",
    "TopicListeners",
    "listener_document",
    "listener_href",
]
