"""Accepts clients and commands, in one thread: ``python -m tests.support.imitated_qpidd.server JSON``.

A command is a line of JSON on a connection to the control port, and so is its answer.
"""

import json
import select
import socket
import ssl
import sys
import time
from dataclasses import fields
from typing import Any

from .behaviour import Behaviour
from .client import Client
from .nodes import Exchanges

_LOOK_SECONDS = 0.02


class Server:
    """The imitation.

    :param port: where clients connect.
    :param control_port: where commands are given.
    :param tls: paths ``certificate``, ``key`` and, if clients may show certificates, ``ca``.
    """

    def __init__(self, port: int, control_port: int, behaviour: Behaviour, tls: dict[str, str] | None) -> None:
        self._listening = socket.create_server(("127.0.0.1", port))
        self._control = socket.create_server(("127.0.0.1", control_port))
        self._behaviour = behaviour
        self._tls = _tls_context(tls) if tls else None
        self._exchanges = Exchanges()
        self._clients: list[Client] = []
        self._commanders: list[socket.socket] = []
        self._received: list[dict[str, Any]] = []
        self._accepted = 0

    def run(self) -> None:
        """Serve until this process is killed."""
        while True:
            self._clients = [client for client in self._clients if not client.closed]
            reading = {client.socket: client for client in self._clients if client.wants_to_read}
            writing = {client.socket: client for client in self._clients if client.wants_to_write}
            sources = [self._listening, self._control, *self._commanders, *reading]
            readable, writable, _ = select.select(sources, list(writing), [], _LOOK_SECONDS)
            for source in readable:
                if source is self._listening:
                    self._accept()
                elif source is self._control:
                    self._commanders.append(self._control.accept()[0])
                elif source in reading:
                    reading[source].read()
                else:
                    self._obey(source)
            now = time.monotonic()
            for client in self._clients:
                client.work(now)
            for sink in writable:
                if not writing[sink].closed:
                    writing[sink].write()

    def _accept(self) -> None:
        connection = self._listening.accept()[0]
        try:
            if self._tls is not None:
                connection.settimeout(10)
                connection = self._tls.wrap_socket(connection, server_side=True)
            connection.setblocking(False)
        except OSError:  # the client does not trust this server, or does not speak TLS
            connection.close()
            return
        self._accepted += 1
        self._clients.append(Client(connection, self._behaviour, self._exchanges, self._received.append))

    def _obey(self, commander: socket.socket) -> None:
        line = commander.makefile("rb").readline()
        if not line:
            self._commanders.remove(commander)
            commander.close()
            return
        commander.sendall(json.dumps(self._answer(json.loads(line))).encode() + b"\n")

    def _answer(self, command: list[Any]) -> Any:
        match command:
            case ["behave", changes]:
                for name, value in changes.items():
                    setattr(self._behaviour, name, value)
            case ["reset"]:
                self._reset()
            case ["tls", files]:
                self._tls = _tls_context(files)
            case ["fail", fault]:
                for client in self._clients:
                    client.fail(fault)
                return len(self._clients)
            case [("received" | "accepted") as name]:
                return getattr(self, f"_{name}")
            case ["clients"]:
                return [client.user for client in self._clients if not client.closed]
        return None

    def _reset(self) -> None:
        for client in self._clients:
            client.close()
        for field in fields(Behaviour):
            setattr(self._behaviour, field.name, getattr(Behaviour(), field.name))
        self._received.clear()
        self._accepted = 0


def _tls_context(files: dict[str, str]) -> ssl.SSLContext:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(files["certificate"], files["key"])
    if files.get("ca"):
        context.load_verify_locations(files["ca"])
        context.verify_mode = ssl.CERT_OPTIONAL
    return context


def main(options: dict[str, Any]) -> None:
    """Run with these options: ``port``, ``control_port``, ``tls`` and the fields of :class:`Behaviour`."""
    named = {field.name: options[field.name] for field in fields(Behaviour) if field.name in options}
    Server(options["port"], options["control_port"], Behaviour(**named), options.get("tls")).run()


if __name__ == "__main__":
    main(json.loads(sys.argv[1]))
