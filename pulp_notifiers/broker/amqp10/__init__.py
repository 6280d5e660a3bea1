"""AMQP 1.0: the only place that imports proton (python-qpid-proton), so it is imported where it is used.

::

    opening       from a URL to an open connection
    connection    an open connection: proton's engine on a socket of our own, every step under a deadline
    wire          the socket, with or without TLS
    login         how to log in (SASL), and why that failed
    conditions    a server's errors as sentences
    process_end   what proton does when the process ends

    addresses     how a server names an exchange
    sending_link  a link over which messages are sent, and the answer to each
    map_messages  messages of a stream as kombu's qpid transport made them, encoded
    data_message  a message whose body is plain bytes, encoded

    sources       what a receiving link asks for, which depends on the server
    receiver      a receiving link
    received      messages as they were received
"""

from .addresses import Target, target_of
from .connection import Amqp10Connection
from .data_message import encoded_data
from .map_messages import MapMessages
from .opening import open_connection
from .process_end import keep_proton_usable
from .received import received_message
from .receiver import ReceivingLink
from .sending_link import LinkEnded, Refusal, SendingLink
from .sources import source_of

keep_proton_usable()

__all__ = [
    "Amqp10Connection",
    "LinkEnded",
    "MapMessages",
    "ReceivingLink",
    "Refusal",
    "SendingLink",
    "Target",
    "encoded_data",
    "open_connection",
    "received_message",
    "source_of",
    "target_of",
]
