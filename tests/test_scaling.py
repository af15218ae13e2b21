"""The model of what lies past one machine, and the document that shows its tables."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest

from tools import scaling
from tools.scaling import AUDIENCES, LARGE, MACHINES, SERVER, SMALL

DOCUMENT = (Path(__file__).parent.parent / "docs/scaling.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("name", scaling.tables())
def test_the_document_shows_what_the_program_prints(name):
    """Each table, to the last digit."""
    assert scaling.tables()[name] in DOCUMENT


def test_a_process_is_bound_by_its_core():
    """0.4 ms of every second for each viewer: 2500 fill a core, 70 % of that is what it is used for."""
    assert scaling.by_process(replace(SMALL, cpu_ms=0.4)) == 1750
    assert scaling.by_process(replace(SMALL, cpu_ms=0.8)) == 875


def test_a_machine_carries_what_both_its_processors_and_its_line_carry():
    """The smaller of the two; a line that is ten times as fast changes nothing for one that lacks processors."""
    for picture in (SMALL, LARGE):
        for machine in MACHINES:
            both = scaling.by_process(picture) * machine.cores, scaling.by_line(picture, machine)
            assert scaling.carries(picture, machine) == min(both)
    slow = replace(SMALL, cpu_ms=50.0)
    assert scaling.carries(slow, SERVER) == scaling.carries(slow, replace(SERVER, gbit=100.0)) == 14 * 8


def test_each_level_of_a_tree_can_feed_the_next():
    """One origin; no machine feeds more than it can; the last level carries all viewers."""
    for fan_out in (2, 10, 461):
        for _, viewers in AUDIENCES:
            levels = scaling.tree(viewers, fan_out)
            assert levels[0] == 1
            assert all(below <= above * fan_out for above, below in pairwise([*levels, viewers]))
    assert scaling.tree(30, 461) == [1]
    assert scaling.tree(462, 461) == [1, 2]


def test_a_front_that_looks_refuses_fewer():
    """By lot, the emptier of two, the emptiest of all; and nobody where there is room for everybody."""
    by_lot, of_two, of_all = (scaling.refused(10, 20, 0.9, choices) for choices in (1, 2, 10))
    assert by_lot > of_two >= of_all
    assert scaling.refused(10, 20, 0.3, 10) == 0.0


def test_a_single_machine_refuses_as_erlang_says():
    """Ten places, as many wanted as there are: Erlang's formula B(10, 10) says 21.5 % are refused."""
    found = sum(scaling.refused(1, 10, 1.0, 1, seed) for seed in range(400)) / 400
    assert found == pytest.approx(0.215, abs=0.02)


def test_measured_figures_can_be_put_in(capsys):
    """A cheaper viewer: more of them."""
    assert scaling.main(["--cpu", "0.2", "--cpu-720", "0.7"]) == 0
    assert "| 3,500 |" in capsys.readouterr().out
    with pytest.raises(SystemExit):
        scaling.main(["--cpu", "0"])
