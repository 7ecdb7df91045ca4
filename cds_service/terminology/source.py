"""The folder of CSV files an index is built from, read and checked column by column."""

import csv
import gzip
import io
from collections.abc import Iterator
from pathlib import Path

from cds_service.errors import BadKnowledge, KnowledgeProblem

DRUG = "rxnorm/rxnorm_drug.csv"
DRUG_INGREDIENT = "rxnorm/rxnorm_drug_ingredient.csv"
INGREDIENT = "rxnorm/rxnorm_ingredient.csv"
COMPONENT = "rxnorm/rxnorm_component.csv"
BRAND = "rxnorm/rxnorm_brand.csv"
NDC = "rxnorm/ndc_rxcui.csv.gz"
EPC = "rxclass/ingredient_epc.csv"
MOA = "rxclass/ingredient_moa.csv"

_CLASS_COLUMNS = ("rxcui", "ingredient_name", "tty", "class_type", "class_id", "class_name", "relation")
COLUMNS: dict[str, tuple[str, ...]] = {
    DRUG: ("rxcui", "tty", "name", "dose_form", "quantity_factor", "brand", "source", "status"),
    DRUG_INGREDIENT: (
        "drug_rxcui", "ingredient_rxcui", "ingredient_name", "precise_ingredient_rxcui", "strength_substance",
        "strength_value", "strength_unit",
    ),
    INGREDIENT: ("rxcui", "tty", "name", "unii", "base_ingredient_rxcui", "in_current_prescribe_2026_02"),
    COMPONENT: (
        "scdc_rxcui", "name", "ingredient_rxcui", "ingredient_name", "precise_ingredient_rxcui", "strength_value",
        "strength_unit",
    ),
    BRAND: ("brand_rxcui", "brand_name", "sbd_rxcui", "scd_rxcui"),
    NDC: ("ndc11", "rxcui"),
    EPC: _CLASS_COLUMNS,
    MOA: _CLASS_COLUMNS,
}  # fmt: skip

Row = dict[str, str]


def read_rows(folder: Path, file: str) -> Iterator[Row]:
    """Rows of one file of the folder.

    Raises BadKnowledge naming file, line and column for a missing file or column, or a code that is not a number.
    """
    path = folder / file
    if not path.is_file():
        raise _problem(file, "", f"not found in {folder.name}; a source folder holds {', '.join(COLUMNS)}")
    data = gzip.decompress(path.read_bytes()) if path.suffix == ".gz" else path.read_bytes()
    reader = csv.DictReader(io.StringIO(data.decode("utf-8-sig"), newline=""))
    missing = [column for column in COLUMNS[file] if column not in (reader.fieldnames or ())]
    if missing:
        raise _problem(file, "", f"column {missing[0]} not found, expected {', '.join(COLUMNS[file])}", 1)
    codes = [column for column in COLUMNS[file] if column.endswith("rxcui") or column == "ndc11"]
    for row in reader:
        for column in codes:
            found = row[column]
            if found and not (found.isascii() and found.isdigit()):
                raise _problem(file, column, f"found {found!r}, expected a number", reader.line_num)
        yield row


def write_rows(folder: Path, file: str, rows: Iterator[Row]) -> None:
    """Write one file of a source folder, sorted, with the columns `read_rows` asks for."""
    columns = COLUMNS[file]
    out = io.StringIO(newline="")
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(columns)
    writer.writerows(sorted([row[column] for column in columns] for row in rows))
    data = out.getvalue().encode()
    path = folder / file
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(gzip.compress(data, mtime=0) if path.suffix == ".gz" else data)


def _problem(file: str, where: str, message: str, line: int | None = None) -> BadKnowledge:
    return BadKnowledge((KnowledgeProblem(file=file, where=where, message=message, line=line),))
