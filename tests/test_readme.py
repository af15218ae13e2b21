"""README says what is there: the state table, the options, the files, the commands."""

import contextlib
import io
import re
from pathlib import Path

import pytest

import ClientLauncher
import ProxyOptions
import PublisherOptions
import Server
from rtsp.states import markdown

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text(encoding="utf-8")
OPTIONS = (ROOT / "docs" / "options.md").read_text(encoding="utf-8")
PROGRAMS = {
    "Server.py": Server.parseArguments,
    "ClientLauncher.py": ClientLauncher.parseArguments,
    "Publisher.py": PublisherOptions.parseArguments,
}


def help_of(parse):
    """What --help prints."""
    out = io.StringIO()
    with contextlib.redirect_stdout(out), pytest.raises(SystemExit):
        parse(["--help"])
    return out.getvalue()


def test_readme_names_no_option_that_there_is_not():
    parsers = [*PROGRAMS.values(), ProxyOptions.parseArguments]
    there = {option for parse in parsers for option in options_in(help_of(parse))}
    lines = re.findall(r"^    python (?:Server|ClientLauncher|Publisher|Proxy).*", README, re.M)
    assert {option for line in lines for option in options_in(line)} <= there


def options_in(text):
    return set(re.findall(r"(?<![\w-])--[a-z]+(?:-[a-z]+)*", text))


def section_of(program):
    """The rows of the table under the line that gives the program's usage; where there is none, that paragraph."""
    usage, table, _ = OPTIONS[OPTIONS.index(f"`python {program}") :].split("\n\n", 2)
    if not table.startswith("| option"):
        return usage
    return "\n".join(row.split("|")[1] for row in table.replace("\\|", "/").splitlines())


@pytest.mark.parametrize("program", PROGRAMS)
def test_each_option_is_told_and_each_that_is_told_is_one(program):
    assert options_in(section_of(program)) == options_in(help_of(PROGRAMS[program]).split("examples:")[0])


def test_the_proxy_s_options_are_told():
    """A line and a table: most are those of the server."""
    text = OPTIONS[OPTIONS.index("`python Proxy.py PORT") : OPTIONS.index("## Keys of the player")]
    assert options_in(text) == options_in(help_of(ProxyOptions.parseArguments).split("examples:")[0])


def test_the_state_table_is_the_one_the_code_prints():
    assert markdown() in README


def test_each_file_that_readme_names_is_there():
    for name in re.findall(r"`((?:\w+/)?\w+\.(?:py|bat|Mjpeg))`", README):
        assert (ROOT / name).exists(), name
    for link in re.findall(r"\]\(([^)#]+)\)", README):
        assert (ROOT / link).exists(), link
    for link in re.findall(r"\]\(([^)#]+)\)", OPTIONS):
        assert (ROOT / "docs" / link).exists(), link


def test_each_exit_code_of_the_programs_is_explained():
    [text] = re.findall(r"^Exit codes: (.*?)\n(?:\n|$)", OPTIONS, re.S | re.M)
    codes = [int(code) for code in re.findall(r"(?:^|· )(\d+) ", text.replace("\n", " "))]
    assert codes == [0, 1, 2, 3, 4, 5, 6, 7, 130]
    for program in ("ClientLauncher.py", "Publisher.py"):
        [listed] = re.findall(r"exit codes: (.*)", help_of(PROGRAMS[program]), re.S)
        assert [int(code) for code in re.findall(r"(?:^|,\s)(\d+) ", listed)] == codes


def test_the_two_commands_are_there_and_the_classic_ones():
    for line in ("    python3 start.py ", "    python3 start.py test ", "    python Server.py 6789\n",
                 "    python ClientLauncher.py 127.0.0.1 6789 25000 movie.Mjpeg\n"):
        assert line in README


def test_readme_is_short():
    assert len(README.splitlines()) <= 200
