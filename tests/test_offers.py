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
    assert offers.choose([text], "127.0.0.1") == Transport.parse(text)[0]


@pytest.mark.parametrize("text", NONE)
def test_what_cannot_is_461_and_the_next_alternative_is_taken(text):
    """RFC 2326 §12.39: in the order of preference."""
    with pytest.raises(RtspError) as caught:
        offers.choose([text], "127.0.0.1")
    assert caught.value.status == 461
    assert offers.choose([f"{text}, {TCP},{UDP}"], "127.0.0.1").tcp
    assert offers.choose([f"{text},{UDP},{TCP}"], "127.0.0.1").udp


def test_the_lab_dialect_knows_udp_alone():
    with pytest.raises(RtspError) as caught:
        offers.choose([TCP], "127.0.0.1", lab=True)
    assert caught.value.status == 461
    assert offers.choose([f"{TCP},{UDP}"], "127.0.0.1", lab=True).udp


def test_media_goes_to_nobody_else():
    with pytest.raises(RtspError) as caught:
        offers.choose(["RTP/AVP;unicast;destination=127.0.0.9;client_port=5000-5001"], "127.0.0.1")
    assert caught.value.status == 403
    assert offers.choose(["RTP/AVP;unicast;destination=127.0.0.1;client_port=5000-5001"], "127.0.0.1").udp


@pytest.mark.parametrize("headers", [[], [""], [" , ", ""]])
def test_without_a_transport_it_is_400(headers):
    with pytest.raises(MessageError):
        offers.choose(headers, "127.0.0.1")


def test_the_address_may_be_left_out_and_others_may_stand_beside_it():
    """`destination` without a value, an IPv6 one in brackets; a stranger's is passed over for one's own."""
    assert offers.choose(["RTP/AVP;unicast;destination;client_port=5000-5001"], "127.0.0.1").udp
    assert offers.choose(["RTP/AVP/TCP;destination=[FE80::1]"], "fe80::1%eth0").tcp
    assert offers.choose([f"RTP/AVP;unicast;destination=10.0.0.9;client_port=5000-5001,{TCP}"], "127.0.0.1").tcp


def test_several_headers_are_one_list():
    """RFC 2326 §4.2: the order of the headers is that of preference."""
    assert offers.choose([NONE[0], TCP, UDP], "127.0.0.1").tcp
    assert offers.choose([f"{NONE[0]}, {NONE[1]}", f"{UDP},{TCP}"], "127.0.0.1").udp


MORE = ['mode="PLAY,RECORD"', 'mode="play"', "mode=Play", 'mode="PLAY RECORD"', 'mode=""', "ttl=127", "port=5000-5001",
        "layers=2", "append", "server_port=6000-6001", "ssrc=0000002A", "x-new", "=", ";", 'x="a;b,c"', 'x="',
        "source=10.0.0.1"]  # fmt: skip


@pytest.mark.parametrize("more", MORE)
def test_what_else_stands_there_does_no_harm(more):
    for offer in (UDP, TCP):
        assert offers.choose([f"{offer};{more}"], "127.0.0.1").protocol == offer.split(";")[0]
