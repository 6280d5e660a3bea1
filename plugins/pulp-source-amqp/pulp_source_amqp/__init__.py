"""Reads the task-status stream that a Pulp 2.7 server, or another installation, publishes (type ``amqp``).

::

    config      the options of a source
    amqp_map    AMQP 0-10's encoding of maps, which Qpid's messages have
    reading     bodies as task reports
    events      repository events from the tags and results of tasks
    memory      which states of tasks were seen recently
    batches     messages handed over in batches
    source      the source: reads, hands over, acknowledges
    checks      the checks before it runs
"""

from .config import AmqpSourceConfig
from .source import AmqpSource

__all__ = ["AmqpSource", "AmqpSourceConfig"]
