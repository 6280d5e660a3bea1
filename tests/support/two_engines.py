"""A connection of AMQP 1.0 as two of Proton's engines without a network."""

from proton import Connection, Endpoint, Transport

from pulp_notifiers.broker import LinkLost

_ANY = Endpoint.LOCAL_UNINIT | Endpoint.REMOTE_ACTIVE


class Engines:
    """An open connection in memory.

    :param attach: called with each new link on the server's side.
    """

    def __init__(self, attach):
        self.attach = attach
        self.links = []
        self.discarded = False
        self.client, self.server = Connection(), Connection()
        self.transports = [Transport(), Transport(Transport.SERVER)]
        for transport, end in zip(self.transports, (self.client, self.server), strict=True):
            transport.max_frame_size = 32768
            transport.bind(end)
            end.container = "engine"
            end.open()

    product = ""
    properties: dict[str, str] = {}
    unsent = False

    def session(self):
        session = self.client.session()
        session.open()
        return session

    def work(self, seconds):
        return any([self._carry(), self._serve(), self._carry()])

    def wait_until(self, claim, deadline):
        for _ in range(10):
            self.work(0)
            if claim():
                return
        raise LinkLost("no answer")

    def disable_send_timeout(self):
        pass

    def discard(self):
        self.discarded = True

    def detach_for_now(self, name, text):
        """Send the client a detach that is not closing, with an error, which proton's Python code cannot do."""
        error = b"\x00\x53\x1d" + _listed(b"\xa3" + bytes([len(name)]) + name, b"\xa1" + bytes([len(text)]) + text)
        performative = b"\x00\x53\x16" + _listed(b"\x43", b"\x42", error)
        self.work(0)
        self.transports[0].push((len(performative) + 8).to_bytes(4) + b"\x02\x00\x00\x00" + performative)

    def _carry(self):
        moved = False
        for origin, target in (self.transports, self.transports[::-1]):
            while (size := min(origin.pending(), target.capacity())) > 0:
                target.push(origin.peek(size))
                origin.pop(size)
                moved = True
        return moved

    def _serve(self):
        for find in (self.server.session_head, self.server.link_head):
            while (found := find(_ANY)) is not None:
                found.open() if find == self.server.session_head else self._answer(found)

    def _answer(self, link):
        link.source.copy(link.remote_source)
        link.target.copy(link.remote_target)
        self.links.append(link)
        self.attach(link)
        if link.state & Endpoint.LOCAL_UNINIT:
            link.open()


def _listed(*fields):
    items = b"".join(fields)
    return b"\xc0" + bytes([len(items) + 1, len(fields)]) + items
