"""How much of each ingredient is taken at once, from a FHIR Quantity and the product's strength.

Only units of a closed list are read. Per-weight and per-surface doses, drops and spoons stay Unknown: what they come
to depends on something the order does not say.
"""

from types import MappingProxyType

import msgspec

from cds_service.chart.facts import Reason, Unknown
from cds_service.chart.timings import MOST_DAYS
from cds_service.fhir.resources import Dosage, Quantity, Range, Ratio
from cds_service.terminology.products import Ingredient, Product, Strength

MOST_UNITS_A_DAY = 100
MOST_OF_ANYTHING = 1e8
"""A hundred kilograms, or a hundred million units: whatever is written, nobody takes more at once."""

_SUBSTANCE = frozenset({"mg", "[IU]", "meq", "mmol"})

_SPELLINGS: dict[tuple[str, float], str] = {
    ("count", 1.0): (
        "tbl tab tabs tablet tablets tablet(s) cap caps capsule capsules capsule(s) pill pills caplet caplets ea each "
        "lozenge lozenges troche suppository suppositories supp patch patches film films packet packets pkt vial vials "
        "ampule ampules syringe syringes gum wafer wafers"
    ),
    ("{actuat}", 1.0): (
        "actuat actuation actuations puff puffs spray sprays spry inhalation inhalations inh {actuation} {puff} {spray}"
    ),
    ("mg", 1.0): "mg milligram milligrams mgm",
    ("mg", 1000.0): "g gm gram grams",
    ("mg", 0.001): "ug mcg µg μg microgram micrograms",
    ("[IU]", 1.0): "[iu] iu u unt unit units [usp'u] international-units",
    ("meq", 1.0): "meq milliequivalent milliequivalents",
    ("mmol", 1.0): "mmol",
    ("mL", 1.0): "ml cc milliliter milliliters millilitre millilitres",
    ("mL", 1000.0): "l liter litre",
    ("mg/h", 1.0): "mg/h mg/hr",
    ("mg/h", 0.001): "ug/h mcg/h ug/hr mcg/hr",
}
UNITS: MappingProxyType[str, tuple[str, float]] = MappingProxyType(
    {word: measure for measure, words in _SPELLINGS.items() for word in words.split()} | {"": ("", 1.0), "1": ("", 1.0)}
)
_TO_MG = MappingProxyType({"mg": 1.0, "g": 1000.0, "ug": 0.001})


NOTHING_STATED = Unknown(Reason.NOT_RECORDED)
NOTHING_GIVEN = Unknown(Reason.IMPLAUSIBLE, "dose of 0")


class Amount(msgspec.Struct, frozen=True):
    """What is given at once. `unit` is "count" (tablets, patches...), "" (no unit), "{actuat}", "mL", "mg", "[IU]",
    "meq", "mmol" or "mg/h"; numbers are already in it."""

    value: float
    unit: str


def read_amount(quantity: Quantity | None) -> Amount | Unknown:
    """A dose Quantity; its UCUM code is preferred over the unit's spelling. A "more than" gives Unknown."""
    if quantity is None or quantity.value is None:
        return NOTHING_STATED
    if quantity.comparator in (">", ">="):
        return Unknown(Reason.UNRECOGNISED, f"dose given as {quantity.comparator} {quantity.value:g}")
    for written in (quantity.code, quantity.unit):
        measure = measure_of(written) if written is not None else None
        if measure:
            return plausible(Amount(quantity.value * measure[1], measure[0]))
    if quantity.code or quantity.unit:
        return Unknown(Reason.UNRECOGNISED, f"dose unit {quantity.unit or quantity.code}")
    return plausible(Amount(quantity.value, ""))


def measure_of(written: str) -> tuple[str, float] | None:
    """The unit that a spelling means, and how many of it."""
    tidy = written.strip()
    return UNITS.get(written) or UNITS.get(tidy.lower()) or UNITS.get(tidy.strip("{}").lower())


def plausible(amount: Amount) -> Amount | Unknown:
    """The amount, unless nobody takes it: nothing, less than nothing, more than a hundred tablets or kilograms."""
    most = MOST_UNITS_A_DAY if amount.unit in ("", "count", "{actuat}") else MOST_OF_ANYTHING
    if amount.value == 0:
        return NOTHING_GIVEN
    if not 0 < amount.value <= most:
        return Unknown(Reason.IMPLAUSIBLE, f"dose of {amount.value:g}")
    return amount


def stated_amount(dosage: Dosage) -> Amount | Unknown:
    """The dose a Dosage states, in R4 or STU3 shape; of a range its upper end. The first that can be read counts."""
    quantities: list[Quantity | Range | None] = [dosage.dose_quantity, dosage.dose_range]
    for part in dosage.dose_and_rate:
        quantities += (part.dose_quantity, part.dose_range, hourly_rate(part.rate_quantity))
    found: Amount | Unknown = NOTHING_STATED
    for quantity in quantities:
        if quantity is not None:
            found = read_amount(quantity.high if isinstance(quantity, Range) else quantity)
            if isinstance(found, Amount):
                return found
    return found


def hourly_rate(rate: Quantity | None) -> Quantity | None:
    """A rate of substance per hour, as patches are ordered. Other rates are infusions, which are not read."""
    if rate is None or UNITS.get((rate.code or rate.unit or "").lower(), ("", 1.0))[0] != "mg/h":
        return None
    return rate


def amount_per_day(ratio: Ratio | None) -> tuple[Amount, float] | None:
    """`maxDosePerPeriod` as an amount and the days it is meant for."""
    if ratio is None or ratio.denominator is None:
        return None
    amount, period = read_amount(ratio.numerator), ratio.denominator
    days = {"d": 1.0, "day": 1.0, "h": 1 / 24, "hour": 1 / 24, "wk": 7.0, "week": 7.0}.get(
        (period.code or period.unit or "").lower()
    )
    span = (days or 0.0) * (period.value or 0.0)
    if isinstance(amount, Unknown) or not 0 < span <= MOST_DAYS:
        return None
    return amount, span


def of_ingredient(ingredient: Ingredient, amount: Amount, product: Product) -> Amount | Unknown:
    """How much of one ingredient an amount of the product holds, in "mg", "[IU]", "meq", "mmol" or, for patches,
    "mg/h"."""
    strength = ingredient.strength
    if amount.unit in _SUBSTANCE or amount.unit == "mg/h":
        return _weighed(strength, amount, len(product.ingredients) == 1)
    if strength is None:
        return Unknown(Reason.NOT_RECORDED, "strength of the product")
    substance, _, per = strength.unit.partition("/")
    units = _units_of_strength(per, amount, product.quantity)
    if units is None:
        return Unknown(Reason.UNRECOGNISED, f"dose in {amount.unit or 'no unit'} of a product in {strength.unit}")
    value = strength.value * units * _TO_MG.get(substance, 1.0)
    unit = "mg" if substance in _TO_MG else substance
    return Amount(value, f"{unit}/h" if per == "h" else unit)


def _weighed(strength: Strength | None, amount: Amount, alone: bool) -> Amount | Unknown:
    """A dose already in mg, units or mEq: of the substance if it is the only one; of the gel or powder by weight."""
    substance, _, per = strength.unit.partition("/") if strength else ("", "", "")
    if strength and per in _TO_MG and amount.unit == "mg":
        return Amount(strength.value * amount.value / _TO_MG[per] * _TO_MG.get(substance, 1.0), _base(substance))
    if not alone:
        return Unknown(Reason.UNRECOGNISED, f"dose in {amount.unit} of a product with several ingredients")
    if strength and _base(substance) != amount.unit.removesuffix("/h"):
        return Unknown(Reason.UNRECOGNISED, f"dose in {amount.unit} of a product in {strength.unit}")
    return amount


def _base(substance: str) -> str:
    return "mg" if substance in _TO_MG else substance


def _units_of_strength(per: str, amount: Amount, quantity: Strength | None) -> float | None:
    """How many of what the strength is stated per: tablets, mL, actuations, patches."""
    counted = amount.unit in ("", "count")
    if (per in ("", "h") and counted) or (per == "mL" and amount.unit == "mL"):
        return amount.value
    if per == "{actuat}" and amount.unit in ("", "{actuat}"):
        return amount.value
    if per == "mL" and counted and quantity and quantity.unit == "mL":
        return amount.value * quantity.value
    return None
