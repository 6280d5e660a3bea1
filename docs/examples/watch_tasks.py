"""Print every change of every task. Needs pika; the argument is the URL of the messaging server."""

import json
import sys

import pika


def show(channel, method, properties, body):
    """Print a message."""
    task = json.loads(body)
    print(task["task_id"], task["state"], *task["tags"], flush=True)


connection = pika.BlockingConnection(pika.URLParameters(sys.argv[1]))
channel = connection.channel()
channel.exchange_declare("pulp.api.v2", "topic", durable=True)
queue = channel.queue_declare("", exclusive=True).method.queue
channel.queue_bind(queue, "pulp.api.v2", "tasks.#")
channel.basic_consume(queue, show, auto_ack=True)
print("waiting", flush=True)
channel.start_consuming()
