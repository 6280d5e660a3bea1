"""Reads the task-status stream that a Pulp 2.7 server, or another installation, publishes (type ``amqp``).

::

    config      the options of a source
    amqp_map    AMQP 0-10's encoding of maps, which Qpid's messages have
    reading     bodies as task reports
    events      repository events as the tags of tasks tell them
    memory      which states of tasks were seen lately
    batches     messages handed over in batches
    source      the source: reads, hands over, acknowledges
    checks      a look at what it needs
"""

from .config import AmqpSourceConfig
from .source import AmqpSource

__all__ = ["AmqpSource", "AmqpSourceConfig"]
