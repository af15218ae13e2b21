"""Headers with a structure: what peers write ⇄ values."""

import pytest

from rtsp import limits
from rtsp.errors import MessageError, RangeError, RtspError
from rtsp.headers import Range, RtpInfo, SessionHeader, Transport

# (as clients and servers write it, what it means, as we write it)
TRANSPORTS = [
    (
        "RTP/AVP/UDP;unicast;client_port=24052-24053",
        Transport("RTP/AVP/UDP", client_port=(24052, 24053)),
        "RTP/AVP/UDP;unicast;client_port=24052-24053",
    ),
    (
        'rtp/avp;UNICAST; Client_Port = 5000 ;mode="play"',
        Transport("RTP/AVP", client_port=(5000, 5001), mode="PLAY"),
        'RTP/AVP;unicast;client_port=5000-5001;mode="PLAY"',
    ),
    (
        "RTP/AVP/TCP;unicast;interleaved=0-1",
        Transport("RTP/AVP/TCP", interleaved=(0, 1)),
        "RTP/AVP/TCP;unicast;interleaved=0-1",
    ),
    (
        "RTP/AVP;unicast;client_port=25000-25001;server_port=30000-30001;ssrc=000A2F",
        Transport(client_port=(25000, 25001), server_port=(30000, 30001), ssrc=0xA2F),
        "RTP/AVP;unicast;client_port=25000-25001;server_port=30000-30001;ssrc=00000A2F",
    ),
    (
        "RTP/AVP;multicast;destination=224.2.0.1;source=10.0.0.1;ssrc= nonsense",
        Transport(multicast=True, destination="224.2.0.1", source="10.0.0.1"),
        "RTP/AVP;multicast;destination=224.2.0.1;source=10.0.0.1",
    ),
    (
        "RTP/UDP;client_port=25000",
        Transport("RTP/UDP", client_port=(25000, 25001)),
        "RTP/UDP;unicast;client_port=25000-25001",
    ),
]


@pytest.mark.parametrize(("text", "value", "written"), TRANSPORTS)
def test_a_transport_is_read_and_written(text, value, written):
    assert Transport.parse(text) == [value]
    assert str(value) == written
    assert Transport.parse(written) == [value]


def test_alternatives_keep_their_order_and_quoted_commas():
    text = 'RTP/AVP/TCP;interleaved=0-1;mode="PLAY,RECORD", RTP/AVP;multicast,RTP/AVP;client_port=5000-5001'
    offers = Transport.parse(text)
    assert [offer.protocol for offer in offers] == ["RTP/AVP/TCP", "RTP/AVP", "RTP/AVP"]
    assert offers[0].mode == "PLAY,RECORD"
    assert [offer.udp for offer in offers] == [False, False, True]


def test_what_names_no_transport_is_none():
    assert Transport.parse(" , ;;,; ;") == []
    assert Transport.parse(";RTP/AVP;unicast") == [Transport()]


def test_the_last_port_has_no_next_one():
    assert Transport.parse("RTP/AVP;client_port=65535")[0].client_port == (65535, 65535)


@pytest.mark.parametrize("text", ["RTP/AVP;client_port=70000", "RTP/AVP;client_port=a-b", "RTP/AVP;client_port=-1",
                                  "RTP/AVP;client_port=5000-99999", "RTP/AVP/TCP;interleaved=255-256"])
def test_ports_are_checked(text):
    with pytest.raises(MessageError):
        Transport.parse(text)


@pytest.mark.parametrize("text", [',"' * 200_000, 'a,"' * 200_000, '"' * 300_001 + ",a" * 200_000])
def test_a_hostile_header_costs_no_more_than_a_long_one(text):
    """Commas, and quotes that never end. With a look ahead at each comma this would take minutes."""
    with pytest.raises(MessageError, match="transports to choose from"):
        Transport.parse(text)


def test_a_transport_has_so_many_alternatives_and_no_more():
    assert len(Transport.parse("a;x," * limits.ALTERNATIVES)) == limits.ALTERNATIVES
    with pytest.raises(MessageError):
        Transport.parse("a;x," * (limits.ALTERNATIVES + 1))


@pytest.mark.parametrize(("text", "value", "written"), [
    ("12345678", SessionHeader("12345678"), "12345678"),
    ("12345678;timeout=60", SessionHeader("12345678", 60), "12345678;timeout=60"),
    (" a-b_c$ ; timeout = 5 ; x", SessionHeader("a-b_c$", 5), "a-b_c$;timeout=5"),
])
def test_a_session_is_read_and_written(text, value, written):
    assert SessionHeader.parse(text) == value
    assert str(value) == written


@pytest.mark.parametrize("text", ["", ";timeout=60", "1;timeout=", "1;timeout=0", "1;timeout=nan"])
def test_a_session_without_id_or_with_an_odd_timeout_is_refused(text):
    with pytest.raises(MessageError):
        SessionHeader.parse(text)


@pytest.mark.parametrize(("text", "value", "written"), [
    ("npt=0.000-", Range(0.0), "npt=0.000-"),
    ("npt=0-20", Range(0.0, 20.0), "npt=0.000-20.000"),
    ("npt=10.05-12.", Range(10.05, 12.0), "npt=10.050-12.000"),
    ("NPT = 1:02:03.5 -", Range(3723.5), "npt=3723.500-"),
    ("npt=-20", Range(None, 20.0), "npt=-20.000"),
    ("npt=now-", Range(now=True), "npt=now-"),
    ("npt=5-;time=19970123T143720Z", Range(5.0), "npt=5.000-"),
    ("npt=now-5", Range(None, 5.0, now=True), "npt=now-5.000"),
    ("npt = 12:05:35.3 - 13:00:00", Range(43535.3, 46800.0), "npt=43535.300-46800.000"),
    ("smpte=0:00:10-", Range(300 * 1001 / 30000, unit="smpte"), "smpte=0:00:10:00-"),
    ("SMPTE-25 = 0:00:10:05 - 0:00:12:00.50", Range(10.2, 12.02, unit="smpte-25"),
     "smpte-25=0:00:10:05-0:00:12:00.50"),
    ("smpte-25=-0:00:01", Range(None, 1.0, unit="smpte-25"), "smpte-25=-0:00:01:00"),
])
def test_a_range_is_read_and_written(text, value, written):
    assert Range.parse(text) == value
    assert str(value) == written
    assert Range.parse(written) == value


@pytest.mark.parametrize("text", ["npt=", "npt=-", "npt=x-", "npt=nan-", "npt=inf-", "npt=1e3-", "npt=1:2-", "npt=--5",
                                  "npt=1_0-", "npt=5", "npt=" + "9" * 5000 + "-", "npt=-now", "npt=0-1,npt=3-4",
                                  "smpte=now-", "smpte=10-", "smpte=0:10-", "smpte=-", "smpte=0:00:00:30-"])
def test_a_range_that_is_none_is_457(text):
    with pytest.raises(RangeError) as caught:
        Range.parse(text)
    assert caught.value.status == 457


@pytest.mark.parametrize("text", ["smpte-24=10:07:00-", "clock=19961108T142300Z-", "", "bytes=0-"])
def test_other_units_are_not_implemented(text):
    with pytest.raises(RtspError) as caught:
        Range.parse(text)
    assert caught.value.status == 501


def test_rtp_info_is_read_and_written():
    """RFC 2326 §12.33, with a comma and a blank between streams, and a URL that holds both separators."""
    text = "url=rtsp://foo.com/bar.avi/streamid=0;seq=45102;rtptime=12345678, url=rtsp://foo.com/a,b;seq=1"
    infos = RtpInfo.parse(text)
    assert infos == [
        RtpInfo("rtsp://foo.com/bar.avi/streamid=0", 45102, 12345678),
        RtpInfo("rtsp://foo.com/a,b", 1),
    ]
    assert ", ".join(map(str, infos)) == text


@pytest.mark.parametrize("text", ["url=x;seq=65536", "url=x;rtptime=4294967296", "url=x;seq=-1"])
def test_rtp_info_out_of_range_is_refused(text):
    with pytest.raises(MessageError):
        RtpInfo.parse(text)


def test_recording_is_written_as_all_servers_read_it():
    """RFC 2326 §12.39 has quotes and capitals; ffmpeg as a server reads this alone."""
    assert str(Transport(mode="RECORD")) == "RTP/AVP;unicast;mode=record"
    assert str(Transport(mode="PLAY")) == 'RTP/AVP;unicast;mode="PLAY"'
    assert Transport.parse('RTP/AVP;unicast;mode="Record"')[0].mode == "RECORD"
