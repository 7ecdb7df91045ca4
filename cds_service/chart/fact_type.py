"""What the catalogue says about one fact."""

from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

HOUSE = "shelf life and plausible range: house default, not from a source"

# Units that are not read aloud as UCUM writes them.
SPOKEN = MappingProxyType(
    {
        "a": "years",
        "mo": "months",
        "{INR}": "",
        "{stage}": "",
        "{score}": "",
        "{ULN}": "× upper limit of normal",
        "mm[Hg]": "mmHg",
        "m[IU]/L": "mIU/L",
        "10*3/uL": "× 10³/µL",
        "mL/min/{1.73_m2}": "mL/min/1.73 m²",
    }
)


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
    preferred first; `panels` are the codes of panels that hold it as a component. `shelf_life_days` and
    `shelf_life_inpatient_days` bound its age, `shelf_life_child_days` under 18 years; None never expires.
    `plausible` bounds it in `unit`; outside is Unknown(implausible). `reads_as` pairs a unit as sent with the unit it
    can only mean under these codes ("" is no unit at all). `valence` converts equivalents. `words` lists the values
    of a CODE fact, empty for free words. `key` is the prefetch key that brings it (`labs`, `vitals`, ...), empty for
    derived facts; `inputs` are the facts a derived one is computed from. `codes` are the `system|code` pairs asked for
    under `key` besides LOINC. `other_units` are those a dose may come in when it is no mass; a line that compares it
    names the one it means.
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
    panels: tuple[str, ...] = ()
    shelf_life_child_days: int | None = None
    reads_as: tuple[tuple[str, str], ...] = ()
    valence: int | None = None
    codes: tuple[str, ...] = ()
    other_units: tuple[str, ...] = ()

    def say(self, value: float) -> str:
        """A number of this fact as the detail of an Unknown words it: "15 mg/dL", "65 years", "8"."""
        unit = SPOKEN.get(self.unit or "", self.unit or "")
        return f"{value:g} {unit}".rstrip()
