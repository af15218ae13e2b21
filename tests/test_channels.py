"""A UDP channel: pairs of ports, packets cut at segments, taps, closed ports."""

import queue
import socket

import pytest

from net.channels import UdpChannel, bind_pair
from net.datagrams import DatagramReader

LOCAL = ("127.0.0.1", 0)
MISSING_IPV6 = "this machine has no IPv6 loopback"


def has_ipv6():
    try:
        with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as sock:
            sock.bind(("::1", 0))
        return True
    except OSError:
        return False


@pytest.fixture
def reader():
    reader = DatagramReader()
    reader.start()
    yield reader
    reader.close()


@pytest.fixture(params=[LOCAL, ("::1", 0, 0, 0)], ids=["IPv4", "IPv6"])
def channel(request, reader):
    """(channel, the receiver's RTP socket, its RTCP socket)."""
    if ":" in request.param[0] and not has_ipv6():
        pytest.skip(MISSING_IPV6)
    rtp, rtcp = bind_pair(request.param, 0)
    for sock in (rtp, rtcp):
        sock.settimeout(10)
    channel = UdpChannel(request.param, request.param, (rtp.getsockname()[1], rtcp.getsockname()[1]))
    yield channel, rtp, rtcp
    channel.close(reader)
    rtp.close()
    rtcp.close()


def test_pairs_begin_with_an_even_port():
    """RFC 3550 §11; and the ports that Wireshark takes for another protocol are left out."""
    pairs = [bind_pair(LOCAL, 0) for _ in range(20)]
    ports = [(first.getsockname()[1], second.getsockname()[1]) for first, second in pairs]
    assert all(first % 2 == 0 and second == first + 1 and first != 6970 for first, second in ports)
    for pair in pairs:
        for sock in pair:
            sock.close()


def test_a_named_port_is_used_as_given_even_if_it_is_odd():
    first, second = bind_pair(LOCAL, 0)
    odd = second.getsockname()[1]
    first.close()
    second.close()
    first, second = bind_pair(LOCAL, odd)
    assert (first.getsockname()[1], second.getsockname()[1]) == (odd, odd + 1)
    first.close()
    second.close()


@pytest.mark.parametrize("offset", [0, -1])
def test_a_taken_port_is_an_error_and_leaves_nothing_open(offset):
    """Whichever of the two it is."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as other:
        other.bind(LOCAL)
        with pytest.raises(OSError):
            bind_pair(LOCAL, other.getsockname()[1] + offset)


def test_the_last_port_has_no_second():
    with pytest.raises((OSError, OverflowError)):
        bind_pair(LOCAL, 65535)


def test_a_buffer_is_cut_into_packets(channel):
    channel, rtp, _ = channel
    channel.send(bytearray(b"aaaabbbbcc"), 4)
    assert [rtp.recv(100) for _ in range(3)] == [b"aaaa", b"bbbb", b"cc"]


def test_media_comes_from_the_ports_that_were_announced(channel):
    channel, rtp, rtcp = channel
    channel.send(b"media", 5)
    channel.send_control(b"report")
    data, address = rtp.recvfrom(100)
    assert (data, address[1]) == (b"media", channel.ports[0])
    data, address = rtcp.recvfrom(100)
    assert (data, address[1]) == (b"report", channel.ports[1])
    assert channel.peer_ports == (rtp.getsockname()[1], rtcp.getsockname()[1])


def test_a_frame_in_one_datagram_fits(channel):
    """A frame of the lab dialect has up to 20,480 bytes; macOS would let 9,216 pass by default."""
    channel, rtp, _ = channel
    frame = bytes(range(256)) * 80
    channel.send(frame, len(frame))
    assert rtp.recv(65536) == frame
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as plain:
        sizes = [sock.getsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF) for sock in (plain, channel._rtp)]
    assert sizes[1] >= 100_000 and sizes[1] > sizes[0]  # raised, also where the default would do


def test_a_tap_sees_each_packet_and_decides_what_goes_on(channel):
    """What one tap returns, the next one gets: here a loss, a duplicate, and a change, then a witness."""
    channel, rtp, rtcp = channel
    seen = []

    def witness(packet, control):
        seen.append((bytes(packet), control))
        return [packet]

    fates = {b"lost": [], b"twic": [b"twic", b"twic"], b"chan": [b"ged!"]}
    channel.taps.append(lambda packet, control: fates.get(bytes(packet), [packet]))
    channel.taps.append(witness)
    channel.send(b"losttwicchan", 4)
    channel.send_control(b"report")
    assert [rtp.recv(100) for _ in range(3)] == [b"twic", b"twic", b"ged!"]
    assert rtcp.recv(100) == b"report"
    assert seen == [(b"twic", False), (b"twic", False), (b"ged!", False), (b"report", True)]


def test_what_the_receiver_sends_to_either_port_is_heard(channel, reader):
    channel, rtp, rtcp = channel
    heard = queue.Queue()
    channel.listen(reader, lambda data, address: heard.put(data))
    host = rtp.getsockname()[0]
    rtp.sendto(b"one", (host, channel.ports[0]))
    rtcp.sendto(b"two", (host, channel.ports[1]))
    assert {heard.get(timeout=10), heard.get(timeout=10)} == {b"one", b"two"}


def test_a_stranger_is_not_heard(channel, reader):
    """The socket is connected: the system drops what others send."""
    channel, rtp, _ = channel
    heard = queue.Queue()
    channel.listen(reader, lambda data, address: heard.put(data))
    host = rtp.getsockname()[0]
    with socket.socket(rtp.family, socket.SOCK_DGRAM) as stranger:
        stranger.sendto(b"forged", (host, channel.ports[0]))
    rtp.sendto(b"genuine", (host, channel.ports[0]))
    assert heard.get(timeout=10) == b"genuine" and heard.empty()


def test_a_closed_port_is_counted_and_sending_goes_on(channel):
    """A connected socket reports an earlier datagram's fate in place of sending the next one."""
    channel, rtp, _ = channel
    address = rtp.getsockname()
    rtp.close()
    for _ in range(6):
        channel.send(b"to nobody", 9)
    assert 0 < channel.refused <= 6
    with socket.socket(rtp.family, socket.SOCK_DGRAM) as again:
        again.bind(address)
        again.settimeout(10)
        for _ in range(2):                          # the first may still report the port that was closed
            channel.send(b"here", 4)
        assert again.recv(100) == b"here"
