"""A server that answers each client with the same bytes, whatever it sends."""

import contextlib
import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def answering(*pieces: bytes, closes: bool = True) -> Iterator[int]:
    """Run such a server and yield its port.

    :param pieces: sent one after the other.
    :param closes: then it closes the connection; else that stays open and silent.
    """
    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = threading.Thread(target=_serve, args=(listening, pieces, closes), daemon=True)
        thread.start()
        try:
            yield listening.getsockname()[1]
        finally:
            listening.shutdown(socket.SHUT_RDWR)
            thread.join()


def _serve(listening: socket.socket, pieces: tuple[bytes, ...], closes: bool) -> None:
    clients: list[socket.socket] = []
    try:
        while True:
            client, _ = listening.accept()
            clients.append(client)
            with contextlib.suppress(OSError):  # this client has left, and another one may come
                client.recv(8)
                for piece in pieces:
                    client.sendall(piece)
                if closes:
                    client.shutdown(socket.SHUT_WR)
    except OSError:  # nobody listens any more
        pass
    finally:
        for client in clients:
            client.close()
