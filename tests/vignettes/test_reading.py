"""How vignettes are read and judged."""

from pathlib import Path

import pytest

from cds_service.chart.facts import Known, Reason, Unknown
from cds_service.knowledge.release import Release
from tests.rules.library import shipped
from tests.vignettes.cases import BadVignettes, Vignette, read_vignettes
from tests.vignettes.judge import judge

HEAD = (
    'id = "bleeding-01"\nfamily = "bleeding"\nname = "a name"\nwhy = "a reason"\nsource = "02-interactions.md BL01"\n'
)
DRUGS = 'order = ["ibuprofen 600 MG Oral Tablet, 1, 3/day"]\ndrugs = ["warfarin sodium 5 MG Oral Tablet, 1/day"]\n'
WANTED = '{ kind = "interaction", about = ["warfarin", "ibuprofen"], at_least = "%s" }'


def read(folder: Path, body: str, expect: str) -> Vignette:
    (folder / "bleeding.toml").write_text(f"[[vignette]]\n{HEAD}{body}[vignette.expect]\n{expect}\n")
    return read_vignettes(release().terminology, folder)[0]


def release() -> Release:
    return shipped().release


def test_a_drug_nobody_knows_is_named_with_its_line(tmp_path: Path) -> None:
    with pytest.raises(
        BadVignettes, match=r"bleeding\.toml:7 vignette\[1\]\.order\[1\]: RxNorm has no drug called 'ib'"
    ):
        read(tmp_path, 'order = ["ib"]\n', "silent = true")


def test_an_expected_drug_that_is_not_on_the_chart_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadVignettes, match="'apixaban' is no ingredient of a drug on this chart"):
        read(tmp_path, DRUGS, 'says = [{ kind = "interaction", about = ["apixaban"], at_least = "info" }]')


def test_a_vignette_expects_one_thing(tmp_path: Path) -> None:
    with pytest.raises(BadVignettes, match="write one of 'says', 'silent' and 'at_most'"):
        read(tmp_path, DRUGS, 'silent = true\nat_most = "info"')


def test_clearance_is_worked_out_from_what_the_chart_states(tmp_path: Path) -> None:
    chart = """[vignette.chart]
age = { value = 70, unit = "a" }
sex = "male"
creatinine = { value = 1.4, unit = "mg/dL", days_ago = 3 }
weight = { value = 72, unit = "kg", days_ago = 3 }
"""
    clearance = read(tmp_path, DRUGS + chart, "silent = true").chart.value("crcl")
    # Cockcroft-Gault by hand: (140 - 70) * 72 / (72 * 1.4) = 50
    assert isinstance(clearance, Known)
    assert clearance.value == pytest.approx(50)


def test_a_value_past_its_shelf_life_is_unknown_as_in_a_call(tmp_path: Path) -> None:
    chart = '[vignette.chart]\ninr = { value = 2.4, unit = "{INR}", days_ago = 43 }\n'
    inr = read(tmp_path, DRUGS + chart, "silent = true").chart.value("inr")
    assert isinstance(inr, Unknown)
    assert inr.reason is Reason.TOO_OLD


def test_hospice_on_the_problem_list_is_comfort_care(tmp_path: Path) -> None:
    vignette = read(tmp_path, DRUGS + '[vignette.chart]\nconditions = ["Z51.5"]\n', "silent = true")
    comfort = vignette.chart.value("comfort_care")
    assert isinstance(comfort, Known)
    assert comfort.value is True


@pytest.mark.parametrize(
    ("expect", "wrong"),
    [
        (f"says = [{WANTED % 'warning'}]", ""),
        (f"says = [{WANTED % 'critical'}]", "only warning, should be at least critical"),
        ('says = [{ kind = "allergy", about = ["warfarin"], at_least = "info" }]', "does not say: allergy"),
        ("silent = true", "should be silent"),
        ('at_most = "info"', "should be at most info"),
        ('at_most = "warning"', ""),
    ],
)
def test_a_verdict_says_what_is_wrong(tmp_path: Path, expect: str, wrong: str) -> None:
    assert judge(read(tmp_path, DRUGS, expect), release()).wrong == wrong


def test_gene_tests_are_read_from_what_laboratories_send(tmp_path: Path) -> None:
    genes = '[vignette.genomics]\nCYP2C19 = "Poor Metabolizer"\nDPYD = "0.5"\n"HLA-B" = "*57:01 negative"\n'
    chart = read(tmp_path, DRUGS + genes, 'at_most = "critical"').chart
    told = {name: chart.value(name) for name in ("cyp2c19_phenotype", "dpyd_activity_score", "hla_b_57_01")}
    assert {name: fact.value for name, fact in told.items() if isinstance(fact, Known)} == {
        "cyp2c19_phenotype": "Poor Metabolizer",
        "dpyd_activity_score": 0.5,
        "hla_b_57_01": "*57:01 negative",
    }
    assert isinstance(chart.value("cyp2d6_phenotype"), Unknown)
