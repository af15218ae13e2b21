"""What tools.doctor looks at in the network of this machine, without a word to any other."""

from __future__ import annotations

import socket
import sys

from start import HOST, is_free, server_header
from tools.findings import MISSING, NOTE, OK, Finding

RTP_PORTS = (25000, 25001)
PACKETS, PACKET = 50, 1412  # as a movie's frames come
WHOLE = 20_480  # bytes: the longest datagram of the lab dialect
PATIENCE = 1.0  # seconds
LAB_ONLY = "clients of the lab dialect lose large frames here; others do not"

FIREWALLS = {
    "win32": """\
Windows asks when a program listens for the first time; Cancel there means a rule that blocks it,
and no second question. To allow this Python in private networks (as administrator):
  netsh advfirewall firewall add rule name="RTSP lab" dir=in action=allow program="{python}" profile=private
Rules that block it: netsh advfirewall firewall show rule name=all dir=in | findstr /i python""",
    "darwin": """\
System Settings > Network > Firewall > Options: allow {python}; or
  sudo /usr/libexec/ApplicationFirewall/socketfilterfw --add {python} --unblockapp {python}""",
    "linux": """\
Where ufw is on:        server: sudo ufw allow {port}/tcp        player: sudo ufw allow 25000:25001/udp
Where firewalld is on:  sudo firewall-cmd --add-port={port}/tcp; sudo firewall-cmd --add-port=25000-25001/udp""",
}


def server_port(port: int) -> Finding:
    what = f"TCP {port}"
    if is_free(port):
        return Finding(what, OK, "free for the server")
    name = server_header(port)
    if name and name.startswith("RTSPlab"):
        return Finding(what, OK, f"{name} answers there")
    words = "another RTSP server answers there" if name is not None else "taken by another program, or forbidden"
    return Finding(what, NOTE, words, f"python Server.py {port + 1 if port < 65535 else 6789}")


def player_ports() -> Finding:
    what = f"UDP {'/'.join(map(str, RTP_PORTS))}"
    taken = [str(port) for port in RTP_PORTS if not _udp_is_free(port)]
    if not taken:
        return Finding(what, OK, "free for the player")
    return Finding(what, NOTE, f"{' and '.join(taken)} taken", "nothing to do: the player takes others by itself")


def _udp_is_free(port: int) -> bool:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        try:
            sock.bind(("", port))
        except OSError:
            return False
    return True


def udp() -> Finding:
    """Datagrams from one socket to another, as packets of a movie go."""
    what = "UDP loopback"
    try:
        arrived = exchanged(PACKETS, PACKET)
    except OSError as error:
        return Finding(what, MISSING, f"cannot be used: {error}", "--transport tcp plays without UDP")
    words = f"{arrived} of {PACKETS} packets of {PACKET} bytes came"
    if arrived < PACKETS:
        return Finding(what, MISSING, words, "a security program drops UDP; --transport tcp plays without it")
    return Finding(what, OK, words)


def whole_frames() -> Finding:
    """The lab dialect sends a frame in one datagram."""
    what = "UDP 20 kB"
    try:
        arrived = exchanged(1, WHOLE)
    except OSError as error:
        arrived, reason = 0, str(error)
    else:
        reason = "it did not come"
    if arrived:
        return Finding(what, OK, f"a datagram of {WHOLE:,} bytes came")
    advice = "sudo sysctl -w net.inet.udp.maxdgram=65535" if sys.platform == "darwin" else LAB_ONLY
    return Finding(what, NOTE, f"a datagram of {WHOLE:,} bytes cannot be sent: {reason}", advice)


def exchanged(count: int, size: int) -> int:
    """How many of so many datagrams come, one sent after the other. OSError."""
    with (
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as here,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as there,
    ):
        here.bind((HOST, 0))
        here.settimeout(PATIENCE)
        there.bind((HOST, 0))
        for number in range(count):
            packet = number.to_bytes(4, "big") + bytes(size - 4)
            there.sendto(packet, here.getsockname())
            try:
                if here.recv(size + 1) != packet:
                    return number
            except TimeoutError:
                return number
    return count


def ipv6() -> Finding:
    try:
        with socket.socket(socket.AF_INET6, socket.SOCK_DGRAM) as sock:
            sock.bind(("::1", 0))
    except OSError as error:
        return Finding("IPv6", NOTE, f"not here ({error}): IPv4 does")
    return Finding("IPv6", OK, "there")


def firewall(port: int, platform: str = sys.platform) -> str:
    """What to type where a firewall keeps other machines out."""
    return FIREWALLS.get(platform, FIREWALLS["linux"]).format(port=port, python=sys.executable)
