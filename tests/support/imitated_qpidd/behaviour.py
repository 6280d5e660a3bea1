"""How the imitation behaves."""

from dataclasses import dataclass, field

GREETINGS = {
    "0-9-1": b"AMQP\x00\x00\x09\x01",
    "0-10": b"AMQP\x01\x01\x00\x0a",
    "garbage": b"HTTP/1.1 400 Bad Request\r\n\r\n",
    "nothing": b"",
}
"""What a server that does not speak AMQP 1.0 answers before it disconnects."""


@dataclass
class Behaviour:
    """As qpidd by default; all of it can be changed while the imitation runs.

    :ivar greeting: ``1.0``, one of :data:`GREETINGS`, or ``silence``, which never answers.
    :ivar auth: a client must authenticate; without, SASL may be left out.
    :ivar mechanisms: of SASL; EXTERNAL needs a client certificate, whose common name becomes the user.
    :ivar users: password of each user, for PLAIN.
    :ivar product: in the properties of Open.
    :ivar version: beside it.
    :ivar exchanges: type of each exchange.
    :ivar creates: attaching with ``create-on-demand`` and ``topic`` creates a missing exchange, as an ACL may forbid.
    :ivar hidden: addresses that nobody may access; attaching is refused.
    :ivar read_only: exchanges to which nobody may publish; as in qpidd, the first message detaches the link.
    :ivar max_message_size: announced to senders, and a larger message detaches the link; 0 for none, as in qpidd.
    :ivar credit: for a sender; topped up at half of it.
    :ivar answer: ``accepted``, ``released``, ``modified``, ``rejected``, or ``none``, which keeps what it was sent.
    :ivar answer_each: so many messages are answered together, or what there is when the client sends no more for now.
    :ivar answer_backwards: those in the opposite order.
    :ivar idle_seconds: within which a client must send something; 0 for qpidd's rule, twice what the client demands.
    :ivar pause_seconds: between two reads of a client's socket.
    :ivar fault: what happens to a client after ``fault_after`` messages: ``detach``, ``detach-error``, ``end``,
        ``close``, ``garbage``, ``huge``, ``cut`` or nothing.
    :ivar fault_after: messages of one connection; 0 for as soon as the first one comes, without taking it.
    :ivar condition: name and description of the error of such a fault.
    """

    greeting: str = "1.0"
    auth: bool = True
    mechanisms: list[str] = field(default_factory=lambda: ["ANONYMOUS", "PLAIN", "EXTERNAL"])
    users: dict[str, str] = field(default_factory=lambda: {"guest": "guest"})
    product: str = "qpid-cpp"
    version: str = "imitated"
    exchanges: dict[str, str] = field(default_factory=lambda: {"pulp.api.v2": "topic"})
    creates: bool = True
    hidden: list[str] = field(default_factory=list)
    read_only: list[str] = field(default_factory=list)
    max_message_size: int = 0
    credit: int = 500
    answer: str = "accepted"
    answer_each: int = 1
    answer_backwards: bool = False
    idle_seconds: float = 0.0
    pause_seconds: float = 0.0
    fault: str = ""
    fault_after: int = 0
    condition: list[str] = field(default_factory=lambda: ["amqp:internal-error", "the imitation was set to fail"])
