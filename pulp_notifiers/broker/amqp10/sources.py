"""How the messages of an exchange with certain routing keys are asked for, which depends on the server."""

from dataclasses import dataclass

from proton import Data, Described, Receiver, Terminus, symbol

from ...event import matches
from .addresses import binding_in_address, source_address
from .conditions import NOT_DECODED

_TOPIC_FILTER = symbol("apache.org:legacy-amqp-topic-binding:string")
_TOPIC_FILTER_CODE = 0x0000468C00000001
_FILTER_NAME = symbol("subject")


@dataclass(frozen=True, slots=True)
class Source:
    """What to read.

    :ivar exchange: its name, for people.
    :ivar binding: topic pattern; the subject of a message is its routing key.
    :ivar in_address: the address has the binding in it, so that no filter is needed.
    """

    exchange: str
    address: str
    binding: str
    in_address: bool

    def set_on(self, receiver: Receiver, create: bool = False) -> None:
        """Ask for it on a receiver that is not open yet.

        :param create: ask the server to create the exchange, which Qpid's C++ broker does: as topic, and durable.
        """
        source = receiver.source
        source.address = self.address
        # If the address is a queue, other readers of it must not miss what is read here.
        source.distribution_mode = Terminus.DIST_MODE_COPY
        if self.in_address:
            return
        source.filter.put_dict({_FILTER_NAME: Described(_TOPIC_FILTER, self.binding)})
        # Without "topic", Artemis creates a queue for an address that does not exist yet, and Qpid prefers a queue of
        # this name and demands permissions for it.
        _put_symbols(source.capabilities, "topic", *(["create-on-demand"] if create else []))
        if create:
            source.properties.put_dict({symbol("durable"): True})

    def is_filtered_by(self, receiver: Receiver) -> bool:
        """Return whether the server of an open receiver sends only what matches."""
        return self.in_address or _names_filter(receiver.remote_source.filter)

    def matches(self, subject: str | None) -> bool:
        """Return whether a message with this subject is asked for.

        Without a subject it is, unless only certain ones are asked for: a program other than Pulp may have sent it.
        """
        if subject is None:
            return "#" in self.binding or "*" in self.binding
        return matches(self.binding, subject)


def source_of(exchange: str, binding: str, product: str, pattern: str = "") -> Source:
    """Return the source for an exchange; the parameters are those of :func:`source_address`."""
    address = source_address(exchange, binding, product, pattern)
    return Source(exchange, address, binding, binding_in_address(address))


def _put_symbols(data: Data, *names: str) -> None:
    data.put_array(False, Data.SYMBOL)
    data.enter()
    for name in names:
        data.put_symbol(symbol(name))
    data.exit()


def _names_filter(data: Data) -> bool:
    data.rewind()
    if data.next() is None:
        return False
    try:
        found = data.get_object()
    except NOT_DECODED:
        return False
    return isinstance(found, dict) and any(
        isinstance(value, Described) and value.descriptor in (_TOPIC_FILTER, _TOPIC_FILTER_CODE)
        for value in found.values()
    )
