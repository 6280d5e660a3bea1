"""Events that are stored before they are sent, against senders that keep nothing.

::

    fire, end_to_end, drain, mail, broker, latency, soak    one measurement each
    peers                                                   what users would use instead

    options, events, databases                              what is measured, with which events, in which database
    engine, offer                                           an app that delivers at once, or at a given rate
    receiver, smtp, limits                                  receivers in their own processes, and how much they take
    graph                                                   the picture of a soak
"""
