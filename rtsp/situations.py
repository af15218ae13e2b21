"""What is said when something does not work: every situation that a user of the player may be in, in one table.

A title, what is behind it or what to do, and the name of the button that may help.
"""

from __future__ import annotations

from difflib import get_close_matches
from typing import NamedTuple

RETRY, LOG_IN, CHOOSE = "Retry", "Log in", "Show movies"
LISTED = 8      # names of movies in a sentence

# {braces} are filled in by whoever knows
SITUATIONS = {
    # there is no connection
    "refused": ("Cannot reach {host}:{port}", "Nothing listens there. Start it with: python Server.py {port}", RETRY),
    "unknown name": ("Cannot reach {host}:{port}", "No machine is known by that name: check its spelling", RETRY),
    "no answer": ("Cannot reach {host}:{port}",
                  "No answer in {timeout:.0f} s: a wrong address, a firewall, or another network", RETRY),
    "unreachable": ("Cannot reach {host}:{port}", "{error}", RETRY),
    "no reply": ("No reply to {method} in {timeout:.0f} s", "The server may be busy or stuck", RETRY),
    "sent on": ("The server sends us on for too long",
                "After {timeout:.0f} s, the last place it named is {place}", RETRY),
    # the server says no
    404: ('The server has no "{name}"', "Check the spelling, capital letters too", RETRY),
    405: ("The server cannot do {method} here", "It may offer this for other movies", ""),
    406: ('The server cannot describe "{name}"', "It may be a folder: name a movie in it", ""),
    407: ("The proxy wants a name and a password", "This player knows only those of servers", ""),
    453: ("The server has no room for another viewer", "Try again later", RETRY),
    454: ("The server has ended the session", "Set it up again", RETRY),
    455: ("The server cannot do {method} now", "Try again, or set it up again", ""),
    456: ("This cannot be played from there", "It may be live: play it without a time", ""),
    457: ("The movie is not that long", "Begin earlier", ""),
    461: ("The server does not send media this way", "Try another --transport", RETRY),
    500: ('The server cannot play "{name}"', "Its log says why; the file may be damaged", RETRY),
    501: ("The server does not know {method}", "Not every server can do everything", ""),
    502: ("The proxy cannot reach the server",
          "Check the address that it was given, or try again later", RETRY),
    503: ("The server is overloaded", "Try again later", RETRY),
    504: ("The proxy gets no answer from the server", "Try again later", RETRY),
    "refused otherwise": ("The server refused {method}", "It may say why in its log", ""),
    "another name": ('The server has no "{name}"', "{offer}", CHOOSE),
    # who may watch
    "login wanted": (
        "The server wants a name and a password",
        "Write them into the URL, rtsp://name:password@host/..., or start on a terminal ({answer})", LOG_IN),
    "login wrong": ("The server does not accept this name and password",
                    "Check both, capital letters too ({answer})", LOG_IN),
    "login unknown": ("The server wants a name and a password in a way that this player does not know",
                      "It knows Digest (SHA-256, MD5) and Basic ({answer})", ""),
    # the media
    "port taken": ("Port {wanted} is taken; using {port}", "SETUP has told the server", ""),
    "udp refused": ("The server does not send over UDP. Switched to TCP.", "", ""),
    "udp blocked": ("No UDP packets arrived (firewall?). Switched to TCP.",
                    "On Windows, allow Python on private networks", ""),
    "no packets": ("Playing, but no packets arrived on UDP {port}",
                   "A firewall may drop them; on Windows, allow Python on private networks", RETRY),
    "no packets inside": ("Playing, but no packets arrived in the connection",
                          "The server may be busy or stuck", RETRY),
    "no packets from a lab server": (
        "Playing, but no packets arrived on UDP {port}",
        'The server may have no "{name}": check the spelling. Or a firewall drops them', RETRY),
    "other codec": ("The server sends {names}, and this player decodes MJPEG alone",
                    "Many cameras have a second stream in MJPEG: its URL will do", ""),
    # this machine
    "no Tk": ("This Python has no Tk, and the window needs it",
              "To get it: Debian, Ubuntu: sudo apt install python3-tk\n"
              "Fedora: sudo dnf install python3-tkinter · macOS: brew install python-tk, or python.org · "
              "uv: uv python upgrade\nTo play without a window, add --headless", ""),
    "no screen": ("No screen found", "To play without a window, add --headless", ""),
    "no Pillow": ("This Python has no Pillow, which decodes the pictures",
                  "To get it: {python} -m pip install Pillow", ""),
    "no room": ("Cannot write {path}", "{error}", ""),
}  # fmt: skip


class Situation(NamedTuple):
    title: str
    advice: str
    action: str     # RETRY, LOG_IN, CHOOSE or ""


def tell(situation: str | int, /, **values: object) -> Situation:
    """The words for it. KeyError if there is no such situation, or a value is missing."""
    title, advice, action = SITUATIONS[situation]
    return Situation(title.format(**values), advice.format(**values), action)


def offer(name: str, names: list[str]) -> str:
    """What a server that has no `name` does have, what was probably meant first."""
    lower = {one.lower(): one for one in names}
    near = [lower[one] for one in get_close_matches(name.lower(), list(lower), n=1)]
    meant = [f"Did you mean {near[0]}?"] if near else []
    more = ", …" if len(names) > LISTED else ""
    listed = [f"It offers: {', '.join(names[:LISTED])}{more}"] if names != near else []
    return " ".join(meant + listed)
