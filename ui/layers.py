"""The layers that a message travels in, each with what it adds: application, transport, network."""

from __future__ import annotations

from typing import NamedTuple

from net.transcript import Burst, Entry
from rtp import dissect

TCP_HEADER, UDP_HEADER, PREFIX = 20, 8, 4       # bytes, TCP's without options (RFC 793, RFC 768, RFC 2326 §10.12)
IP_HEADERS = {4: 20, 6: 40}                     # RFC 791, RFC 8200


class Layer(NamedTuple):
    name: str           # "UDP"
    level: str          # "network", "transport" or "application"
    size: int           # bytes of its header, or of the contents if it is the innermost
    words: str = ""     # addresses, ports


def layers(entry: Entry) -> list[Layer]:
    """From the outside in; what is inside has the name of what it is."""
    route = entry.route
    source, target = (route.local, route.peer) if entry.outgoing else (route.peer, route.local)
    version = 6 if ":" in source[0] + target[0] else 4
    found = [Layer(f"IPv{version}", "network", IP_HEADERS[version], f"{source[0]} → {target[0]}")]
    size = TCP_HEADER if route.protocol == "TCP" else UDP_HEADER
    found.append(Layer(route.protocol, "transport", size, f"port {source[1]} → {target[1]}"))
    if route.encrypted:
        found.append(Layer("TLS", "transport", 0, "encrypted"))
    if route.channel is not None:
        found.append(Layer("$", "application", PREFIX, f"channel {route.channel}"))
    return found + _contents(entry)


def _contents(entry: Entry) -> list[Layer]:
    if entry.kind != "RTP":
        return [Layer(entry.kind, "application", len(entry.data))]
    sizes = {"RTP": 0, "JPEG": 0, "picture": 0}
    for block in dissect.rtp(entry.data):
        name = block.title.split()[0]
        header = bool(block.values) or name == "Quantization"
        sizes["RTP" if name in ("RTP", "Extension", "Padding") else "JPEG" if header else "picture"] += block.size
    return [Layer(name, "application", size) for name, size in sizes.items() if size]


def overhead(entry: Entry) -> str:
    """How much of what travels is headers."""
    found = layers(entry)
    total, inner = sum(layer.size for layer in found), found[-1].size
    if not total:
        return ""
    words = f"{total} bytes on the way, {total - inner} of them headers ({100 * (total - inner) / total:.1f} %)"
    if isinstance(entry, Burst) and entry.count > 1:
        return f"First of {entry.count} packets: {words}"
    if entry.route.protocol == "TCP" and total - IP_HEADERS[4] > 1480:
        return f"{words}; TCP cuts it into segments, each with its own headers"
    return words
