"""Carries drug classes from one index into the source folder of the next: RxNorm releases hold none."""

from collections.abc import Iterator
from pathlib import Path

from cds_service.terminology.index import RxNormIndex
from cds_service.terminology.source import EPC, MOA, Row, write_rows


def carry_classes(index: RxNormIndex, out_folder: Path) -> None:
    """Write the class tables of a source folder with the EPC and MoA memberships that `index` holds."""
    for file, kind in ((EPC, "EPC"), (MOA, "MOA")):
        write_rows(out_folder, file, _class_rows(index, kind))


def _class_rows(index: RxNormIndex, kind: str) -> Iterator[Row]:
    query = """
        SELECT class.code, class.name, concept.rxcui, concept.name FROM class
        JOIN member ON member.class = class.id JOIN concept ON concept.rxcui = member.ingredient WHERE kind = ?
    """
    for code, name, rxcui, ingredient in index.read(query, kind):
        yield {
            "rxcui": str(rxcui),
            "ingredient_name": ingredient,
            "tty": "IN",
            "class_type": kind,
            "class_id": code,
            "class_name": name,
            "relation": "DIRECT",
        }
