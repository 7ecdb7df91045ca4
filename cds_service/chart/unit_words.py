"""UCUM units as people write them."""

import re
from functools import lru_cache

# A whole unit that people write as a word, plural.
WHOLE_UNITS = {"a": "years", "mo": "months", "wk": "weeks", "d": "days", "h": "hours", "/d": "a day", "1": ""}

# Parts of a UCUM unit that people write otherwise. "units" and "mcg" as ISMP's list of error-prone abbreviations asks.
UNIT_PARTS = {
    "[IU]": "units",
    "[lb_av]": "lb",
    "[in_i]": "in",
    "{1.73_m2}": "1.73 m²",
    "10*3": "×10³",
    "10*9": "×10⁹",
    "Cel": "°C",
    "m2": "m²",
    "meq": "mEq",
    "mm[Hg]": "mmHg",
    "u[IU]": "micro-units",
    "m[IU]": "milli-units",
    "ug": "mcg",
    "uL": "µL",
    "umol": "µmol",
}


@lru_cache(maxsize=256)
def say_unit(unit: str | None) -> str:
    """A UCUM unit as people write it, with the blank before it: "mL/min/{1.73_m2}" gives " mL/min/1.73 m²"."""
    if not unit or unit in WHOLE_UNITS:
        return f" {WHOLE_UNITS[unit]}".rstrip() if unit else ""
    parts = (UNIT_PARTS.get(part, part) for part in unit.split("/"))
    written = "/".join(re.sub(r"\{[^}]*\}", "", part) for part in parts).rstrip("/")
    if not written:
        return ""
    return written if written.startswith("%") else f" {written}"
