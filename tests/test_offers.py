"""Which transport the server takes of those that a SETUP offers."""

import pytest

from rtsp import offers
from rtsp.errors import MessageError, RtspError
from rtsp.headers import Transport

UDP = "RTP/AVP;unicast;client_port=5000-5001"
TCP = "RTP/AVP/TCP;unicast;interleaved=0-1"
NONE = ("RTP/SAVP;unicast;client_port=5000-5001", "RTP/AVP;multicast", "RTP/AVP/TCP;multicast",
        "RTP/AVP;unicast;client_port=80-81", "RTP/AVP;unicast", "RTP/AVP/TCP;unicast;mode=RECORD")  # fmt: skip


@pytest.mark.parametrize("text", [UDP, TCP, "RTP/AVP/TCP", "rtp/avp/tcp;unicast", 'RTP/AVP/TCP;mode="PLAY"'])
def test_what_can_be_served(text):
    assert offers.choose(text, "127.0.0.1") == Transport.parse(text)[0]


@pytest.mark.parametrize("text", NONE)
def test_what_cannot_is_461_and_the_next_alternative_is_taken(text):
    """RFC 2326 §12.39: in the order of preference."""
    with pytest.raises(RtspError) as caught:
        offers.choose(text, "127.0.0.1")
    assert caught.value.status == 461
    assert offers.choose(f"{text}, {TCP},{UDP}", "127.0.0.1").tcp
    assert offers.choose(f"{text},{UDP},{TCP}", "127.0.0.1").udp


def test_the_lab_dialect_knows_udp_alone():
    with pytest.raises(RtspError) as caught:
        offers.choose(TCP, "127.0.0.1", lab=True)
    assert caught.value.status == 461
    assert offers.choose(f"{TCP},{UDP}", "127.0.0.1", lab=True).udp


def test_media_goes_to_nobody_else():
    with pytest.raises(RtspError) as caught:
        offers.choose("RTP/AVP;unicast;destination=127.0.0.9;client_port=5000-5001", "127.0.0.1")
    assert caught.value.status == 403
    assert offers.choose("RTP/AVP;unicast;destination=127.0.0.1;client_port=5000-5001", "127.0.0.1").udp


@pytest.mark.parametrize("text", [None, "", " , "])
def test_without_a_transport_it_is_400(text):
    with pytest.raises(MessageError):
        offers.choose(text, "127.0.0.1")
