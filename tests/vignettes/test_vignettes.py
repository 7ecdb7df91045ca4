"""The vignettes are sound, and the families whose rules are written answer them as a pharmacist would."""

import re
from collections import Counter

import pytest

from tests.support.shared import SHARED, needs_shared
from tests.vignettes.cases import FOLDER, NOT_VIGNETTES
from tests.vignettes.judge import Verdict
from tests.vignettes.score import accepted_misses, all_vignettes, count, covered_families, verdicts, write_table

SOUGHT = 0.98
FEWEST, QUIET_SHARE = 150, 0.4
CITED = re.compile(r"\d\d-[a-z-]+\.md")

VIGNETTES = all_vignettes()
FAMILIES = sorted({each.family for each in VIGNETTES})


def test_there_are_enough_vignettes_and_enough_of_them_expect_silence() -> None:
    silent = sum(each.silent for each in VIGNETTES)
    assert len(VIGNETTES) >= FEWEST
    assert silent / len(VIGNETTES) >= QUIET_SHARE


def test_every_vignette_has_its_own_id_and_stands_in_the_file_of_its_family() -> None:
    assert [id for id, times in Counter(each.id for each in VIGNETTES).items() if times > 1] == []
    assert sorted(path.stem for path in FOLDER.glob("*.toml") if path.name not in NOT_VIGNETTES) == FAMILIES
    assert [each.id for each in VIGNETTES if not re.fullmatch(rf"{each.family}-\d\d", each.id)] == []


def test_every_vignette_says_why_and_where_it_was_read() -> None:
    assert [each.id for each in VIGNETTES if not (each.why and CITED.search(each.source))] == []


@needs_shared
def test_every_source_a_vignette_cites_exists() -> None:
    cited = {name for each in VIGNETTES for name in CITED.findall(each.source)}
    assert [name for name in sorted(cited) if not (SHARED / "reference" / "drugs" / name).is_file()] == []


def test_covered_families_and_accepted_misses_are_known() -> None:
    families = {each.id: each.family for each in VIGNETTES}
    assert set(covered_families()) <= set(FAMILIES)
    assert all(families.get(id) in covered_families() and because for id, because in accepted_misses().items())


@pytest.mark.parametrize("family", covered_families())
def test_every_miss_of_a_covered_family_is_explained(family: str) -> None:
    misses = {
        each.vignette.id: explain(each) for each in verdicts() if each.vignette.family == family and not each.right
    }
    accepted = {id for id in accepted_misses() if id.startswith(f"{family}-")}
    assert {id: said for id, said in misses.items() if id not in accepted} == {}
    assert accepted <= set(misses), "an accepted miss has come right: take it out of misses.toml"


@pytest.mark.skipif(not covered_families(), reason="no family is named in covered.toml yet")
def test_the_covered_families_together_are_right_often_enough() -> None:
    assert count(each for each in verdicts() if each.vignette.family in covered_families()).right >= SOUGHT


def test_the_score_shows_every_family() -> None:
    table = write_table()
    assert [family for family in FAMILIES if f"\n{family} " not in table] == []


def explain(verdict: Verdict) -> str:
    return f"{verdict.vignette.name}: {verdict.wrong}; said {', '.join(verdict.said) or 'nothing'}"
