"""rtsps:// with other programs: ffmpeg, ffprobe and GStreamer play from our server, our player plays from
gst-rtsp-server, and openssl has a conversation. Every frame, told by its barcode."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

import ClientLauncher
from net.certificate import fingerprint
from tests import ffmpeg
from tests.gstreamer import BROKEN_OFF, launch
from tests.test_interop_gstreamer import LATENCY, barcodes, decoding
from tests.test_interop_gstserver import FRAMES as GST_FRAMES
from tests.test_interop_gstserver import movie, servers  # noqa: F401  (fixtures)
from tests.test_server_tls import FRAMES, folder, serving_tls  # noqa: F401  (a fixture)
from tests.tools import need
from tools import barcode

ROOT = Path(ClientLauncher.__file__).parent
SECONDS = 20
# Over TLS, what gst-launch breaks off at its end may be a report whose first four bytes, "$" and the size, have gone
# already: what follows is taken for the report, nobody can tell where the next request begins, and our server hangs up
CUT_SHORT = {"Could not receive message. (Parse error)", "Could not send message. (Parse error)"}

pytestmark = pytest.mark.timeout(120)


@pytest.fixture
def server(folder, certificates):  # noqa: F811
    with serving_tls(folder, certificates) as running:
        yield running


def test_ffmpeg_decodes_every_frame(server):
    """As it is: it does not verify by default, and takes TCP by itself. It ends at our BYE."""
    done = ffmpeg.run("-i", server.url(), *ffmpeg.GREY_STRIP, "pipe:1")
    assert ffmpeg.barcodes(done.stdout) == list(range(FRAMES))


def test_ffprobe_knows_what_it_is(server):
    command = [need("ffprobe"), "-loglevel", "error", "-of", "json", "-show_streams", server.url()]
    done = subprocess.run(command, capture_output=True, timeout=50)
    (stream,) = json.loads(done.stdout)["streams"]
    assert (stream["codec_name"], stream["width"], stream["height"]) == ("mjpeg", 384, 288)


@pytest.mark.parametrize("protocols", [(), ("protocols=tcp",)])
def test_gstreamer_decodes_every_frame(server, tmp_path, caplog, protocols):
    """By default it asks for UDP first, is told 461, and asks for TCP."""
    caplog.set_level("INFO", logger="ServerWorker")
    gstreamer_tls()
    source = ["rtspsrc", f"location={server.url()}", "tls-validation-flags=0", f"latency={LATENCY}", *protocols]
    launch(*source, "!", *decoding(tmp_path / "frames"), tolerated={BROKEN_OFF, *CUT_SHORT})
    assert barcodes(tmp_path / "frames") == list(range(FRAMES))
    refused = [record.message for record in caplog.records if " 461 " in record.message]
    assert bool(refused) is not bool(protocols)


def gstreamer_tls():
    """GLib has its TLS in a package of its own."""
    need("glib-networking")


def test_openssl_has_a_conversation(server, certificates):
    """It verifies us, gets the reply and our goodbye."""
    command = [need("openssl"), "s_client", "-connect", f"127.0.0.1:{server.port}", "-verify_return_error", "-quiet",
               "-CAfile", str(certificates.good)]  # fmt: skip
    request = b"OPTIONS * RTSP/1.0\r\nCSeq: 1\r\n\r\nOPTIONS * RTSP/1.0\r\nCSeq: 2\r\nConnection: close\r\n\r\n"
    done = subprocess.run(command, input=request, capture_output=True, timeout=SECONDS)
    assert done.returncode == 0, done.stderr
    assert done.stdout.count(b"RTSP/1.0 200 OK\r\n") == 2


@pytest.mark.parametrize("options", ["--insecure", "--fingerprint"])
def test_our_player_plays_from_gst_rtsp_server(servers, certificates, tmp_path, options):  # noqa: F811
    """Every frame saved; and without any option it does not."""
    gstreamer_tls()
    pair = tmp_path / "pair.pem"
    pair.write_text(certificates.good.read_text() + certificates.key.read_text())
    server = servers(certificate=str(pair))
    command = [sys.executable, str(ROOT / "ClientLauncher.py"), server.url(), "--headless"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == 3 and fingerprint(certificates.good) in done.stderr
    command += [options] + ([fingerprint(certificates.good)] if options == "--fingerprint" else [])
    command += ["--save-frames", str(tmp_path / "frames"), "--stats", str(tmp_path / "stats.json")]
    done = subprocess.run(command, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    saved = sorted((tmp_path / "frames").iterdir())
    assert [barcode.read(Image.open(path)) for path in saved] == list(range(GST_FRAMES))
    assert json.loads((tmp_path / "stats.json").read_text())["transport"] == "tcp"
