"""The tree is as the design says: who imports whom, what lies where, how long files and functions are.

Every check takes (path, source) and returns complaints, so that the checks themselves are tested below on bad samples.
"""

from __future__ import annotations

import ast
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent

# Who may import what of the project. A folder's name stands for all its modules; a folder may always import itself.
ARROWS: dict[str, set[str]] = {
    "start": {"tools.environment"},
    "CommandLine": {"net.impairment", "rtsp.failures"},
    "ClientLauncher": {
        "CommandLine", "Client", "Figures", "Output", "Player", "media.tape", "net.instruments", "net.transcript",
        "net.trust", "rtsp.failures", "rtsp.keyring", "rtsp.login", "rtsp.situations", "ui",
    },
    "Client": {"ui", "Actions", "Display", "Extras", "Figures", "Player", "Reconnection", "rtsp"},
    "Actions": {"ui", "Folder", "Player", "Stills", "rtsp"},
    "Display": {"ui", "Player", "Stills"},
    "Stills": {"Player"},
    "Folder": {"RtspClient", "net.trust", "rtsp"},
    "Output": {"Player", "media", "rtsp.situations"},
    "Extras": {"ui", "media", "Player", "rtsp"},
    "Figures": {"Player", "rtsp.keepalive", "ui.look"},
    "Reconnection": {"Player", "rtsp"},
    "Player": {"Relocation", "RtspClient", "StreamReceiver", "rtp", "net", "rtsp"},
    "Relocation": {"net", "rtsp"},
    "StreamReceiver": {"RtpPacket", "rtp", "net"},
    "RtspClient": {"rtsp", "net"},
    "Server": {"Calls", "Publication", "ServerOptions", "ServerWorker", "Session", "media", "net", "rtsp"},
    "Lookup": {"media", "rtsp"},
    # What the server asks of its viewers, and what it is asked about itself: they are handed sessions
    "Calls": {"Lookup", "SessionParameters", "net", "rtsp"},
    "Parameters": {"SessionParameters", "Status", "net", "rtsp"},
    "SessionParameters": {"Stream", "media", "rtsp"},
    "Status": {"net"},
    "ServerOptions": {"CommandLine", "Publication", "ServerWorker", "VideoStream", "media", "net.gate", "rtsp"},
    "Publishing": {"Lookup", "Publication", "media", "net", "rtsp"},
    "Publication": {"Inlet", "media", "net.gate", "rtp", "rtsp"},
    "Inlet": {"RtpPacket", "media", "rtp", "rtsp"},
    "ServerWorker": {"Lookup", "Parameters", "Publishing", "Session", "RtpPacket", "media", "rtsp", "net"},
    "Session": {
        *("Playback", "Publication", "Stream", "net", "media"),
        *("rtsp.states", "rtsp.errors", "rtsp.limits"),
    },
    "PacedStream": {"Run", "media", "net", "rtp"},
    "Stream": {"PacedStream", "Run", "rtp"},
    "Playback": {"Run", "rtsp.states", "rtsp.errors", "rtsp.limits"},
    "Run": {"media"},
    "VideoStream": {"media"},
    "RtpPacket": set(),
    "Publisher": {
        "CommandLine", "PublisherOptions", "PublisherProgress", "RtspClient", "RtpPacket", "Session", "media", "net",
        "rtsp",
    },
    "PublisherOptions": {"CommandLine", "VideoStream", "media", "rtsp.failures"},
    "PublisherProgress": {"rtp.reports"},
    "Proxy": {"Origins", "ProxyOptions", "ProxyWorker", "Server", "ServerOptions", "Upstream", "net", "rtsp"},
    "ProxyOptions": {"CommandLine", "ServerOptions", "ServerWorker", "rtsp"},
    "ProxyWorker": {"LiveOrigin", "Relayed", "ServerWorker", "rtsp"},
    "Origins": {"LiveOrigin", "Publication", "rtsp"},
    "LiveOrigin": {"Inlet", "Publication", "RtpPacket", "media", "net", "rtp", "rtsp"},
    "Relayed": {"Session", "net", "rtp", "rtsp"},
    "Upstream": {"RtspClient", "net", "rtsp"},
    "Gateway": {"Player", "web"},
    "rtsp": set(),
    "rtp": set(),
    "media": {"rtp"},
    "net": {"rtsp"},
    "ui": {"rtp", "media", "rtsp", "net.transcript"},
    "web": set(),
}
FREE = {"tools", "bench", "labs", "tests"}  # may import everything
PROJECT = {*ARROWS, *FREE}

# Control and media are plain data: no sockets, no threads, no clock, no window, nor a module that hides one of these.
CLOCKLESS = {"rtsp", "rtp"}
WORLD = {
    "socket", "_socket", "socketserver", "ssl", "select", "selectors", "asyncio", "threading", "_thread", "queue",
    "sched", "concurrent", "multiprocessing", "subprocess", "signal", "time", "tkinter", "_tkinter", "importlib",
}  # fmt: skip

# Third-party modules: Pillow where pictures are, pytest in tests. tomllib is in the standard library from 3.11 on.
THIRD_PARTY: dict[str, set[str]] = dict.fromkeys(("rtsp", "rtp", "net", "RtpPacket", "start"), set())
THIRD_PARTY["net"] = {"cryptography"}  # the extra `tls`: without it, a certificate takes the program openssl
THIRD_PARTY["tests"] = {"PIL", "pytest", "tomllib"}
STDLIB = set(sys.stdlib_module_names)

PROGRAMS = {f"{name}.py" for name in ARROWS if name == "start" or name[0].isupper()}
AT_THE_ROOT = PROGRAMS | {
    "movie.Mjpeg", "start.bat", "README.md", "LICENSE", "pyproject.toml", "requirements.txt",
    ".gitignore", ".gitattributes",
}  # fmt: skip
FOLDERS = {"rtsp", "rtp", "media", "net", "ui", "web", "labs", "tools", "bench", "docs", "tests", ".ci", ".github"}
MAY_HAVE_FOLDERS = ("tests/data", "labs/", ".github/workflows")

FILE_LINES, FUNCTION_LINES = 300, 44


def home(path: str) -> str:
    """The folder of a module, or the module itself at the root: the names of ARROWS."""
    first = path.split("/")[0]
    return first.removesuffix(".py")


def imports(path: str, source: str) -> list[tuple[int, str]]:
    """(line, dotted name) of everything imported anywhere in the file; `from a import b` is a.b."""
    found = []
    package = path.split("/")[:-1]
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found += [(node.lineno, alias.name) for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            above = package[: len(package) - node.level + 1] if node.level else []
            stem = ".".join([*above, *([node.module] if node.module else [])])
            found += [(node.lineno, f"{stem}.{alias.name}".strip(".")) for alias in node.names]
    return found


def within(name: str, allowed: set[str]) -> bool:
    return any(name == one or name.startswith(f"{one}.") for one in allowed)


def check_arrows(path: str, source: str) -> list[str]:
    """Imports of the project follow ARROWS."""
    if home(path) in FREE:
        return []
    allowed = ARROWS.get(home(path), set()) | {home(path)}
    return [
        f"{path}:{line}: {home(path)} must not import {name}"
        for line, name in imports(path, source)
        if name.split(".")[0] in PROJECT and not within(name, allowed)
    ]


def check_plain_data(path: str, source: str) -> list[str]:
    """rtsp and rtp have no sockets, threads or clock."""
    if home(path) not in CLOCKLESS:
        return []
    return [
        f"{path}:{line}: {home(path)} is plain data and must not import {name}"
        for line, name in imports(path, source)
        if name.split(".")[0] in WORLD
    ]


def check_third_party(path: str, source: str) -> list[str]:
    """Nothing but Pillow is needed to run, nothing but pytest besides to test."""
    allowed = STDLIB | PROJECT | THIRD_PARTY.get(home(path), {"PIL"})
    return [
        f"{path}:{line}: {name} is neither in the standard library nor among the required packages"
        for line, name in imports(path, source)
        if name.split(".")[0] not in allowed
    ]


def check_length(path: str, source: str) -> list[str]:
    """No long file, no long function (its docstring does not count); tests may be long."""
    if home(path) == "tests":
        return []
    lines = source.count("\n")
    found = [f"{path}: {lines} lines, more than {FILE_LINES}"] if lines > FILE_LINES else []
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, (ast.FunctionDef, ast.AsyncFunctionDef)) and function_length(node) > FUNCTION_LINES:
            found.append(
                f"{path}:{node.lineno}: {node.name} has {function_length(node)} lines, more than {FUNCTION_LINES}"
            )
    return found


def span(node: ast.stmt) -> int:
    return (node.end_lineno or node.lineno) - node.lineno + 1


def function_length(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    return span(function) - (span(function.body[0]) if ast.get_docstring(function) else 0)


def check_place(path: str) -> list[str]:
    """The root holds what the design lists; no folder lies inside a folder."""
    parts = path.split("/")
    if len(parts) == 1:
        return [] if path in AT_THE_ROOT else [f"{path}: not a file of the root"]
    if parts[0] not in FOLDERS:
        return [f"{path}: {parts[0]} is not a folder of the project"]
    if len(parts) > 2 and not path.startswith(MAY_HAVE_FOLDERS):
        return [f"{path}: a folder inside a folder"]
    return []


def find_circle(files: dict[str, str]) -> list[str]:
    """The modules of one circle of imports, [] if there is none; `files` maps paths to sources."""
    modules = {path.removesuffix(".py").removesuffix("/__init__").replace("/", "."): path for path in files}
    edges: dict[str, set[str]] = {}
    for name, path in modules.items():
        # `from a import b` may mean the module a.b or the name b in the module a.
        names = [target for _, target in imports(path, files[path])]
        edges[name] = {target if target in modules else target.rpartition(".")[0] for target in names} & set(modules)
    done: set[str] = set()

    def visit(name: str, trail: list[str]) -> list[str]:
        if name in trail:
            return [*trail[trail.index(name) :], name]
        if name in done:
            return []
        for target in sorted(edges[name]):
            circle = visit(target, [*trail, name])
            if circle:
                return circle
        done.add(name)
        return []

    return next((circle for name in sorted(edges) if (circle := visit(name, []))), [])


@cache
def project_files() -> tuple[str, ...]:
    """All files of the project: what git would keep; without git what is there, but for caches and hidden folders."""
    command = ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
    try:
        listed = subprocess.run(command, cwd=ROOT, capture_output=True, check=True, timeout=30).stdout.decode()
        names = [name for name in listed.split("\0") if name and (ROOT / name).is_file()]
    except (OSError, subprocess.SubprocessError):
        names = [path.relative_to(ROOT).as_posix() for path in ROOT.rglob("*") if path.is_file()]
        names = [name for name in names if not is_made(name)]
    return tuple(sorted(names))


def is_made(name: str) -> bool:
    """Whether a file was made by running things here, told by its folders."""
    folders = name.split("/")[:-1]
    hidden = any(one.startswith(".") and one not in FOLDERS for one in folders)
    return hidden or any(one in ("__pycache__", "build", "dist") or one.endswith(".egg-info") for one in folders)


def sources() -> Iterator[tuple[str, str]]:
    for path in project_files():
        if path.endswith(".py"):
            yield path, (ROOT / path).read_text(encoding="utf-8")


@pytest.mark.parametrize("check", [check_arrows, check_plain_data, check_third_party, check_length])
def test_sources_keep_the_rules(check):
    """Every module of the project passes the check."""
    complaints = [complaint for path, source in sources() for complaint in check(path, source)]
    assert not complaints, "\n".join(complaints)


def test_there_are_no_circles():
    """No chain of imports comes back to where it began."""
    assert find_circle(dict(sources())) == []


def test_everything_is_in_its_place():
    """Nothing at the root but the programs and what the design lists; no folder inside a folder."""
    complaints = [complaint for path in project_files() for complaint in check_place(path)]
    assert not complaints, "\n".join(complaints)


def test_setting_up_needs_nothing_installed():
    """start.py and what it runs before there is a .venv import the standard library and each other, no more."""
    first = ("start.py", "tools/__init__.py", "tools/environment.py")
    names = {name for path in first for _, name in imports(path, (ROOT / path).read_text(encoding="utf-8"))}
    assert {name.split(".")[0] for name in names} <= STDLIB | {"tools"}
    assert all(within(name, {"tools.environment"}) for name in names if within(name, {"tools"}))


# --- the checks find what they are for --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("path", "source"),
    [
        ("rtsp/message.py", "import rtp"),
        ("rtp/jpeg.py", "from rtsp.message import Request"),
        ("rtp/jpeg.py", "from RtpPacket import RtpPacket"),
        ("media/movie.py", "import net.pacer"),
        ("media/movie.py", "from Session import Session"),
        ("net/pacer.py", "from media import prepare"),
        ("ui/picture.py", "import net"),
        ("web/page.py", "import Gateway"),
        ("RtpPacket.py", "from rtp.timestamps import extend"),
        ("Session.py", "from rtsp.message import Request"),
        ("Session.py", "import rtsp"),
        ("Client.py", "import RtspClient"),
        ("start.py", "import Server"),
        ("start.py", "from tools.make_movie import main"),
        ("Client.py", "def later():\n    from net import pacer"),
        ("rtp/jpeg.py", "from tests import movies"),
    ],
)
def test_a_forbidden_arrow_is_found(path, source):
    """One bad import, wherever in the file, is one complaint."""
    assert len(check_arrows(path, source)) == 1


@pytest.mark.parametrize(
    ("path", "source"),
    [
        ("rtsp/message.py", "from rtsp import status\nfrom rtsp.errors import MessageError"),
        ("rtsp/message.py", "from . import status\nfrom .errors import MessageError"),
        ("Session.py", "from rtsp.states import State\nfrom rtsp import states"),
        ("Server.py", "import ServerWorker, ServerOptions\nfrom net.addresses import listen"),
        ("tests/test_x.py", "import Server, rtsp.message, tools.barcode"),
        ("tools/x.py", "from VideoStream import VideoStream"),
    ],
)
def test_an_allowed_arrow_is_no_complaint(path, source):
    """What ARROWS allows passes."""
    assert check_arrows(path, source) == []


def test_a_relative_import_is_read_like_an_absolute_one():
    """`from ..rtsp import x` does not slip through."""
    assert imports("rtp/jpeg.py", "from ..rtsp import states\nfrom . import reorder") == [
        (1, "rtsp.states"),
        (2, "rtp.reorder"),
    ]


@pytest.mark.parametrize("module", sorted(WORLD))
@pytest.mark.parametrize("folder", sorted(CLOCKLESS))
def test_the_world_outside_is_found_in_plain_data(folder, module):
    """Sockets, threads and clocks are refused in rtsp and rtp, and only there."""
    assert len(check_plain_data(f"{folder}/x.py", f"import {module}")) == 1
    assert len(check_plain_data(f"{folder}/x.py", f"from {module} import x")) == 1
    assert check_plain_data("net/x.py", f"import {module}") == []


@pytest.mark.parametrize(
    ("path", "module"),
    [
        ("ui/x.py", "numpy"),
        ("rtp/x.py", "PIL"),
        ("net/x.py", "PIL"),
        ("media/x.py", "pytest"),
        ("tests/x.py", "requests"),
    ],
)
def test_a_package_that_is_not_required_is_found(path, module):
    """Pillow where pictures are, pytest in tests, nothing else."""
    assert len(check_third_party(path, f"import {module}.part")) == 1
    assert check_third_party("media/x.py", "from PIL import Image\nimport os.path") == []


def test_long_files_and_functions_are_found():
    """One line too many is one too many; tests may be long."""
    long_file = "x = 1\n" * (FILE_LINES + 1)
    long_function = "class A:\n    def f(self):\n" + "        x = 1\n" * FUNCTION_LINES
    assert len(check_length("rtp/x.py", long_file)) == 1
    assert len(check_length("rtp/x.py", long_function)) == 1
    assert check_length("rtp/x.py", long_file[6:]) == check_length("tests/x.py", long_file) == []
    assert check_length("rtp/x.py", long_function.replace("x = 1", '"""One."""', 1)) == []


@pytest.mark.parametrize("path", ["notes.txt", "Helper.py", "rtp/deep/x.py", "misc/x.py", "docs/pictures/a.png"])
def test_a_file_out_of_place_is_found(path):
    """Unknown files at the root, unknown folders, folders in folders."""
    assert len(check_place(path)) == 1


@pytest.mark.parametrize(
    "path",
    ["Server.py", "README.md", "rtp/x.py", "tests/data/a/b.bin", "labs/1/x.py", ".github/workflows/ci.yml", ".ci/run"],
)
def test_a_file_in_its_place_is_no_complaint(path):
    """What the design lists passes."""
    assert check_place(path) == []


def test_a_circle_is_found():
    """Two modules of one folder that import each other, also by way of a third and inside a function."""
    files = {
        "rtp/a.py": "from rtp.b import f",
        "rtp/b.py": "def f():\n    from rtp import c",
        "rtp/c.py": "import rtp.a",
        "rtp/__init__.py": "",
    }
    assert find_circle(files) == ["rtp.a", "rtp.b", "rtp.c", "rtp.a"]
    assert find_circle({**files, "rtp/c.py": "import os"}) == []


def test_made_files_are_told_from_the_project_s():
    """Without git, caches and .venv do not count as files of the project."""
    made = [".venv/bin/x.py", "rtp/__pycache__/a.pyc", "build/lib/x.py", ".git/config"]
    assert all(map(is_made, made))
    assert not any(map(is_made, ["rtp/a.py", ".ci/run", ".github/workflows/ci.yml", "Server.py", ".gitignore"]))
