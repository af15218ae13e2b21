"""docs/security.md: each promise names a test that is there, its numbers are those of the code; and what it says of the
source is true."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from rtsp import limits

ROOT = Path(__file__).resolve().parent.parent
PAGE = (ROOT / "docs" / "security.md").read_text(encoding="utf-8")
TEST = re.compile(r"`(test_\w+\.py)::(test_\w+)`")


def rows(section):
    """The cells of the tables in a section (`##`), without their heads."""
    text = PAGE.split(f"## {section}\n")[1].split("\n## ")[0]
    lines = [line.strip("| ").split(" | ") for line in text.splitlines() if line.startswith("|")]
    return [cells for cells in lines if cells[0].strip("-|") and cells[0] not in ("Promise", "NAME")]


def functions_of(file):
    tree = ast.parse((ROOT / "tests" / file).read_text(encoding="utf-8"))
    return {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)}


def test_each_promise_names_a_test():
    promises = rows("What is promised")
    assert len(promises) > 15
    assert [promise for promise, *tests in promises if not TEST.search(" ".join(tests))] == []


def test_each_test_that_is_named_is_there():
    named = TEST.findall(PAGE)
    assert len(named) == PAGE.count("::test_")
    assert [f"{file}::{test}" for file, test in named if test not in functions_of(file)] == []


def test_the_limits_are_those_of_the_code():
    """All that may be set, with their values."""
    told = {name.strip("`").upper().replace("-", "_"): default for name, default, *_ in rows("Limits")}
    assert told == {name: f"{getattr(limits, name):g}" for name in limits.SETTABLE}
    assert f"`--timeout` seconds ({limits.SESSION_TIMEOUT})" in PAGE


# Who may import random, and for what: moments of reports, uneven (RFC 3550 §6.2), and no secret
UNEVEN = {"Inlet.py", "PacedStream.py", "Stream.py", "StreamReceiver.py"}
REPEATED = {"impairment.py"}        # a bad network that shall be the same each time, by its seed


@pytest.mark.parametrize("folder", ["rtsp", "rtp", "net", "media", "."])
def test_random_numbers_are_secrets(folder):
    """Ids, SSRCs and first numbers come from `secrets`; `random` is there as the argument random.random alone."""
    for file in sorted((ROOT / folder).glob("*.py")):
        tree = ast.parse(file.read_text(encoding="utf-8"))
        imports = {alias.name for node in ast.walk(tree) if isinstance(node, ast.Import) for alias in node.names}
        froms = {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
        assert not froms & {"random", "uuid"} and "uuid" not in imports, file
        if "random" in imports and file.name not in REPEATED:
            assert file.name in UNEVEN
            uses = {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute)
                    and isinstance(node.value, ast.Name) and node.value.id == "random"}
            assert uses == {"random"}, file
