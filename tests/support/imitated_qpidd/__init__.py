"""An imitation of qpidd's AMQP 1.0 side, and of servers that misbehave. It is no broker and proves nothing about one.

It does what the sources of qpidd (qpid-cpp 1.39, ``src/qpid/broker/amqp``) and the AMQP 1.0 specification say, as far
as a client that publishes to a topic exchange and reads from it can notice. It shares Proton's engine with the product,
and SASL, sockets and TLS with nothing.

::

    process    starts it as a process of its own, and changes its behaviour while it runs: what tests use
    behaviour  how it behaves: as qpidd, or in which way it does not
    server     accepts clients and commands, in one thread
    client     one client's connection
    links      what qpidd does with a link: attach, messages, credit, answers
    nodes      exchanges and the queues of subscribers
    sasl       SASL's frames
"""

from .process import ImitatedQpidd

__all__ = ["ImitatedQpidd"]
