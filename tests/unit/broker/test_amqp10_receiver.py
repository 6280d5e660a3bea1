"""A receiving link and what a server may do with it, as two engines without a network."""

import pytest

from pulp_notifiers.broker import Deadline, LinkLost
from pulp_notifiers.errors import PermanentFailure

proton = pytest.importorskip("proton", reason="python-qpid-proton is not installed")
receiver = pytest.importorskip("pulp_notifiers.broker.amqp10.receiver")
sources = pytest.importorskip("pulp_notifiers.broker.amqp10.sources")
watches = pytest.importorskip("pulp_notifiers.broker.subscribe.amqp10_watch")
Engines = pytest.importorskip("tests.support.two_engines").Engines


def opened(attach=lambda link: None, **options):
    """Return the two engines and a link for the tasks' messages."""
    engines = Engines(attach)
    return engines, receiver.ReceivingLink(engines, sources.source_of("X", "tasks.#", ""), Deadline(60), **options)


def send(engines, body, settled=True):
    """Send a message to the client."""
    [link] = engines.links
    delivery = link.send(proton.Message(body=body, subject="tasks.t"))
    if settled:
        delivery.settle()
    return delivery


def refusing(condition, opens=False):
    """Return a server that answers an attach without a source, and then with this error."""

    def attach(link):
        link.source.type = proton.Terminus.UNSPECIFIED
        link.open()
        if condition:
            link.condition = proton.Condition(condition, "because")
            link.close()

    return attach


def test_settled_messages_are_asked_for_and_unsettled_ones_accepted():
    """A server may send them all the same."""
    engines, link = opened()
    delivery = send(engines, "text", settled=False)

    assert ["text"] == [message.body for message in link.receive(0)]
    engines.work(0)
    assert proton.Link.SND_SETTLED == engines.links[0].remote_snd_settle_mode
    assert proton.Delivery.ACCEPTED == delivery.remote_state
    assert delivery.settled


def test_an_aborted_message_is_passed_over():
    """With all that had arrived of it."""
    engines, link = opened()
    [sender] = engines.links
    aborted = sender.delivery("aborted")
    sender.stream(b"half a message")
    assert [] == link.receive(0)
    aborted.abort()
    send(engines, "whole")

    assert ["whole"] == [message.body for message in link.receive(0)]


def test_a_large_message_is_taken_while_it_arrives():
    """The server waits for room in its window, so the parts that have arrived make room."""
    engines, link = opened()
    send(engines, b"x" * (20 * 2**20))

    [message] = link.receive(0)
    assert 20 * 2**20 == len(message.body)


def test_no_more_than_the_window_is_held():
    """Whatever the server has to send."""
    engines, link = opened()
    for number in range(20):
        send(engines, b"%d" % number * 2**20)
    engines.work(0)

    assert 17 * 2**20 > link._session.incoming_bytes


@pytest.mark.parametrize(
    ("condition", "error", "text"),
    [
        ("amqp:unauthorized-access", PermanentFailure, "permit this user to read it"),
        ("amqp:not-found", PermanentFailure, "create it"),
        ("amqp:internal-error", LinkLost, "because"),
        ("amqp:connection:forced", LinkLost, "because"),
        ("", LinkLost, "no answer"),
    ],
)
def test_a_refusal_is_permanent_unless_it_passes_by_itself(condition, error, text):
    """The server's words come with the remedy."""
    with pytest.raises(error, match=text):
        opened(refusing(condition))


def test_a_link_that_the_server_ends_for_now_is_lost():
    """It would be silent for ever."""
    engines, link = opened()
    engines.detach_for_now(b"amqp:link:detach-forced", b"idle")

    with pytest.raises(LinkLost, match=r"idle \(amqp:link:detach-forced\)"):
        link.receive(0)


def test_a_missing_node_is_asked_for_a_second_time():
    """With the demand to create it, as a topic that is durable."""
    asked = []

    def attach(link):
        capabilities = link.remote_source.capabilities
        capabilities.rewind()
        capabilities.next()
        asked.append([str(name) for name in capabilities.get_object().elements])
        refusing("amqp:not-found")(link)

    with pytest.raises(PermanentFailure, match="create it"):
        opened(attach)

    assert [["topic"], ["topic", "create-on-demand"]] == asked


def test_an_interrupted_watch_leaves_no_connection():
    """As by Ctrl-C while it is opened."""

    def interrupt(link):
        raise KeyboardInterrupt

    engines = Engines(interrupt)
    with pytest.raises(KeyboardInterrupt):
        watches.Amqp10Watch(engines, "X", "#", Deadline(60))

    assert engines.discarded
