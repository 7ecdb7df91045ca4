"""`cds check --site`: what a site adds is checked against the shipped library, and every difference is said."""

from datetime import date
from pathlib import Path

from cds_service.governance.site import SiteReport, check_site
from cds_service.knowledge.sources import load_site
from tests.knowledge.shelves import copy_shelf, load_shelf
from tests.support.small_terminology import SmallTerminology

TODAY = date(2026, 12, 1)
RXNORM = "http://www.nlm.nih.gov/research/umls/rxnorm"
CODE_MAP = "system,code,target_system,target_code,display,by,date\n"
FORMULARY = "rxcui,status,note,by,date\n"
HOUSE = """
[[change]]
rule = "warfarin-nsaid"
reason = "house policy 12"
by = "C. Chief"
snooze = "P90D"
thresholds = { "grade[1].when" = 6 }

[[change]]
value_set = "nsaid"
reason = "taken as one"
by = "C. Chief"
add = [{ system = "rxnorm", code = "1191", display = "aspirin" }]
"""


def report_on(folder: Path, **files: str) -> SiteReport:
    """What is said of a site folder with these files, written `site/house.toml`."""
    for name, text in files.items():
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return check_site(load_shelf(), load_site(folder), SmallTerminology(), TODAY)


def test_every_difference_is_said_with_what_it_was_and_who_made_it(tmp_path: Path) -> None:
    report = report_on(tmp_path, **{"house.toml": HOUSE})
    origin = "config/site/house.toml: house policy 12 (by C. Chief)"
    assert report.problems == ()
    assert report.differences == (
        "Changed for everybody:",
        "  warfarin-nsaid (Warfarin with an NSAID), now active, major:",
        f"    snooze: P90D instead of P30D; {origin}",
        f"    limit at grade[1].when: 6 instead of 4; {origin}",
        "  list nsaid: with aspirin; config/site/house.toml: taken as one (by C. Chief)",
        "    used by warfarin-nsaid",
    )
    assert any("wanted fires with critical, got fires with warning" in warning for warning in report.warnings)


def test_a_folder_laid_out_like_config_has_changes_for_tenants_too(tmp_path: Path) -> None:
    own = HOUSE.split("[[change]]\nvalue_set")[0].replace("P90D", "P7D")
    report = report_on(tmp_path, **{"site/house.toml": HOUSE, "tenants/north/own.toml": own})
    tenant = report.differences[report.differences.index("Changed for north only:") :]
    assert "    snooze: P7D instead of P30D; config/tenants/north/own.toml: house policy 12 (by C. Chief)" in tenant
    assert not any(line.startswith("  list nsaid") for line in tenant)


def test_what_the_site_has_now_does_not_count(tmp_path: Path) -> None:
    shelf = load_shelf(copy_shelf(tmp_path / "shelf", {"config/site/old.toml": HOUSE}))
    (tmp_path / "new").mkdir()
    report = check_site(shelf, load_site(tmp_path / "new"), SmallTerminology(), TODAY)
    assert report == SiteReport(())


def test_local_codes_are_said_as_what_they_are_read_as(tmp_path: Path) -> None:
    rows = f"{CODE_MAP}urn:local,X1,{RXNORM},5640,our ibuprofen,C. Chief,2026-11-20\n"
    report = report_on(tmp_path, **{"code_map.csv": rows})
    assert report.differences == (
        "Local codes:",
        "  X1 of urn:local, 'our ibuprofen', is read as ibuprofen (by C. Chief, 2026-11-20)",
    )


def test_mistakes_in_local_codes_are_explained(tmp_path: Path) -> None:
    rows = (
        f"{CODE_MAP}urn:local,X1,{RXNORM},999999999,ibuprofen,C. Chief,2026-11-20\n"
        "urn:local,X2,rxnorm,5640,ibuprofen,C. Chief,2026-11-20\n"
        f"urn:local,X3,{RXNORM},5640,ibuprofen,C. Chief,yesterday\n"
        "urn:local,X4,urn:elsewhere,5640,ibuprofen,C. Chief,2026-11-20\n"
    )
    assert [str(problem) for problem in report_on(tmp_path, **{"code_map.csv": rows}).problems] == [
        "config/code_map.csv:2: row 1: target_code: RxNorm has no code '999999999'; 'ibuprofen' is 5640",
        f"config/code_map.csv:3: row 2: target_system 'rxnorm' is no code system that is read here; write {RXNORM}",
        "config/code_map.csv:4: row 3: date: found 'yesterday', expected a date as in 2026-11-21",
        "config/code_map.csv:5: row 4: target_system 'urn:elsewhere' is no code system that is read here; "
        f"write {RXNORM} for a drug",
    ]


def test_a_formulary_is_said_product_by_product(tmp_path: Path) -> None:
    product = next(each for each in SmallTerminology().search("acetaminophen") if each.tty == "SCD")
    rows = f"{FORMULARY}{product.rxcui},excluded,not stocked,C. Chief,2026-11-20\n"
    report = report_on(tmp_path, **{"formulary.csv": rows})
    assert report.differences == ("Formulary:", f"  {product.name} is never suggested (by C. Chief, 2026-11-20)")


def test_a_mistake_stops_before_any_difference(tmp_path: Path) -> None:
    report = report_on(tmp_path, **{"house.toml": HOUSE.replace('"nsaid"', '"nsaids"')})
    assert report.differences == ()
    assert [problem.message for problem in report.problems] == ["there is no value set 'nsaids'; did you mean 'nsaid'?"]


def test_a_file_that_is_not_toml_is_named_with_its_line(tmp_path: Path) -> None:
    (problem,) = report_on(tmp_path, **{"house.toml": '[[change]]\nrule = "x'}).problems
    assert (problem.file, problem.line) == ("config/site/house.toml", 2)
