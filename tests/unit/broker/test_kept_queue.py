"""Which messages of a queue are recognised as read before, over the connections of a watch."""

from kombu.exceptions import ChannelError

from pulp_notifiers.broker.subscribe.kept_queue import KeptQueue


class Channel:
    """A server whose queue exists until it is deleted."""

    def __init__(self):
        self.queue = "amq.gen-1"
        self.exists = False

    def queue_declare(self, queue, passive=False, **_options):
        if passive and not self.exists:
            raise ChannelError("not found", reply_code=404)
        self.exists = True
        return self

    def basic_qos(self, **_options):
        """Do nothing."""

    basic_consume = basic_qos


def reading(channel, queue, bodies):
    """Connect, and return those of the delivered bodies that are new."""
    queue.open(channel)
    queue.consume(channel, 10, print)
    return b"".join(body for body in bodies if not queue.is_repeated("key", body))


def delivered(text):
    """Return a message for each letter."""
    return [letter.encode() for letter in text]


def test_what_is_delivered_again_is_left_out():
    """It begins somewhere in what was read, because some of that was acknowledged."""
    channel, queue = Channel(), KeptQueue()

    assert b"abcde" == reading(channel, queue, delivered("abcde"))
    assert b"fg" == reading(channel, queue, delivered("defg"))
    assert b"h" == reading(channel, queue, delivered("abcdefgh"))
    assert b"" == reading(channel, queue, delivered(""))
    assert b"ij" == reading(channel, queue, delivered("ij"))


def test_what_is_delivered_again_is_left_out_also_if_messages_are_the_same():
    """Where that begins in what was read is not clear then."""
    channel, queue = Channel(), KeptQueue()
    reading(channel, queue, delivered("aaaabc"))

    assert b"d" == reading(channel, queue, delivered("aabcd"))
    assert b"e" == reading(channel, queue, delivered("bcde"))


def test_the_same_message_later_on_is_new():
    """Only what follows without a gap was delivered again."""
    channel, queue = Channel(), KeptQueue()
    reading(channel, queue, delivered("abc"))

    assert b"dbc" == reading(channel, queue, delivered("cdbc"))


def test_equal_messages_to_other_keys_are_new():
    """They were not read before."""
    channel, queue = Channel(), KeptQueue()
    reading(channel, queue, delivered("a"))
    queue.open(channel)

    assert not queue.is_repeated("other", b"a")


def test_a_queue_that_is_gone_is_replaced_by_a_new_one():
    """Which repeats nothing, and is new until somebody reads it, whatever fails in between."""
    channel, queue = Channel(), KeptQueue()
    reading(channel, queue, delivered("abc"))
    assert not queue.is_new

    channel.exists = False
    queue.open(channel)
    queue.open(channel)

    assert queue.is_new
    assert b"abc" == reading(channel, queue, delivered("abc"))
