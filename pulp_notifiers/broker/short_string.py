"""The limit of AMQP's short strings."""

SHORT_STRING_BYTES = 255
"""Names of exchanges, queues and vhosts, and routing keys, have at most this many bytes in UTF-8."""
