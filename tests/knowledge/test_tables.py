"""Tables: one rule per row, numbers as numbers, and examples at both sides of every limit."""

from pathlib import Path

import pytest

from cds_service.errors import BadKnowledge
from cds_service.knowledge.compile import compile_release
from cds_service.knowledge.library import read_library
from cds_service.knowledge.rules import Line
from tests.knowledge.shelves import SHELF, copy_shelf, load_shelf
from tests.support.small_terminology import SmallTerminology

TEMPLATE = "rules/tables/daily-maximum.toml"
ROWS = "rules/tables/daily-maximum.csv"


def test_every_row_is_a_rule_with_the_row_s_own_limit() -> None:
    rules = compile_release(load_shelf(), SmallTerminology()).rules
    (line,) = rules["daily-maximum.161"].all
    assert isinstance(line, Line)
    assert (line.fact, line.drug, line.operand, line.unit) == ("daily_dose", "this", 4000.0, "mg/d")
    assert line.source == "FDA acetaminophen DSC 2011; OTC monograph"
    assert rules["daily-maximum.5640"].sides[0].ingredients == {"5640"}


def test_a_number_inside_a_text_is_written_as_in_the_csv() -> None:
    rules = compile_release(load_shelf(), SmallTerminology()).rules
    assert rules["daily-maximum.161"].card.detail.startswith("The maximum is 4000 mg a day")
    assert rules["daily-maximum.3407"].card.detail.startswith("The maximum is 0.25 mg a day")


def test_a_row_is_reviewed_by_whoever_signed_the_row() -> None:
    rules = compile_release(load_shelf(), SmallTerminology()).rules
    assert rules["daily-maximum.5640"].reviewer == "A. Pharmacist"
    assert not rules["daily-maximum.161"].reviewed


def test_the_source_of_a_row_is_its_evidence() -> None:
    rules = compile_release(load_shelf(), SmallTerminology()).rules
    assert [each.citation for each in rules["daily-maximum.5640"].evidence] == ["FDA ibuprofen label 2"]


def test_a_cell_may_hold_a_list_and_the_quality_of_its_source(tmp_path: Path) -> None:
    template = (SHELF / TEMPLATE).read_text(encoding="utf-8")
    template = template.replace('"text"', '"list"\nquality = "text"').replace(
        '"The maximum', '"{{ row.ingredient }}: the maximum'
    )
    rows = (SHELF / ROWS).read_text(encoding="utf-8").replace("key,ingredient", "key,quality,ingredient")
    rows = rows.replace("161,acetaminophen", "161,low,acetaminophen").replace("5640,", "nsaid,moderate,diclofenac; ")
    rows = rows.replace("3407,", "digoxin,very low,")
    files = {TEMPLATE: template.replace('"5640"', '"nsaid"').replace('"3407"', '"digoxin"'), ROWS: rows}
    rule = compile_release(load_shelf(copy_shelf(tmp_path, files)), SmallTerminology()).rules["daily-maximum.nsaid"]
    assert rule.sides[0].ingredients == {"3355", "5640"}
    assert rule.card.detail.startswith("diclofenac, ibuprofen: the maximum")
    assert [(each.citation, each.quality) for each in rule.evidence] == [("FDA ibuprofen label 2", "moderate")]


def yes_or_no(word: str) -> dict[str, str]:
    """The shelf's table with a column that decides whether what is missing is named."""
    template = (SHELF / TEMPLATE).read_text(encoding="utf-8").replace("[columns]", '[columns]\nsay = "yes-or-no"')
    template = template.replace('title = "', 'say_unchecked = "{{ row.say }}"\ntitle = "', 1)
    written = (SHELF / ROWS).read_text(encoding="utf-8").splitlines()
    heading, *lines = (line for line in written if line and not line.startswith("#"))
    rows = [f"say,{heading}", *(f"{word},{line}" for line in lines)]
    return {TEMPLATE: template, ROWS: "\n".join(rows) + "\n"}


def test_a_cell_may_say_yes_or_no(tmp_path: Path) -> None:
    shelf = load_shelf(copy_shelf(tmp_path, yes_or_no("no")))
    assert compile_release(shelf, SmallTerminology()).rules["daily-maximum.161"].say_unchecked is False


def test_a_cell_that_says_neither_yes_nor_no_is_explained(tmp_path: Path) -> None:
    with pytest.raises(BadKnowledge, match="found 'perhaps', expected yes or no"):
        compile_release(load_shelf(copy_shelf(tmp_path, yes_or_no("perhaps"))), SmallTerminology())


def test_examples_are_derived_on_both_sides_of_the_limit_and_without_the_value() -> None:
    library = read_library(load_shelf(), SmallTerminology())
    derived = {example.name: example.outcome for example in library.examples("daily-maximum.3407") if example.derived}
    # The limit is "above 0.25": 0.25 itself is allowed, 0.26 (one step of the last decimal) is not.
    assert derived == {
        "derived: everything holds": "fires",
        "derived: this.daily_dose 0.24": "silent",
        "derived: this.daily_dose 0.25": "silent",
        "derived: this.daily_dose 0.26": "fires",
        "derived: this.daily_dose not known": "undetermined",
    }
    assert library.pages.problems == ()


def test_a_written_example_belongs_to_its_row_only() -> None:
    library = read_library(load_shelf(), SmallTerminology())
    written = [example.name for example in library.examples("daily-maximum.161") if not example.derived]
    assert written == ["5 g of acetaminophen"]


@pytest.mark.parametrize(
    ("file", "old", "new", "says"),
    [
        (ROWS, "4000", "4 g", "row 1 (161), limit: found '4 g', expected a number such as 4000 or 1.5"),
        (
            ROWS,
            "4000",
            "4.000,0",
            "row 1 (161): this row has more cells than the heading; a cell with a comma in it",
        ),
        (ROWS, "161,acetaminophen", "162,acetaminophen", "row 1 (162): RxNorm has no ingredient 162, but the row says"),
        (ROWS, "161,acetaminophen", "5640,ibuprofen", "row 2 (5640): a key is an RXCUI or a short word, different in"),
        (ROWS, "FDA ibuprofen label 2", "", "row 2 (5640), source: this cell must not be empty"),
        (ROWS, "key,ingredient,limit", "key,ingredient,maximum", "differ in limit and maximum"),
        (
            TEMPLATE,
            '"{{ row.limit }}"',
            '"{{ row.limits }}"',
            "the table has no column 'limits'; did you mean 'limit'?",
        ),
        (TEMPLATE, 'row = "161"', 'row = "1612"', "the table has no row '1612'; did you mean '161'?"),
        (TEMPLATE, 'row = "161"', 'row = "5640"', "written examples of at least 3 rows, found 2"),
        (
            TEMPLATE,
            'limit = "number"',
            'limit = "digits"',
            "a column holds 'text', 'number', 'list' or 'yes-or-no', found 'digits'",
        ),
        (TEMPLATE, '"mg/d"', '"mg"', "'daily_dose' is counted in 'mg/d', found 'mg'; convert the limit"),
    ],
)
def test_mistakes_in_a_table_are_explained(file: str, old: str, new: str, says: str, tmp_path: Path) -> None:
    text = (SHELF / file).read_text(encoding="utf-8")
    assert old in text
    copy_shelf(tmp_path, {file: text.replace(old, new, 1)})
    with pytest.raises(BadKnowledge) as bad:
        compile_release(load_shelf(tmp_path), SmallTerminology())
    assert says in str(bad.value)


def test_a_mistake_of_the_template_is_said_once_not_once_per_row(tmp_path: Path) -> None:
    text = (SHELF / TEMPLATE).read_text(encoding="utf-8").replace('"cumulative-dose"', '"dose"')
    copy_shelf(tmp_path, {TEMPLATE: text})
    with pytest.raises(BadKnowledge) as bad:
        compile_release(load_shelf(tmp_path), SmallTerminology())
    assert len(bad.value.problems) == 1


def test_a_mistake_of_one_row_names_the_row(tmp_path: Path) -> None:
    rows = (SHELF / ROWS).read_text(encoding="utf-8").replace("A. Pharmacist", "project maintainers")
    copy_shelf(tmp_path, {ROWS: rows})
    with pytest.raises(BadKnowledge, match=r"the reviewer must not be the author \(row 5640\)"):
        compile_release(load_shelf(tmp_path), SmallTerminology())


def test_a_table_without_rows_and_rows_without_a_table_are_said(tmp_path: Path) -> None:
    folder = copy_shelf(tmp_path, {"rules/tables/lonely.csv": "key,source,reviewed\na,b,\n"})
    (folder / ROWS).unlink()
    with pytest.raises(BadKnowledge) as bad:
        compile_release(load_shelf(folder), SmallTerminology())
    assert "there is no lonely.toml beside this table" in str(bad.value)
    assert "a table needs its rows beside it in daily-maximum.csv, which is missing" in str(bad.value)


def test_a_cell_none_leaves_out_its_line_in_that_row_only(tmp_path: Path) -> None:
    template = (SHELF / TEMPLATE).read_text(encoding="utf-8").replace("[columns]\n", '[columns]\nfrom_age = "number"\n')
    line = '{ fact = "age", at_least = "{{ row.from_age }}", unit = "a" }'
    template = template.replace("all = [", f"all = [{line}, ")
    rows = (SHELF / ROWS).read_text(encoding="utf-8").replace("key,ingredient", "key,from_age,ingredient")
    rows = rows.replace("161,", "161,18,").replace("5640,", "5640,none,").replace("3407,", "3407,none,")
    files = {TEMPLATE: template, ROWS: rows}
    rules = compile_release(load_shelf(copy_shelf(tmp_path, files)), SmallTerminology()).rules
    facts = {id: [each.fact for each in rule.all if isinstance(each, Line)] for id, rule in rules.items()}
    assert facts["daily-maximum.161"] == ["age", "daily_dose"]
    assert facts["daily-maximum.5640"] == facts["daily-maximum.3407"] == ["daily_dose"]
