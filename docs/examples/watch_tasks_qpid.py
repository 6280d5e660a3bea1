"""Print every change of every task, or of one: the script in Pulp 2's documentation, for Python 3 and AMQP 1.0.

Needs python-qpid-proton. The arguments are the URL of the broker and, to watch only one task, its UUID.
"""

import base64
import sys

from proton import Described, symbol
from proton.reactor import AtMostOnce, Filter, ReceiverOption
from proton.utils import BlockingConnection


class Topic(ReceiverOption):
    """Says that the address is a topic; a missing one would be created as a queue."""

    def apply(self, receiver):
        receiver.source.capabilities.put_symbol(symbol("topic"))


url = sys.argv[1] if len(sys.argv) > 1 else "localhost:5672"
subject = f"tasks.{sys.argv[2]}" if len(sys.argv) > 2 else "tasks.#"

connection = BlockingConnection(url, timeout=10, heartbeat=60)
server = connection.conn.remote_properties or {}
if server.get("product") == "RabbitMQ":
    address, options = f"/exchange/pulp.api.v2/{subject}", [AtMostOnce()]
else:
    binding = Described(symbol("apache.org:legacy-amqp-topic-binding:string"), subject)
    address = "pulp.api.v2"
    options = [AtMostOnce(), Topic(), Filter({symbol("subject"): binding})]
receiver = connection.create_receiver(address, credit=100, options=options)
print("waiting", file=sys.stderr, flush=True)

try:
    while True:
        message = receiver.receive(timeout=None)
        # A broker that does not know the filter sends the messages about all tasks.
        if subject in ("tasks.#", message.subject):
            body = message.body
            # On RabbitMQ, what was published with AMQP 0-9-1 is not wrapped in a map.
            wrapped = isinstance(body, dict)
            text = base64.b64decode(body["body"]) if wrapped else bytes(body)
            print(text.decode(), flush=True)
except KeyboardInterrupt:
    print()
