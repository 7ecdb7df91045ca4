"""Every code of a value set is well formed and on the list that says where it was seen (`rules/verified-codes.csv`).

RxNorm codes are not on it: the check holds each against the drug index, by code and name.
"""

import csv
import re
from collections.abc import Callable, Iterator

from cds_service.folders import data_folder
from tests.rules.library import shipped_sources

SHAPES = {
    "snomed": re.compile(r"\d{6,18}"),
    "icd-10-cm": re.compile(r"[A-Z](\d([0-9A-Z](\.[0-9A-Z]{1,4})?)?)?"),
    "icd-9-cm": re.compile(r"(\d{3}|V\d\d)(\.\d{1,2})?"),
    "icd-10-pcs": re.compile(r"[0-9A-HJ-NP-Z]{1,7}"),
    "cpt": re.compile(r"\d{4}[0-9A-Z]"),
    "hcpcs": re.compile(r"[A-Z]\d{4}"),
    "cvx": re.compile(r"\d{1,3}"),
    "loinc": re.compile(r"\d{1,5}-\d"),
}
# Verhoeff's tables of the dihedral group of ten elements (SNOMED CT technical guide, check-digit).
TURN = [[(a + b) % 5 if a < 5 else 5 + (a - b) % 5 for b in range(5)] for a in range(10)]
MIRROR = [[5 + (a + b) % 5 if a < 5 else (a - b) % 5 for b in range(5)] for a in range(10)]
PRODUCT = [[*TURN[a], *MIRROR[a]] for a in range(10)]
SHUFFLE = (1, 5, 7, 6, 2, 8, 3, 0, 9, 4)

Code = tuple[str, str, str]


def written() -> Iterator[tuple[Code, str]]:
    """Every code or prefix of the value sets that is not RxNorm's, with its display."""
    for _, document in shipped_sources().under("rules/value_sets"):
        for entry in document.get("codes", ()):
            if entry["system"] != "rxnorm":
                kind = "prefix" if "prefix" in entry else "code"
                yield (entry["system"], kind, entry[kind]), entry["display"]


def read_list() -> dict[Code, dict[str, str]]:
    with (data_folder("rules") / "verified-codes.csv").open(encoding="utf-8", newline="") as file:
        return {(row["system"], row["kind"], row["code"]): row for row in csv.DictReader(file)}


def has_check_digit(code: str) -> bool:
    """Whether a SNOMED CT identifier ends in its check digit."""
    check = 0
    for place, digit in enumerate(reversed(code)):
        number = int(digit)
        for _ in range(place % 8):
            number = SHUFFLE[number]
        check = PRODUCT[check][number]
    return check == 0


def test_the_check_digit_is_verhoeffs() -> None:
    # 73211009 is diabetes mellitus; one digit changed, or two swapped, is no identifier.
    assert has_check_digit("73211009")
    assert not has_check_digit("73211008")
    assert not has_check_digit("73121009")


def test_every_code_is_well_formed() -> None:
    assert [code for code, _ in written() if not SHAPES[code[0]].fullmatch(code[2])] == []
    assert [code for code, _ in written() if code[0] == "snomed" and not has_check_digit(code[2])] == []


def test_every_code_is_on_the_list_that_says_where_it_was_seen(
    record_property: Callable[[str, object], None],
) -> None:
    listed, codes = read_list(), dict(written())
    record_property("rows", f"codes of value sets: {len(listed)}, each seen in a source")
    assert sorted(codes.keys() - listed.keys()) == []
    assert sorted(listed.keys() - codes.keys()) == []
    assert [code for code, row in listed.items() if row["seen_in"] in ("", "not yet")] == []
