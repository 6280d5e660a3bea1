"""A consumer of AMQP 1.0 with Proton's own client, in a process of its own: independent of the product's reader.

``python -m tests.support.amqp10_reader ADDRESS NODE [BINDING]`` prints a JSON document for each message.
"""

import json
import sys
import warnings
from pathlib import Path
from subprocess import PIPE, Popen
from threading import Thread
from typing import Any, Self

_ROOT = Path(__file__).parents[2]
_TOPIC_BINDING = 0x0000468C00000001


class Amqp10Reader:
    """Reads a node between ``with Amqp10Reader(...) as reader:`` and the end of the block.

    :param address: ``HOST:PORT``, with ``USER:PASSWORD@`` before it if needed.
    :param node: what the server calls a node.
    :param binding: a filter for a topic exchange.
    :ivar messages: what has arrived: ``subject``, ``durable`` and ``body``, in which bytes are text.
    """

    def __init__(self, address: str, node: str, binding: str = "") -> None:
        self._command = [sys.executable, "-m", __name__, address, node, *([binding] if binding else [])]
        self.messages: list[dict[str, Any]] = []

    def __enter__(self) -> Self:
        self._process = Popen(self._command, stdout=PIPE, text=True, cwd=_ROOT)
        assert self._process.stdout is not None
        ready = self._process.stdout.readline()
        assert "ready\n" == ready, ready
        self._thread = Thread(target=self._collect)
        self._thread.start()
        return self

    def __exit__(self, *_error: object) -> None:
        self._process.kill()
        self._thread.join()
        self._process.communicate()

    def _collect(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self.messages.append(json.loads(line))


def main(address: str, node: str, binding: str = "") -> None:
    """Print each message until this process is killed."""
    warnings.simplefilter("ignore")
    from proton import Described, symbol, ulong
    from proton.reactor import Filter
    from proton.utils import BlockingConnection

    asked = Filter({symbol("binding"): Described(ulong(_TOPIC_BINDING), binding)}) if binding else None
    mechanism = "PLAIN" if "@" in address else "ANONYMOUS"
    connection = BlockingConnection(address, timeout=60, allowed_mechs=mechanism)
    # One at a time: Proton's example broker sends one message for each time that it is granted credit.
    receiver = connection.create_receiver(node, credit=1, options=asked)
    print("ready", flush=True)
    while True:
        message = receiver.receive(timeout=None)
        if receiver.fetcher.unsettled:
            receiver.accept()
        facts = {"subject": message.subject, "durable": message.durable, "body": _plain(message.body)}
        print(json.dumps(facts), flush=True)


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {str(key): _plain(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_plain(item) for item in value]
    return bytes(value).decode("latin-1") if isinstance(value, (bytes, memoryview)) else value


if __name__ == "__main__":
    main(*sys.argv[1:])
