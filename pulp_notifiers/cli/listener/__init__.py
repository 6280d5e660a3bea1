"""``listener``: manage listeners by the product's own API (v3).

::

    group            the group, with a section for each notifier type that the server has
    registered       list, show, delete, enable and disable
    section          create and update of one notifier type
    fields           the options of these for the listener's own fields
    shorthands       the usual wishes about events, such as only failures, as event types and a condition
    notifier_types   asks the server for its notifier types and their options
    paths            where the server has listeners, and failures named after options
"""

from .group import listener

__all__ = ["listener"]
