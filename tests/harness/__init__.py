"""Real servers for tests, benchmarks and the demo: RabbitMQ, PostgreSQL and Pulp 3 on private loopback ports."""
