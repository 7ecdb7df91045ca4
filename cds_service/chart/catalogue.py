"""The closed list of facts a rule may name. A rule with any other fact name does not compile."""

from dataclasses import dataclass
from enum import StrEnum


class Kind(StrEnum):
    """What a fact holds, and so which operators apply."""

    QUANTITY = "quantity"  # below, at_most, at_least, above, between, within_days
    BOOLEAN = "boolean"  # is
    CODE = "code"  # is, any_in, none_in (over a closed list of words)
    LIST = "list"  # any_in, none_in, count_at_least


@dataclass(frozen=True, slots=True)
class FactType:
    """One fact: its name in rules, what a card calls it, its UCUM unit, and where it comes from.

    `of` is "patient", or "drug" for facts written `this.x`, `a.x`, `b.x`. `loinc` are the codes read for it, most
    preferred first. `shelf_life_days` and `shelf_life_inpatient_days` bound its age; None never expires.
    `plausible` bounds it in `unit`; outside is Unknown(implausible). `words` lists the values of a CODE fact.
    `key` is the prefetch key that brings it (`labs`, `vitals`, ...), empty for derived facts; `inputs` are the facts
    a derived one is computed from.
    """

    name: str
    label: str
    kind: Kind
    of: str = "patient"
    unit: str | None = None
    loinc: tuple[str, ...] = ()
    shelf_life_days: int | None = None
    shelf_life_inpatient_days: int | None = None
    plausible: tuple[float, float] | None = None
    molar_mass_g_per_mol: float | None = None
    words: tuple[str, ...] = ()
    key: str = ""
    inputs: tuple[str, ...] = ()
    source: str = ""


CATALOGUE: dict[str, FactType] = {}
