"""`python -m tests.vignettes.score [family ...]`: sensitivity and false alerts of the library, family by family.

With families named, each of their vignettes that came out wrong is printed with what was said instead.
"""

import sys
import tomllib
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache

from cds_service.folders import data_folder
from cds_service.terminology.index import open_index
from tests.rules.library import shipped
from tests.vignettes.cases import FOLDER, Vignette, read_vignettes
from tests.vignettes.judge import Verdict, judge

HEADINGS = ("family", "say", "said right", "quiet", "false alerts", "right")


@dataclass(frozen=True, slots=True)
class Score:
    """Counts of one family. `says` vignettes want a card, `quiet` ones want none or only a note."""

    says: int
    said_right: int
    quiet: int
    false_alerts: int

    @property
    def right(self) -> float:
        """Share of all vignettes that came out right."""
        return (self.said_right + self.quiet - self.false_alerts) / (self.says + self.quiet)


@cache
def all_vignettes() -> tuple[Vignette, ...]:
    return read_vignettes(open_index(data_folder("rules") / "terminology" / "rxnorm.sqlite"))


@cache
def verdicts() -> tuple[Verdict, ...]:
    """Every vignette put to the shipped library."""
    return tuple(judge(each, shipped().release) for each in all_vignettes())


def covered_families() -> list[str]:
    families: list[str] = tomllib.loads((FOLDER / "covered.toml").read_text())["families"]
    return families


def accepted_misses() -> dict[str, str]:
    """Why each accepted miss is accepted, by the id of its vignette."""
    misses = tomllib.loads((FOLDER / "misses.toml").read_text()).get("miss", [])
    return {miss["id"]: miss["because"] for miss in misses}


def count(verdicts: Iterable[Verdict]) -> Score:
    every = list(verdicts)
    says = [each for each in every if each.vignette.says]
    quiet = [each for each in every if not each.vignette.says]
    return Score(
        says=len(says),
        said_right=sum(each.right for each in says),
        quiet=len(quiet),
        false_alerts=sum(not each.right for each in quiet),
    )


def write_table() -> str:
    families = list(dict.fromkeys(each.family for each in all_vignettes()))
    covered = covered_families()
    scores = {
        family + (" *" if family in covered else ""): count(
            each for each in verdicts() if each.vignette.family == family
        )
        for family in families
    }
    scores["all"] = count(verdicts())
    rows = [HEADINGS, *(row(name, score) for name, score in scores.items())]
    widths = [max(len(each[column]) for each in rows) for column in range(len(HEADINGS))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(each, widths, strict=True)).rstrip() for each in rows]
    return "\n".join([*lines, "* rules are written: held to 98 %"])


def row(name: str, score: Score) -> tuple[str, ...]:
    counts = (score.says, score.said_right, score.quiet, score.false_alerts)
    return (name, *(str(each) for each in counts), f"{score.right:.0%}")


def list_wrong(families: list[str]) -> str:
    return "\n".join(
        f"{each.vignette.id} {each.vignette.name}: {each.wrong}\n    said: {', '.join(each.said) or 'nothing'}"
        for each in verdicts()
        if each.vignette.family in families and not each.right
    )


if __name__ == "__main__":
    print(write_table())
    if chosen := sys.argv[1:]:
        print(list_wrong(chosen))
