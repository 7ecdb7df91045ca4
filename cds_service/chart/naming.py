"""Short clinical names: generic ingredients with strength, the brand in brackets, fit for one line of a card."""

from itertools import accumulate

from cds_service.terminology.products import Ingredient, Product, Route, Strength

LONGEST_NAME = 69
INERT = "inert ingredients"

_UNIT_WORDS = {"[IU]": "units", "meq": "mEq", "{actuat}": "actuation", "ug": "mcg", "mg/mg": "%"}
_RELEASE = {"Extended Release": " ER", "Delayed Release": " DR"}


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
    """`0.125 mg`, `1,000 mg`, `100 units/mL`, `0.025 mg/h`, `1 %`."""
    if strength.unit == "mg/mg":
        return f"{_number(strength.value * 100)} %"
    words = [_UNIT_WORDS.get(unit, unit) for unit in strength.unit.split("/")]
    return f"{_number(strength.value)} {'/'.join(words)}"


def _with_strength(ingredient: Ingredient) -> str:
    return f"{ingredient.name} {strength_text(ingredient.strength)}" if ingredient.strength else ingredient.name


def _form(product: Product) -> str:
    """The dose form where it changes what the drug does: release, and forms that act in place."""
    form = product.dose_form or ""
    if product.route not in (Route.SYSTEMIC, Route.UNKNOWN) and form:
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
