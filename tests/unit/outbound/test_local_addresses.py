"""Which hosts are the service's own machine."""

import socket

import pytest

from pulp_notifiers.outbound import local_address

LOOPBACK = [
    *("127.0.0.1", "127.0.0.2", "127.255.255.254", "127.1", "127.0.1", "127.000.000.001", "127.0.0.1."),
    *("0177.0.0.1", "0177.1", "00000000177.0.0.1", "0x7f.0.0.1", "0x7f.1", "0x7F.0.0.01", "0x7f000001", "0X7F.1"),
    *("2130706433", "017700000001", "①②⑦.⓪.⓪.①", "127。0。0。1", "\uff11\uff12\uff17.0.0.1"),
    *("::1", "[::1]", "0:0:0:0:0:0:0:1", "::1%lo", "[::1%25lo]"),
    *("::ffff:127.0.0.1", "[::ffff:7f00:1]", "::FFFF:127.0.0.1", "::127.0.0.1", "::ffff:0:127.0.0.1"),
    *("64:ff9b::7f00:1", "64:ff9b:1::7f00:1", "2002:7f00:1::", "2002:7f00:1::5"),
    *("localhost", "LOCALHOST", "localhost.", "a.localhost", "Ⓛocalhost"),
]
UNSPECIFIED = ["0.0.0.0", "0", "0x0", "0.1.2.3", "::", "[::]", "::ffff:0.0.0.0"]
LINK_LOCAL = [
    *("169.254.169.254", "169.254.0.1", "2852039166", "0xa9fea9fe", "0xA9.0xFE.0xA9.0xFE", "0251.0376.0251.0376"),
    *("025177524776", "169.254.43518", "169.16689662", "0251.254.169.254", "\uff11\uff16\uff19.254.169.254"),
    *("::ffff:169.254.169.254", "64:ff9b::a9fe:a9fe", "2002:a9fe:a9fe::", "fe80::1", "[fe80::1%25eth0]", "febf::1"),
]


def unknown(_name):
    """Resolve nothing."""
    return []


@pytest.mark.parametrize("host", [*LOOPBACK, *UNSPECIFIED, *LINK_LOCAL])
def test_every_spelling_of_a_local_address_is_found(host):
    """No name server is needed."""
    assert local_address(host, unknown)


@pytest.mark.parametrize(
    "host",
    [
        *("192.0.2.1", "10.1.2.3", "192.168.1.1", "100.64.0.1", "172.16.0.1", "8.8.8.8", "224.0.0.1", "134744072"),
        *("2001:db8::1", "[2001:db8::1]", "fd00:1234::1", "fec0::1", "ff02::1", "::ffff:192.0.2.1", "64:ff9b::808:808"),
        *("receiver.example", "localhost.example", "notlocalhost", "127.0.0.1.example", "1.2.3.4.5", "", ".", "[]"),
        *("127.0.0.256", "\ud800", "x" * 70_000),
    ],
)
def test_other_hosts_are_not_local(host):
    """Private networks are not the machine itself."""
    assert local_address(host, unknown) is None


@pytest.mark.parametrize(
    ("addresses", "found"),
    [
        (["192.0.2.1", "127.0.0.5"], "127.0.0.5"),
        (["fe80::1%eth0"], "fe80::1"),
        (["::ffff:169.254.169.254"], "::ffff:a9fe:a9fe"),
        (["192.0.2.1", "2001:db8::1"], None),
        ([], None),
    ],
)
def test_a_name_is_local_if_one_of_its_addresses_is(addresses, found):
    """The service could connect to that one."""
    asked = []

    def resolve(name):
        asked.append(name)
        return addresses

    assert found == local_address("Hook.Receiver.example.", resolve)
    assert ["hook.receiver.example"] == asked


def test_an_own_address_of_the_machine_is_local():
    """It is found without sending anything."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        try:
            probe.connect(("192.0.2.1", 9))
        except OSError:
            pytest.skip("this machine has no address other than loopback")
        own = probe.getsockname()[0]

    assert own == local_address(own, unknown)
    assert own == local_address("this-machine.example", lambda name: [own])


def test_names_are_resolved_by_the_system():
    """A name that nobody knows is not local."""
    assert local_address("no-such-name.invalid") is None
