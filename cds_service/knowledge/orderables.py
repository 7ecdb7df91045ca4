"""Reads rules/orderables and the site's formulary: what a suggestion may create."""

import re
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

from cds_service.knowledge.card_files import read_entries
from cds_service.knowledge.page import Page, Pages, join, suggest
from cds_service.knowledge.parse_rules import read_conditions
from cds_service.knowledge.read_shape import read_shape
from cds_service.knowledge.rules import Line, Operator
from cds_service.knowledge.shapes import ORDERABLE, SIG
from cds_service.knowledge.sources import Sources
from cds_service.knowledge.suggestions import Orderable, Sig
from cds_service.knowledge.vocabulary import PATIENT_FACTS, Vocabulary
from cds_service.terminology.products import Terminology

ORDERABLES = "rules/orderables"
FORMULARY_FILE = "config/formulary.csv"
FORMULARY_COLUMNS = ("rxcui", "status", "by", "date")
FORMULARY_WORDS = ("allowed", "excluded")
# The keys that an orderable of each kind has and the others have not.
OWN_KEYS: Mapping[str, tuple[str, ...]] = {"drug": ("product", "rxcui", "sig"), "lab": ("product", "loinc")}
OPTIONAL_KEYS: Mapping[str, tuple[str, ...]] = {"drug": ("when",), "lab": ("fact",)}
WHOLE = ("times_per_day", "every_hours", "days")
LOINC = re.compile(r"(\d{3,7})-(\d)")
# Every dosage of the shipped orderables is an adult one.
ADULT = Line("age", Operator.AT_LEAST, 18.0, unit="a", where="population")


def read_orderables(sources: Sources, pages: Pages, vocabulary: Vocabulary) -> dict[str, Orderable]:
    """Every orderable of rules/orderables.toml and rules/orderables/, by id, the excluded ones marked."""
    excluded = read_formulary(pages.open(FORMULARY_FILE), sources.rows.get(FORMULARY_FILE, ()), vocabulary.terminology)
    files = [file for file in sorted(sources.documents) if is_orderables(file)]
    found: dict[str, Orderable] = {}
    places: dict[str, str] = {}
    for file in files:
        page = pages.open(file)
        for id, entry in read_entries(page, sources.documents[file], ORDERABLE).items():
            if id in places:
                page.note(id, f"{id!r} already stands in {places[id]}; keep one")
            places[id] = file
            if orderable := read_orderable(page, id, entry, vocabulary):
                found[id] = replace(orderable, allowed=orderable.rxcui not in excluded)
    return found


def is_orderables(file: str) -> bool:
    return file == f"{ORDERABLES}.toml" or file.startswith(f"{ORDERABLES}/")


def read_orderable(page: Page, id: str, entry: Mapping[str, Any], vocabulary: Vocabulary) -> Orderable | None:
    """One entry with its codes checked; None with the reason on the page."""
    before = len(page.problems)
    kind = entry["kind"]
    for key in OWN_KEYS.get(kind, ()):
        if key not in entry:
            page.note(id, f"an orderable of kind {kind!r} has {key!r}, which is missing")
    for key in ("product", "rxcui", "loinc", "sig", "when", "fact"):
        if key in entry and key not in (*OWN_KEYS.get(kind, ()), *OPTIONAL_KEYS.get(kind, ())):
            page.note(join(id, key), f"an orderable of kind {kind!r} has no {key!r}")
    if "{" in entry["title"]:
        page.note(join(id, "title"), "a title is plain text")
    if kind == "drug" and "rxcui" in entry:
        check_product(page, join(id, "rxcui"), entry["rxcui"], entry.get("product", ""), vocabulary.terminology)
    if "loinc" in entry and not is_loinc(entry["loinc"]):
        page.note(join(id, "loinc"), f"{entry['loinc']!r} is no LOINC code: its check digit is wrong")
    if "fact" in entry and entry["fact"] not in PATIENT_FACTS:
        page.note(join(id, "fact"), f"no fact called {entry['fact']!r}{suggest(entry['fact'], PATIENT_FACTS)}")
    sig = read_sig(page, join(id, "sig"), entry["sig"]) if "sig" in entry else None
    when = read_conditions(page, join(id, "when"), entry.get("when", []), (), vocabulary)
    if len(page.problems) > before:
        return None
    dosage = {"sig": sig, "when": (ADULT, *when)} if sig else {}
    return Orderable(id=id, **{**entry, **dosage})


def is_loinc(code: str) -> bool:
    """Whether the last digit is the check digit (modulus 10) of the others (LOINC Users' Guide, appendix C)."""
    found = LOINC.fullmatch(code)
    if not found:
        return False
    digits = [int(digit) for digit in reversed(found[1])]
    doubled = "".join(str(digit * 2) if place % 2 == 0 else str(digit) for place, digit in enumerate(digits))
    return (10 - sum(map(int, doubled)) % 10) % 10 == int(found[2])


def check_product(page: Page, where: str, rxcui: str, name: str, terminology: Terminology) -> None:
    """The code is an SCD of RxNorm, and the name beside it is that product's: a slip in a digit is found."""
    product = terminology.by_rxcui(rxcui)
    named = terminology.by_name(name) if name else None
    meant = f"; {name!r} is {named.rxcui}" if named and named.tty == "SCD" else ""
    if product is None:
        page.note(where, f"RxNorm has no code {rxcui!r}{meant}")
    elif product.tty != "SCD":
        found = f"{rxcui} is {product.name!r} of type {product.tty}"
        page.note(where, f"{found}; an orderable names a generic product, an SCD{meant}")
    elif product.name.casefold() != name.casefold():
        page.note(where, f"{rxcui} is {product.name!r}, but the entry says {name!r}{meant}")


def read_sig(page: Page, where: str, table: Mapping[str, Any]) -> Sig | None:
    """How the product is taken; None with the reason on the page."""
    before = len(page.problems)
    kept = read_shape(page, where, table, SIG)
    for name, value in kept.items():
        if type(value) in (int, float) and not value > 0:
            page.note(join(where, name), f"expected a number above 0, found {value}")
        if name in WHOLE and type(value) is not int:
            page.note(join(where, name), f"expected a whole number, found {value}")
    if "times_per_day" in kept and "every_hours" in kept:
        page.note(where, "how often is either 'times_per_day' or 'every_hours'")
    if kept.get("as_needed") and "max_per_day" not in kept and ("times_per_day" in kept or "every_hours" in kept):
        page.note(where, "an as-needed order states its 'max_per_day' in mg")
    return None if len(page.problems) > before else Sig(**kept)


def read_formulary(page: Page, rows: tuple[Mapping[str, str], ...], terminology: Terminology) -> frozenset[str]:
    """The rxcuis that may not be created. A product without a row is allowed."""
    excluded: set[str] = set()
    seen: set[str] = set()
    for number, row in enumerate(rows, 1):
        where = f"row {number}"
        for column in FORMULARY_COLUMNS:
            if not row.get(column):
                page.note(where, f"{column!r} must not be empty")
        rxcui, status = row.get("rxcui", ""), row.get("status", "")
        if rxcui in seen:
            page.note(where, f"{rxcui} stands in this file twice; keep one row")
        seen.add(rxcui)
        product = terminology.by_rxcui(rxcui) if rxcui else None
        if rxcui and (product is None or product.tty != "SCD"):
            page.note(where, f"{rxcui!r} is no generic product (SCD) of RxNorm")
        if status and status not in FORMULARY_WORDS:
            page.note(
                where, f"a product is 'allowed' or 'excluded', found {status!r}{suggest(status, FORMULARY_WORDS)}"
            )
        if status == "excluded":
            excluded.add(rxcui)
    return frozenset(excluded)
