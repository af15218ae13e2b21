"""A UDP channel: pairs of ports, packets cut at segments, taps, closed ports."""

import errno
import queue
import socket
import sys

import pytest

from net.channels import UDP_SEGMENT, UdpChannel, bind_pair
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
    channel.send(view(b"aaaabbbbcc"), 4)
    assert [rtp.recv(100) for _ in range(3)] == [b"aaaa", b"bbbb", b"cc"]


def test_media_comes_from_the_ports_that_were_announced(channel):
    channel, rtp, rtcp = channel
    channel.send(view(b"media"), 8)
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
    channel.send(view(frame), len(frame))
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
    channel.send(view(b"losttwicchan"), 4)
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
        channel.send(view(b"to nobody"), 12)
    assert 0 < channel.refused <= 12
    with socket.socket(rtp.family, socket.SOCK_DGRAM) as again:
        again.bind(address)
        again.settimeout(10)
        channel.send(view(b"here"), 4)
        assert again.recv(100) == b"here"


def test_one_report_of_a_closed_port_does_not_cost_a_frame(channel):
    """The system says it once, in place of sending what comes next, which is a whole frame."""
    channel, rtp, _ = channel
    address = rtp.getsockname()
    rtp.close()
    channel.send(view(b"to nobody"), 12)
    with socket.socket(rtp.family, socket.SOCK_DGRAM) as again:
        again.bind(address)
        again.settimeout(10)
        packets = numbered(20)
        channel.send(view(b"".join(packets)), SIZE)
        assert [again.recv(65536) for _ in packets] == packets
        again.setblocking(False)
        with pytest.raises(BlockingIOError):
            again.recv(65536)
    assert channel.refused == 1


# --- packets that the system cuts (UDP_SEGMENT) -----------------------------------------------------------------------

SIZE = 1412
linux = pytest.mark.skipif(sys.platform != "linux", reason="only Linux has UDP_SEGMENT")


def view(data):
    return memoryview(bytearray(data))


def numbered(count, size=SIZE, last=None):
    """Packets that are all different."""
    packets = [n.to_bytes(4, "big") + bytes([n % 256]) * (size - 4) for n in range(count)]
    return [*packets[:-1], packets[-1][:last]]


def expect(rtp, packets):
    """These, in this order, and no more."""
    assert [rtp.recv(65536) for _ in packets] == packets
    rtp.setblocking(False)
    with pytest.raises(BlockingIOError):
        rtp.recv(65536)
    rtp.settimeout(10)


class Socket:
    """Notes calls on their way to a real socket; `fail`: what to raise in place of which calls."""

    def __init__(self, sock, fail=None):
        self.sock, self.fail = sock, fail or (lambda call, argument: None)
        self.calls = []

    def send(self, data):
        self._note("send", len(data))
        return self.sock.send(data)

    def setsockopt(self, level, option, value):
        assert (level, option) == (socket.IPPROTO_UDP, UDP_SEGMENT)
        self._note("cut", value)
        self.sock.setsockopt(level, option, value)

    def _note(self, call, argument):
        self.calls.append((call, argument))
        number = self.fail(call, argument)
        if number:
            raise OSError(number, "as asked for")

    def __getattr__(self, name):
        return getattr(self.sock, name)


def watch(channel, fail=None):
    channel._rtp = Socket(channel._rtp, fail)
    return channel._rtp.calls


@pytest.mark.parametrize(("count", "size", "last"), [
    (2, SIZE, 40), (8, SIZE, SIZE), (46, SIZE, SIZE), (47, SIZE, 13), (64, 600, 600), (65, 600, 20), (129, 300, 12),
    (150, SIZE, 777), (1, 20_480, 20_477), (5, 20_480, 3),
])  # fmt: skip
def test_packets_arrive_as_they_were_prepared(channel, count, size, last):
    """In whatever number of calls: no more than 64 packets and 65,507 bytes go into one."""
    channel, rtp, _ = channel
    packets = numbered(count, size, last)
    channel.send(view(b"".join(packets)), size)
    expect(rtp, packets)
    assert channel.refused == 0


@linux
@pytest.mark.parametrize(("count", "size", "calls"), [
    (46, SIZE, [46 * SIZE]), (47, SIZE, [46 * SIZE, SIZE]), (64, 300, [64 * 300]), (129, 300, [64 * 300] * 2 + [300]),
])
def test_a_frame_goes_in_as_few_calls_as_the_system_allows(channel, count, size, calls):
    channel, rtp, _ = channel
    noted = watch(channel)
    for _ in range(2):
        channel.send(view(b"".join(numbered(count, size))), size)
        expect(rtp, numbered(count, size))
    assert noted == [("cut", size)] + [("send", call) for call in calls] * 2      # the size is told once


@linux
def test_the_size_may_change_from_frame_to_frame(channel):
    """A single packet is never cut: a frame of the lab before, between and behind fragments."""
    channel, rtp, _ = channel
    noted = watch(channel)
    for count, size, last in ((1, 20_480, 20_470), (9, SIZE, 5), (1, 600, 599), (1, 20_012, 20_010), (3, 800, 800),
                              (9, SIZE, 5), (2, 20_480, 9)):
        packets = numbered(count, size, last)
        channel.send(view(b"".join(packets)), size)
        expect(rtp, packets)
    assert [size for call, size in noted if call == "cut"] == [SIZE, 0, 800, SIZE, 20_480]


@linux
def test_a_tap_gets_packets_one_by_one_also_after_the_system_has_cut(channel):
    """And what it makes of them may be larger."""
    channel, rtp, _ = channel
    packets, seen = numbered(5, last=100), []
    channel.send(view(b"".join(packets)), SIZE)
    expect(rtp, packets)

    def double(packet, control):
        seen.append(bytes(packet))
        return [bytes(packet) * 2]

    channel.taps.append(double)
    noted = watch(channel)
    for _ in range(2):
        channel.send(view(b"".join(packets)), SIZE)
        expect(rtp, [packet * 2 for packet in packets])
    assert seen == packets * 2
    assert noted == [("cut", 0)] + [("send", 2 * len(packet)) for packet in packets] * 2
    channel.taps.clear()
    noted.clear()
    channel.send(view(b"".join(packets)), SIZE)
    expect(rtp, packets)
    assert noted == [("cut", SIZE), ("send", 4 * SIZE + 100)]


REFUSALS = [errno.EIO, errno.EINVAL, errno.EMSGSIZE, errno.EOPNOTSUPP]


@linux
@pytest.mark.parametrize("number", [*REFUSALS, errno.ENOPROTOOPT])
def test_where_the_system_cannot_be_told_packets_go_one_by_one(channel, number):
    """An old Linux. It is asked once."""
    channel, rtp, _ = channel
    noted = watch(channel, lambda call, argument: number if call == "cut" else 0)
    for _ in range(2):
        channel.send(view(b"".join(numbered(100))), SIZE)
        expect(rtp, numbered(100))
    assert noted == [("cut", SIZE)] + [("send", SIZE)] * 200 and channel.refused == 0


@linux
@pytest.mark.parametrize("number", REFUSALS)
@pytest.mark.parametrize("worked", [0, 1, 2, 3, 4, 5])
def test_where_the_system_turns_out_not_to_cut_nothing_is_lost_or_doubled(channel, number, worked):
    """At once, or after it has worked (the route has changed), or in the middle of a frame of three calls. It is not
    asked again on that socket."""
    channel, rtp, _ = channel
    sends = []

    def fail(call, argument):
        if call == "send" and SIZE < argument != 20_480:
            sends.append(argument)
            return number if len(sends) > worked else 0
        return 0

    noted = watch(channel, fail)
    frame = numbered(100, last=33)
    for _ in range(3):
        channel.send(view(b"".join(frame)), SIZE)
        expect(rtp, frame)
    assert len(sends) == worked + 1 and channel.refused == 0
    assert [size for call, size in noted if call == "cut"] == [SIZE, 0]
    single = numbered(1, 20_480)
    channel.send(view(single[0]), 20_480)               # … nor does the socket cut what is larger
    expect(rtp, single)


@linux
def test_the_socket_of_one_viewer_says_nothing_of_the_others(channel):
    channel, rtp, _ = channel
    host = rtp.getsockname()
    other = UdpChannel(host, host, (host[1], channel.peer_ports[1]))
    mine, others = watch(channel, lambda call, argument: errno.EIO if argument > SIZE else 0), watch(other)
    for one in (channel, other, channel, other):
        one.send(view(b"".join(numbered(10))), SIZE)
        expect(rtp, numbered(10))
    assert mine == [("cut", SIZE), ("send", 10 * SIZE), ("cut", 0)] + [("send", SIZE)] * 20
    assert others == [("cut", SIZE)] + [("send", 10 * SIZE)] * 2
    for sock in (other._rtp, other._rtcp):
        sock.close()


@linux
def test_a_size_that_the_system_does_not_take_after_another_one_ends_the_cutting(channel):
    channel, rtp, _ = channel
    watch(channel, lambda call, argument: errno.EINVAL if (call, argument) == ("cut", 800) else 0)
    for count, size in ((9, SIZE), (9, 800), (1, 20_480), (9, SIZE)):
        channel.send(view(b"".join(numbered(count, size))), size)
        expect(rtp, numbered(count, size))


def test_packets_that_are_too_large_for_udp_are_given_up(channel):
    """What came inside a connection may be so large."""
    channel, rtp, _ = channel
    watch(channel)
    channel.send(view(bytes(2 * 65_532)), 65_532)
    assert channel.refused == 2
    channel.send(view(b"next"), 4)
    expect(rtp, [b"next"])


@pytest.mark.parametrize("number", [errno.ENOBUFS, errno.EAGAIN, errno.ENETUNREACH, errno.EPERM])
def test_what_cannot_be_sent_for_the_moment_is_counted_and_the_next_frame_goes(channel, number):
    """It is not tried again: nobody waits, and the system is still asked to cut."""
    channel, rtp, _ = channel
    failing = [True]
    noted = watch(channel, lambda call, argument: number if call == "send" and failing[0] else 0)
    channel.send(view(b"".join(numbered(3, 100))), 100)
    lost = len([call for call, _ in noted if call == "send"])
    assert channel.refused == lost == (1 if sys.platform == "linux" else 3)
    failing.clear()
    failing.append(False)
    channel.send(view(b"".join(numbered(3, 100))), 100)
    expect(rtp, numbered(3, 100))


def test_a_port_that_stays_closed_costs_two_calls_at_most(channel):
    """No loop."""
    channel, _, _ = channel
    noted = watch(channel, lambda call, argument: errno.ECONNREFUSED if call == "send" else 0)
    channel.send(view(b"gone"), 4)
    assert noted == [("send", 4)] * 2 and channel.refused == 2


def test_elsewhere_packets_go_one_by_one(channel, monkeypatch):
    """Windows, macOS."""
    channel, rtp, _ = channel
    monkeypatch.setattr("net.channels.sys.platform", "darwin")
    host = rtp.getsockname()
    other = UdpChannel(host, host, (host[1], channel.peer_ports[1]))
    noted = watch(other)
    other.send(view(b"".join(numbered(3, 100, 7))), 100)
    expect(rtp, numbered(3, 100, 7))
    assert noted == [("send", 100), ("send", 100), ("send", 7)]
    for sock in (other._rtp, other._rtcp):
        sock.close()


def test_a_channel_may_learn_later_where_it_sends(reader):
    """A publisher names its ports before it knows the server's."""
    rtp, rtcp = bind_pair(LOCAL, 0)
    with rtp, rtcp:
        rtp.settimeout(10)
        channel = UdpChannel(LOCAL)
        channel.aim(("127.0.0.1", 1), (rtp.getsockname()[1], rtcp.getsockname()[1]))
        channel.send(memoryview(b"abcd"), 4)
        assert rtp.recvfrom(100) == (b"abcd", ("127.0.0.1", channel.ports[0]))
        assert channel.parameters["client_port"] == (rtp.getsockname()[1], rtcp.getsockname()[1])
        channel.close(reader)


@linux
def test_frames_go_straight_out_where_the_system_cuts_them(channel):
    """Once it has been told to, up to what one call takes; not for a few viewers, and not past a tap."""
    channel, rtp, _ = channel
    assert channel.straight(SIZE)[1] == 0
    channel.send(view(b"".join(numbered(2))), SIZE)
    expect(rtp, numbered(2))
    send, most = channel.straight(SIZE)
    assert most == min(64, 65507 // SIZE) and channel.straight(SIZE + 4)[1] == 0
    send(view(b"".join(numbered(20, last=33))))
    expect(rtp, numbered(20, last=33))
    channel.crowded = False
    assert channel.straight(SIZE)[1] == 0
    channel.crowded = True
    channel.taps.append(lambda packet, control: [packet])
    assert channel.straight(SIZE)[1] == 0
