"""AMQP 1.0: the only place that imports proton (python-qpid-proton), so it is imported where it is used.

::

    opening     from a URL to an open connection
    connection  an open connection: proton's engine on a socket of our own, every step under a deadline
    wire        the socket, with or without TLS
    login       how to log in (SASL), and why that failed
    conditions  a server's errors as sentences
    addresses   how a server names an exchange
"""

from .connection import Amqp10Connection
from .opening import open_connection

__all__ = ["Amqp10Connection", "open_connection"]
