"""The two rule books for listeners: Pulp 2's and the product's own.

::

    registered        looking up, showing, storing and deleting, the same in both
    own               the product's own rules
    checks            the single rules of own
    naming            its rules for name and labels
    conditions        its rules for conditions
    local_receivers   its rule for receivers on the service's own machine
    pulp2             Pulp 2's rules
    pulp2_document    a listener as Pulp 2 shows it
    topic             the listener behind an exchange that code of Pulp 2 publishes to
"""

from .local_receivers import LocalReceivers
from .naming import LABEL_KEY_PATTERN, MAX_LABEL_LENGTH, MAX_LABELS
from .own import OwnListeners
from .pulp2 import Pulp2Listeners
from .pulp2_document import LISTENERS, listener_document, listener_href
from .topic import TopicListeners

__all__ = [
    "LABEL_KEY_PATTERN",
    "LISTENERS",
    "MAX_LABELS",
    "MAX_LABEL_LENGTH",
    "LocalReceivers",
    "OwnListeners",
    "Pulp2Listeners",
    "TopicListeners",
    "listener_document",
    "listener_href",
]
