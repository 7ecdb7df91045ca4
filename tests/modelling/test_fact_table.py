"""A site's own table of facts."""

from pathlib import Path

import pytest

from cds_service.chart.facts import Known, Unknown
from cds_service.errors import BadData
from cds_service.knowledge.bundle import Bundle
from cds_service.modelling.fact_table import read_fact_table
from tests.modelling.invented import rows_for
from tests.modelling.test_additive import write_facts


def lines_of(tmp_path: Path, bundle: Bundle, n: int = 3) -> tuple[Path, list[str]]:
    path = tmp_path / "own.csv"
    write_facts(path, bundle, rows_for(bundle, n))
    return path, path.read_text().splitlines()


def test_a_table_gives_back_the_facts_it_was_written_from(tmp_path: Path, bundle: Bundle) -> None:
    path, _ = lines_of(tmp_path, bundle, 20)
    assert read_fact_table(path, bundle) == rows_for(bundle, 20)


def test_an_empty_cell_is_unknown_and_not_absent(tmp_path: Path, bundle: Bundle) -> None:
    path, lines = lines_of(tmp_path, bundle, 1)
    at = lines[0].split(",").index("stay_hba1c")
    cells = lines[1].split(",")
    cells[at] = ""
    path.write_text("\n".join([lines[0], ",".join(cells)]) + "\n")
    (row,) = read_fact_table(path, bundle)
    assert isinstance(row.facts["stay_hba1c"], Unknown)
    assert isinstance(row.facts["age"], Known)


@pytest.mark.parametrize(
    ("column", "cell", "said"),
    [
        ("outcome", "maybe", "line 2: outcome: found 'maybe', expected 0 or 1"),
        ("patient", "", "line 2: patient: expected an id"),
        ("age", "old", "line 2: age: found 'old', expected a number"),
        ("insulin", "sometimes", "line 2: insulin: found 'sometimes', expected true or false"),
    ],
)
def test_a_cell_that_cannot_be_read_is_named(tmp_path: Path, bundle: Bundle, column: str, cell: str, said: str) -> None:
    path, lines = lines_of(tmp_path, bundle)
    cells = lines[1].split(",")
    cells[lines[0].split(",").index(column)] = cell
    path.write_text("\n".join([lines[0], ",".join(cells)]) + "\n")
    with pytest.raises(BadData) as error:
        read_fact_table(path, bundle)
    assert said in str(error.value)


def test_columns_that_are_missing_or_strange_are_named(tmp_path: Path, bundle: Bundle) -> None:
    path, lines = lines_of(tmp_path, bundle)
    path.write_text(lines[0].replace("age,", "") + "\n")
    with pytest.raises(BadData, match="expected the columns age"):
        read_fact_table(path, bundle)
    path.write_text(f"{lines[0]},shoe_size\n")
    with pytest.raises(BadData, match="shoe_size: not a fact of this model"):
        read_fact_table(path, bundle)
