"""A product in words, for the command line and the console."""

from cds_service.terminology.index import RxNormIndex
from cds_service.terminology.products import Ingredient, Product, Strength


def show_product(code: str, index: RxNormIndex) -> str:
    """All the index knows of a code: an RxNorm code, an NDC or an exact name. One fact per line.

    Says so in one line when the code is not in the index.
    """
    product = index.by_rxcui(code) or index.by_ndc(code) or index.by_name(code)
    if product is None:
        return f"{code}: not in the index"
    current, source = index.provenance(product.rxcui)
    lines = [
        f"{product.rxcui}  {product.name}",
        f"type        {product.tty}",
        f"status      {'current' if current else 'not in the current release'} (from {source})",
        *(f"ingredient  {_print_ingredient(ingredient)}" for ingredient in product.ingredients),
        f"dose form   {product.dose_form or 'none'}",
        f"route       {product.route}",
        f"brand       {product.brand or 'none'}",
        f"quantity    {_print_strength(product.quantity) or 'none'}",
        *_print_classes(product, index),
    ]
    return "\n".join(lines)


def _print_ingredient(ingredient: Ingredient) -> str:
    return f"{ingredient.rxcui}  {ingredient.name} {_print_strength(ingredient.strength)}".rstrip()


def _print_strength(strength: Strength | None) -> str:
    return f"{strength.value:.12g} {strength.unit}" if strength else ""


def _print_classes(product: Product, index: RxNormIndex) -> list[str]:
    codes = sorted({code for ingredient in product.ingredients for code in index.classes(ingredient.rxcui)})
    return [f"class       {code}  {index.class_name(code)}" for code in codes]
