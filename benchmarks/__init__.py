"""Measurements, as ratios against what users would use instead, in one run on one machine.

::

    stream      the task-status stream, against other ways to publish to RabbitMQ
    durable     events that are stored before they are sent, against senders that keep nothing
    pulp3       the Pulp 3 source: what its polls cost a real server, and what many servers cost it

    rounds      medians of interleaved rounds
    child       one measurement in its own process
    processes   processor time and memory
    tables      Markdown tables
"""
