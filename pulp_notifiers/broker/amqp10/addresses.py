"""How a server of AMQP 1.0 names an exchange, which the protocol itself does not know."""

RABBITMQ = "RabbitMQ"
QPIDD = "qpid-cpp"
"""What servers call themselves in the properties of Open."""

_RABBITMQ_EXCHANGES = "/exchange/"


def target_address(exchange: str, product: str, pattern: str) -> str:
    """Return the address to publish to; the message's subject is the routing key.

    :param product: the server's name for its software.
    :param pattern: the setting ``[messaging] amqp10_address``; empty to follow the product.
    """
    if pattern:
        return pattern.replace("{exchange}", exchange)
    # RabbitMQ decodes nothing but this in an address (rabbit_routing_util:unescape, up to 3.13 and in 4's old form).
    return _RABBITMQ_EXCHANGES + exchange.replace("/", "%2F") if product == RABBITMQ else exchange


def source_address(exchange: str, binding: str, product: str, pattern: str) -> str:
    """Return the address to read what is published with a matching routing key.

    Servers that do not take the binding from the address need a filter beside it.
    """
    address = target_address(exchange, product, pattern)
    return f"{address}/{binding}" if binding_in_address(address) else address


def binding_in_address(address: str) -> bool:
    """Return whether an address of an exchange has RabbitMQ's form, to which a binding can be added."""
    return address.startswith(_RABBITMQ_EXCHANGES)
