"""Reads golden.csv: what another implementation of the same model gives."""

from collections.abc import Iterator, Mapping

from cds_service.knowledge.bundle import Bundle, Golden, Predictor
from cds_service.knowledge.page import Page, name_list
from cds_service.knowledge.terms import Value

OWN = ("outcome", "expected")
YES_OR_NO = {"true": 1.0, "false": 0.0}


def golden_file(bundle: Bundle) -> str:
    return bundle.file.replace("bundle.toml", "golden.csv")


def read_golden(page: Page, rows: tuple[Mapping[str, str], ...], bundle: Bundle) -> Iterator[Golden]:
    """One example per row: `outcome`, `expected`, and a column for each predictor; an empty cell is unknown."""
    known = {predictor.name: predictor for predictor in bundle.predictors}
    if not rows:
        page.note("", "a model has golden rows: results of another implementation")
        return
    if set(rows[0]) != {*OWN, *known}:
        page.note("", f"the columns are {name_list((*OWN, *known), 'and')}")
        return
    for number, row in enumerate(rows, 1):
        try:
            inputs = {name: read_cell(predictor, row[name]) for name, predictor in known.items()}
            yield Golden(number, row["outcome"], inputs, float(row["expected"]))
        except ValueError as error:
            page.note(f"row {number}", str(error))


def read_cell(predictor: Predictor, cell: str) -> Value | None:
    if not cell:
        return None
    if predictor.words:
        return cell
    return YES_OR_NO[cell] if cell in YES_OR_NO else float(cell)
