"""Drugs to order, found by typing: products first, then the ingredients whose products were found."""

from typing import Any

from cds_service.terminology.products import Product, Terminology

ORDERABLE = ("SCD", "SBD", "GPCK", "BPCK")  # what a pharmacy dispenses: products and packs, generic and brand
LOOKED_AT = 60
SHOWN = 20


def find_drugs(terminology: Terminology, typed: str) -> list[dict[str, Any]]:
    """Up to 20 products whose names hold every typed word, each as the picker shows it.

    `name` is written as RxNorm does, `ingredients` and `form` tell apart what looks alike, `generic` is false for a
    brand.
    """
    found = terminology.search(typed, LOOKED_AT)
    return [describe(product) for product in found if product.tty in ORDERABLE][:SHOWN]


def describe(product: Product) -> dict[str, Any]:
    return {
        "rxcui": product.rxcui,
        "name": product.name,
        "ingredients": [ingredient.name for ingredient in product.ingredients],
        "form": product.dose_form or "",
        "brand": product.brand or "",
    }
