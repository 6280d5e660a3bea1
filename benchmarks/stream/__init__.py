"""The task-status stream, against other ways to publish to RabbitMQ."""
