"""RxNorm strengths and quantity factors in UCUM units.

RxNorm states micrograms as `0.125 MG`; the number is kept, only the unit's spelling changes.
"""

import math
import re
from collections.abc import Sequence

from cds_service.terminology.products import Strength

_UCUM = {
    "MG": "mg",
    "MCG": "ug",
    "GM": "g",
    "ML": "mL",
    "HR": "h",
    "DAY": "d",
    "MEQ": "meq",
    "MMOL": "mmol",
    "MCI": "mCi",
    "SQCM": "cm2",
    "UNT": "[IU]",
    "BAU": "[BAU]",
    "AU": "[AU]",
    "ACTUAT": "{actuat}",
    "IR": "{IR}",
    "SQ-HDM": "{SQ-HDM}",
    "CELLS": "{cells}",
    "VECTOR-GENOMES": "{vector-genomes}",
    "%": "%",
}
_QUANTITY = re.compile(r"([0-9.]+) (ML|HR|ACTUAT|DAY|MG)(?: |$)")


def ucum_unit(rxnorm_unit: str) -> str | None:
    """`MG/ML` as `mg/mL`; None for a unit that is not in RxNorm's vocabulary as known here."""
    atoms = [_UCUM.get(atom) for atom in rxnorm_unit.upper().split("/")]
    known = [atom for atom in atoms if atom]
    return "/".join(known) if len(known) == len(atoms) <= 2 else None


def read_strength(value: str, unit: str) -> Strength | None:
    """A strength as the source prints it (`"0.125", "MG"`), or None when either half is absent or unreadable."""
    try:
        amount = float(value)
    except ValueError:
        return None
    ucum = ucum_unit(unit)
    return Strength(amount, ucum) if ucum and math.isfinite(amount) and amount > 0 else None


def read_quantity(factor: str) -> Strength | None:
    """The quantity factor of a product (`10 ML`, `Osmotic 24 HR`); None for factors that carry no amount."""
    found = _QUANTITY.search(factor)
    return read_strength(*found.groups()) if found else None


def add_strengths(parts: Sequence[Strength | None], *, same_dose_unit: bool) -> Strength | None:
    """Strength of one ingredient that a product states more than once.

    In one product (`same_dose_unit`) several salts of an ingredient add up: Adderall's amphetamine aspartate 5 MG and
    amphetamine sulfate 5 MG are 10 mg. The tablets of a pack are taken one at a time: they must agree, else None.
    Amounts in different units, or one that is not stated, give None.
    """
    first = parts[0]
    stated = [part for part in parts if part is not None]
    if first is None or len(stated) < len(parts) or any(part.unit != first.unit for part in stated):
        return None
    if same_dose_unit:
        return Strength(float(f"{math.fsum(part.value for part in stated):.12g}"), first.unit)
    return first if all(part == first for part in stated) else None
