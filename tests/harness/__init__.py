"""Real servers on private loopback ports for tests, benchmarks and the demo.

::

    postgres       PostgreSQL
    rabbitmq       RabbitMQ, which speaks AMQP 1.0 too
    proton_broker  Proton's example broker, which speaks AMQP 1.0 only
    pulp3          Pulp 3, with pulp3_environment (its installation), pulp3_api (a client), pulp3_remote (repositories
                   to sync from) and pulp3_record (what really happened to its tasks)
    process        processes that do not outlive the tests, commands, and free ports
"""
