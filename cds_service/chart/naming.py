"""Short clinical names: generic ingredients with strength, the brand in brackets, fit for one line of a card."""

from functools import lru_cache
from itertools import accumulate

from cds_service.terminology.products import Ingredient, Product, Route, Strength

LONGEST_NAME = 69
INERT = "inert ingredients"

_UNIT_WORDS = {"[IU]": "units", "meq": "mEq", "{actuat}": "actuation", "ug": "mcg"}
# In mg, by what the strength is per: labels say 90 mcg an actuation, 25 mcg an hour, but nitroglycerin 0.4 mg a spray.
_MICROGRAMS_BELOW = {"{actuat}": 0.25, "h": 1.0}
_RELEASE = {"Extended Release": " ER", "Delayed Release": " DR"}


@lru_cache(maxsize=4096)
def drug_name(product: Product) -> str:
    """`ibuprofen 400 mg [Ibu]`, `acetaminophen 325 mg / oxycodone 5 mg [Percocet]`, `diclofenac 1 % topical gel`.

    A name that would be too long gives up its strengths first, then ingredients ("a / b / 2 more"). Never empty.
    """
    active = [ingredient for ingredient in product.ingredients if ingredient.name != INERT]
    ending = _form(product) + (f" [{product.brand}]" if product.brand else "")
    names = [ingredient.name for ingredient in active]
    with_strengths = " / ".join(_with_strength(ingredient) for ingredient in active)
    shorter = [" / ".join([*names[:count], f"{len(names) - count} more"]) for count in (3, 2, 1) if len(names) > count]
    for generic in (with_strengths, " / ".join(names), *shorter):
        if generic and len(generic + ending) <= LONGEST_NAME:
            return generic + ending
    return _cut(with_strengths or product.name or f"RxNorm {product.rxcui}")


def strength_text(strength: Strength) -> str:
    """`0.125 mg`, `1,000 mg`, `100 units/mL`, `1 %`; in micrograms where labels do: `75 mcg`, `25 mcg/h`."""
    if strength.unit == "mg/mg":
        return f"{_number(strength.value * 100)} %"
    unit, _, per = strength.unit.partition("/")
    value = strength.value
    if unit == "mg" and value < _MICROGRAMS_BELOW.get(per, 0.1):
        value, unit = value * 1000, "ug"
    return f"{_number(value)} {'/'.join(_UNIT_WORDS.get(word, word) for word in (unit, per) if word)}"


def _with_strength(ingredient: Ingredient) -> str:
    return f"{ingredient.name} {strength_text(ingredient.strength)}" if ingredient.strength else ingredient.name


def _form(product: Product) -> str:
    """The dose form where the strength alone does not tell it: what acts in place, liquids, sprays, patches; ER, DR."""
    form = product.dose_form or ""
    measured = any(part.strength and "/" in part.strength.unit for part in product.ingredients)
    if form and (measured or product.route not in (Route.SYSTEMIC, Route.UNKNOWN)):
        return f" {form.lower()}"
    return next((short for long, short in _RELEASE.items() if long in form), "")


def _number(value: float) -> str:
    return f"{value:,.10g}"


def _cut(text: str) -> str:
    """As many whole words as fit, with an ellipsis."""
    if len(text) <= LONGEST_NAME:
        return text
    lengths = accumulate(len(word) + 1 for word in text.split(" "))
    words = [word for word, length in zip(text.split(" "), lengths, strict=True) if length < LONGEST_NAME]
    return " ".join(words) + "…" if words else text[: LONGEST_NAME - 1] + "…"
