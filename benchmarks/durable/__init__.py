"""Events that are stored before they are sent, against senders that keep nothing.

::

    fire, end_to_end, drain, mail, broker, latency, soak    one measurement each

    events      the events that are fired
    databases   empty databases of both kinds
    engine      an app that measures itself
    receiver    the HTTP receiver, a process of its own
    peers       what users would use instead
    graph       the picture of a soak
"""
