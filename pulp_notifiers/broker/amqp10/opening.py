"""From a URL to an open AMQP 1.0 connection."""

import ssl
from dataclasses import replace

from ..deadline import Deadline
from ..errors import LinkLost
from ..urls import asks_for_tls, host_of, login_of, port_of, vhost_of
from .addresses import RABBITMQ
from .connection import Amqp10Connection, Peer
from .login import Login

_RABBITMQ_VHOST = "vhost:"


def open_connection(url: str, cacert: str | None, clientcert: str | None, deadline: Deadline) -> Amqp10Connection:
    """Connect to the server of a URL.

    :param cacert: PEM file of the only authority to trust over TLS; None for the system's.
    :param clientcert: PEM file with key and certificate to present over TLS, or None.
    :raises LinkLost: it does not accept the connection; the reason says what to do.
    """
    user, password = login_of(url)
    tls = _tls(cacert, clientcert) if asks_for_tls(url) else None
    peer = Peer(
        host=host_of(url),
        port=port_of(url),
        vhost=vhost_of(url),
        login=Login(user, has_certificate=bool(tls and clientcert)),
        password=password,
        tls=tls,
    )
    connection = Amqp10Connection(peer, deadline)
    if connection.product == RABBITMQ and peer.vhost and not peer.vhost.startswith(_RABBITMQ_VHOST):
        # RabbitMQ ignores any other name, and uses its default vhost.
        connection.close(deadline.remaining())
        connection = Amqp10Connection(replace(peer, vhost=_RABBITMQ_VHOST + peer.vhost), deadline)
    return connection


def _tls(cacert: str | None, clientcert: str | None) -> ssl.SSLContext:
    try:
        context = ssl.create_default_context(cafile=cacert)
    except (OSError, ssl.SSLError) as error:
        raise LinkLost(f"[messaging] cacert {cacert} cannot be used: {error.strerror or error}") from None
    if clientcert:
        try:
            context.load_cert_chain(clientcert)
        except (OSError, ssl.SSLError) as error:
            reason = error.strerror or error
            raise LinkLost(
                f"[messaging] clientcert {clientcert} cannot be used: {reason}; it needs key and certificate"
            ) from None
    return context
