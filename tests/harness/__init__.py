"""Real servers on private loopback ports for tests, benchmarks and the demo.

::

    postgres    PostgreSQL
    rabbitmq    RabbitMQ
    pulp3       Pulp 3, with pulp3_environment (its installation), pulp3_api (a client), pulp3_remote (repositories to
                sync from) and pulp3_record (what really happened to its tasks)
    process     processes that do not outlive the tests, commands, and free ports
"""
