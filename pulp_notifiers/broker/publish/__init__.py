"""Publishing over one connection, confirmed message by message."""
