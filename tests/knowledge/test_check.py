"""`cds check`: every example runs, and what is due or unreviewed is said."""

from datetime import date
from itertools import chain
from pathlib import Path

from cds_service.governance.check import Report, check
from cds_service.knowledge.explain import explain
from cds_service.knowledge.rules import Status
from tests.knowledge.shelves import SHELF, copy_shelf, load_shelf
from tests.support.small_terminology import SmallTerminology

RULE = (SHELF / "rules/warfarin-nsaid.toml").read_text(encoding="utf-8")
TODAY = date(2026, 11, 21)


def check_with(folder: Path, text: str, today: date = TODAY) -> Report:
    return check(load_shelf(copy_shelf(folder, {"rules/warfarin-nsaid.toml": text})), SmallTerminology(), today)


def test_sound_knowledge_passes_and_gives_a_release() -> None:
    report = check(load_shelf(), SmallTerminology(), TODAY)
    assert report.problems == ()
    assert report.release is not None
    assert report.rules == {Status.ACTIVE: 4}
    assert (report.written, report.derived) == (6, 15)  # 3 + 3 written; 5 derived for each of three rows


def test_an_example_that_comes_out_otherwise_says_what_was_wanted_and_what_came(tmp_path: Path) -> None:
    twin = RULE[RULE.index("[[example]]") : RULE.index("[[example]]", RULE.index("[[example]]") + 1)]
    wrong = twin.replace("INR 4.8", "a twin").replace('"fires"\nindicator = "critical"', '"silent"')
    (failure,) = check_with(tmp_path, f"{RULE}\n{wrong}").problems
    assert failure.where == "warfarin-nsaid, example 'ibuprofen ordered, warfarin on the list, a twin'"
    assert failure.message == "wanted silent, got fires"
    assert failure.line == len(RULE.splitlines()) + 2  # a blank line, then the heading of the added example


def test_a_wrong_indicator_is_said(tmp_path: Path) -> None:
    report = check_with(
        tmp_path, RULE.replace('indicator = "critical"\n\n[[example]]', 'indicator = "info"\n\n[[example]]')
    )
    assert [failure.message for failure in report.problems] == ["wanted fires with info, got fires with critical"]


def test_an_undetermined_example_says_what_was_missing(tmp_path: Path) -> None:
    report = check_with(
        tmp_path, RULE.replace('outcome = "undetermined"', 'outcome = "undetermined"\nmissing = ["inr"]')
    )
    assert [failure.message for failure in report.problems] == [
        "wanted undetermined missing inr, got undetermined missing medications"
    ]


def test_drafts_are_checked_like_active_rules(tmp_path: Path) -> None:
    text = RULE.replace('status = "active"', 'status = "draft"').replace('"undetermined"', '"fires"')
    assert [failure.message for failure in check_with(tmp_path, text).problems] == [
        "wanted fires, got undetermined because of medications"
    ]


def test_knowledge_that_does_not_compile_is_a_report_too(tmp_path: Path) -> None:
    report = check_with(tmp_path, RULE.replace('problem = "bleeding"', 'problem = "bleed"'))
    assert not report.passed
    assert report.release is None


def test_an_overdue_review_is_a_warning_and_never_a_problem(tmp_path: Path) -> None:
    report = check_with(tmp_path, RULE, today=date(2027, 11, 21))
    assert report.passed
    assert "rules/warfarin-nsaid.toml: warfarin-nsaid: its next review was due on 2027-11-20" in report.warnings


def test_the_summary_counts_what_no_pharmacist_has_reviewed() -> None:
    report = check(load_shelf(), SmallTerminology(), TODAY)
    assert report.unreviewed == ("daily-maximum.161", "daily-maximum.3407", "warfarin-nsaid")
    assert "1 active rules reviewed, 3 not yet reviewed by a pharmacist" in report.summarise()


def test_a_rule_is_explained_in_sentences() -> None:
    report = check(load_shelf(), SmallTerminology(), TODAY)
    assert report.release is not None
    text = explain(report.release.rules["warfarin-nsaid"])
    for sentence in (
        "It looks at two different drugs together: a is nsaid, systemic (2 ingredients); b is warfarin (1 ingredient).",
        "  - comfort care is true (if not known, this is taken as false)",
        "It is critical (INR already above 4.) when this certainly holds:",
        "  - INR is above 4 {INR} (grade[1].when)",
        "    - problem list with any of: Peptic ulcer or gastrointestinal bleeding (resolved ones too)",
        "An unchanged renewal lowers the urgency one step",
        "Status active, written by project maintainers, not yet reviewed by a pharmacist.",
    ):
        assert sentence in text


def test_the_summary_has_two_tables_by_family_that_fit_a_terminal() -> None:
    lines = check(load_shelf(), SmallTerminology(), date(2027, 11, 21)).summarise().splitlines()
    headings = [line.replace("not said", "unsaid").split() for line in lines if line.startswith("family")]
    everything = [line.split() for line in lines if line.startswith("all ")]
    assert len(headings) == len(everything) == 2
    figures = dict(zip(chain(*headings), chain(*everything), strict=True))
    # Four active rules, one of them reviewed; on this day the review of each is overdue.
    assert (figures["active"], figures["draft"], figures["reviewed"], figures["unreviewed"]) == ("4", "0", "1", "3")
    assert figures["overdue"] == "4"
    assert max(map(len, lines)) <= 80
    assert int(figures["high"]) + int(figures["moderate"]) + int(figures["uncertain"]) + int(figures["unsaid"]) == 4
