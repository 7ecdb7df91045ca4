"""Conversion between the units that laboratories, vitals and doses come in.

A small part of UCUM (The Unified Code for Units of Measure, version 2.2) is read by structure: atoms with metric
prefixes, exponents, products and quotients, annotations. Spellings that EHRs use instead are translated first. A unit
that cannot be read, or that measures something else, gives None and never a guess.
"""

import re
from collections.abc import Mapping
from functools import lru_cache

import msgspec

# HbA1c: NGSP % from IFCC mmol/mol, the master equation of the IFCC reference network (ngsp.org/ifccngsp.asp).
NGSP_SLOPE, NGSP_INTERCEPT = 0.09148, 2.152

_PREFIXES = {"k": 1e3, "h": 1e2, "d": 1e-1, "c": 1e-2, "m": 1e-3, "u": 1e-6, "n": 1e-9, "p": 1e-12, "f": 1e-15}

# Atom -> (size in its base, base, power of that base). UCUM months and years are the mean Julian ones.
_METRIC = {
    "g": (1.0, "g", 1),
    "L": (1e-3, "m", 3),
    "l": (1e-3, "m", 3),
    "m": (1.0, "m", 1),
    "s": (1.0, "s", 1),
    "mol": (1.0, "mol", 1),
    "eq": (1.0, "eq", 1),
    "U": (1.0, "U", 1),
    "[IU]": (1.0, "[IU]", 1),
    "Pa": (1.0, "Pa", 1),
    "m[Hg]": (133322.0, "Pa", 1),
}
_PLAIN = {
    "min": (60.0, "s", 1),
    "h": (3600.0, "s", 1),
    "d": (86400.0, "s", 1),
    "wk": (7 * 86400.0, "s", 1),
    "mo": (30.4375 * 86400.0, "s", 1),
    "a": (365.25 * 86400.0, "s", 1),
    "[in_i]": (0.0254, "m", 1),
    "[ft_i]": (0.3048, "m", 1),
    "[lb_av]": (453.59237, "g", 1),
    "[oz_av]": (28.349523125, "g", 1),
    "%": (1.0, "%", 1),
    "Cel": (1.0, "Cel", 1),
    "[degF]": (1.0, "[degF]", 1),
    "{1.73_m2}": (1.0, "{1.73_m2}", 1),
    # Kept apart from a plain ratio, so that IFCC HbA1c is never divided into a percentage.
    "mmol/mol": (1.0, "mmol/mol", 1),
}
_ALIASES = {
    "gm": "g",
    "gram": "g",
    "grams": "g",
    "mcg": "ug",
    "mgm": "mg",
    "kgs": "kg",
    "lb": "[lb_av]",
    "lbs": "[lb_av]",
    "pound": "[lb_av]",
    "pounds": "[lb_av]",
    "oz": "[oz_av]",
    "in": "[in_i]",
    "inch": "[in_i]",
    "inches": "[in_i]",
    "ft": "[ft_i]",
    "cc": "mL",
    "mm3": "uL",
    "ul": "uL",
    "iu": "[IU]",
    "miu": "m[IU]",
    "uiu": "u[IU]",
    "u": "U",
    "mu": "mU",
    "uu": "uU",
    "kpa": "kPa",
    "mmhg": "mm[Hg]",
    "mm hg": "mm[Hg]",
    "sec": "s",
    "secs": "s",
    "second": "s",
    "seconds": "s",
    "msec": "ms",
    "minute": "min",
    "minutes": "min",
    "hr": "h",
    "hrs": "h",
    "hour": "h",
    "hours": "h",
    "day": "d",
    "days": "d",
    "week": "wk",
    "weeks": "wk",
    "month": "mo",
    "months": "mo",
    "year": "a",
    "years": "a",
    "yr": "a",
    "yrs": "a",
    "k": "10*3",
    "thou": "10*3",
    "thousand": "10*3",
    "x10e3": "10*3",
    "x10^3": "10*3",
    "x10e9": "10*9",
    "x10^9": "10*9",
    "cells": "1",
    "beats": "1",
    "breaths": "1",
    "bpm": "/min",
    "c": "Cel",
    "°c": "Cel",
    "degc": "Cel",
    "deg c": "Cel",
    "degrees c": "Cel",
    "f": "[degF]",
    "°f": "[degF]",
    "degf": "[degF]",
    "deg f": "[degF]",
    "degrees f": "[degF]",
    "percent": "%",
    "%o2": "%",
    "inr": "{INR}",
    "ratio": "{ratio}",
}
_INDEXED = re.compile(r"\{?1\.73[ _]?(?:sq\.? ?m|m\^?2)\}?", re.IGNORECASE)
_ANNOTATION = re.compile(r"(?!\{1\.73_m2\})\{[^{}]+\}")
_POWER_OF_TEN = re.compile(r"10[*^](-?\d+)")
_LONGEST_KEPT = 40  # longer text is never kept in memory
_FACTOR = re.compile(r"([^\d^-]+)\^?(-?\d+)")
_LETTERS = str.maketrans({"µ": "u", "μ": "u", "²": "2", "³": "3"})


class Unit(msgspec.Struct, frozen=True):
    """A unit as `factor` times a product of base units to their powers."""

    factor: float
    powers: Mapping[str, int]


def convert(
    value: float,
    from_unit: str,
    to_unit: str,
    molar_mass_g_per_mol: float | None = None,
    valence: int | None = None,
) -> float | None:
    """`value` in another unit, or None when either unit is unknown or they do not measure the same.

    Amounts of substance become masses with the analyte's molar mass, and equivalents become moles with its valence;
    without these the two do not convert.
    """
    if from_unit == to_unit:
        return value if read_unit(to_unit) else None
    source, target = read_unit(from_unit), read_unit(to_unit)
    if source is None or target is None:
        return None
    if source.powers == target.powers:
        return _ratio(value, source, target)
    if {"Cel", "[degF]"} & (source.powers.keys() | target.powers.keys()):
        return _temperature(value, source, target)
    source, target = (_as_mass(unit, molar_mass_g_per_mol, valence) for unit in (source, target))
    return _ratio(value, source, target) if source.powers == target.powers else None


def ngsp_percent(ifcc_mmol_per_mol: float) -> float:
    """HbA1c in % (NGSP) from mmol/mol (IFCC), by the IFCC-NGSP master equation."""
    return NGSP_SLOPE * ifcc_mmol_per_mol + NGSP_INTERCEPT


def same_unit(one: str, other: str) -> bool:
    """Whether two spellings mean the same unit."""
    first, second = read_unit(one), read_unit(other)
    return first is not None and first == second


def read_unit(text: str) -> Unit | None:
    """A UCUM code, or a spelling EHRs use for one; None when it is neither."""
    return _remembered(text) if len(text) <= _LONGEST_KEPT else _parse(text)


@lru_cache(maxsize=1024)
def _remembered(text: str) -> Unit | None:
    return _parse(text)


def _parse(text: str) -> Unit | None:
    tidy = _INDEXED.sub("{1.73_m2}", text.strip().translate(_LETTERS))
    tidy = _ALIASES.get(tidy.lower(), tidy)
    whole = _whole(tidy)
    if whole is not None:
        return whole
    tidy = _ANNOTATION.sub("", tidy)
    factor, powers = 1.0, dict[str, int]()
    for place, quotient in enumerate(tidy.split("/")):
        for term in _terms(quotient):
            part = _term(term.strip()) if term.strip() or place == 0 else None
            if part is None:
                return None
            sign = 1 if place == 0 else -1
            factor *= part.factor**sign
            for base, power in part.powers.items():
                powers[base] = powers.get(base, 0) + sign * power
    return Unit(factor, {base: power for base, power in powers.items() if power}) if tidy else None


def _whole(tidy: str) -> Unit | None:
    """A unit that must not be taken apart: an annotation standing alone, or IFCC HbA1c."""
    if _ANNOTATION.fullmatch(tidy):
        return Unit(1.0, {tidy: 1})
    return Unit(1.0, {"mmol/mol": 1}) if tidy.lower() == "mmol/mol" else None


def _terms(quotient: str) -> list[str]:
    return [quotient] if quotient == "{1.73_m2}" else quotient.split(".")


def _term(term: str) -> Unit | None:
    """One factor of a unit: `mg`, `m2`, `10*3`, `1`, `[lb_av]`. Case is forgiven only where it leaves one meaning."""
    if term in ("", "1"):
        return Unit(1.0, {})
    term = _ALIASES.get(term.lower(), term) if term not in _METRIC and term not in _PLAIN else term
    if term == "1":
        return Unit(1.0, {})
    power_of_ten = _POWER_OF_TEN.fullmatch(term)
    if power_of_ten:
        return Unit(10.0 ** int(power_of_ten[1]), {})
    return _atom(term) or _atom(term.lower()) or _powered(term)


def _powered(term: str) -> Unit | None:
    """An atom with an exponent, as in `kg/m2`."""
    match = _FACTOR.fullmatch(term)
    atom = _atom(match[1]) if match else None
    if match is None or atom is None:
        return None
    exponent = int(match[2])
    return Unit(atom.factor**exponent, {base: power * exponent for base, power in atom.powers.items()})


def _atom(text: str) -> Unit | None:
    size = _METRIC.get(text) or _PLAIN.get(text)
    if size is None and len(text) > 1:
        prefix, metric = _PREFIXES.get(text[0]), _METRIC.get(text[1:])
        size = (prefix * metric[0], metric[1], metric[2]) if prefix and metric else None
    return Unit(size[0], {size[1]: size[2]}) if size else None


def _ratio(value: float, source: Unit, target: Unit) -> float:
    # 12 significant digits: 50 of 10*9/L is 50 of 10*3/uL, not 50.00000000000001, when a rule asks "above 50".
    return float(f"{value * source.factor / target.factor:.12g}")


def _as_mass(unit: Unit, molar_mass_g_per_mol: float | None, valence: int | None) -> Unit:
    """The unit with equivalents written as moles and moles as grams, as far as the analyte is known."""
    factor, powers = unit.factor, dict(unit.powers)
    if valence and "eq" in powers:
        power = powers.pop("eq")
        factor /= valence**power
        powers["mol"] = powers.get("mol", 0) + power
    if molar_mass_g_per_mol and "mol" in powers:
        power = powers.pop("mol")
        factor *= molar_mass_g_per_mol**power
        powers["g"] = powers.get("g", 0) + power
    return Unit(factor, {base: power for base, power in powers.items() if power})


def _temperature(value: float, source: Unit, target: Unit) -> float | None:
    if source.powers == {"[degF]": 1} and target.powers == {"Cel": 1}:
        return (value - 32) * 5 / 9
    if source.powers == {"Cel": 1} and target.powers == {"[degF]": 1}:
        return value * 9 / 5 + 32
    return None
