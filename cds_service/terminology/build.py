"""Builds the drug index: one read-only SQLite file from a folder of RxNorm and class tables."""

import sqlite3
from collections.abc import Iterable
from pathlib import Path

from cds_service.terminology.concepts import Concept, gather_concepts
from cds_service.terminology.names import name_key, normalise, words
from cds_service.terminology.products import Route
from cds_service.terminology.schema import INDEXES, SCHEMA, VERSION, digest_of
from cds_service.terminology.source import EPC, MOA, NDC, read_rows

_PAGE_SIZE = 4096
_SEARCHED = {"SCD": 0, "GPCK": 0, "SBD": 1, "BPCK": 1, "IN": 2, "MIN": 2, "BN": 3, "PIN": 4}


def build_index(source_folder: Path, out_path: Path, recovered: Path | None = None) -> str:
    """Build the index at `out_path` from a folder laid out as `source.COLUMNS` says; returns its digest.

    `recovered` is a table of further products known by code and RxNorm name (`rules/terminology/recovered.csv`). The
    same source rows give the same digest on any machine. Raises BadKnowledge naming file, line and column when the
    source cannot be read.
    """
    concepts, forms_of = gather_concepts(source_folder, recovered)
    out_path.parent.mkdir(parents=True, exist_ok=True)
    draft = out_path.with_name(out_path.name + ".draft")
    draft.unlink(missing_ok=True)
    connection = sqlite3.connect(draft)
    try:
        connection.execute(f"PRAGMA page_size = {_PAGE_SIZE}")
        connection.executescript(SCHEMA)
        _write_concepts(connection, concepts)
        _write_names(connection, concepts)
        _write_ndcs(connection, source_folder, {concept.rxcui for concept in concepts})
        _write_classes(connection, source_folder, forms_of)
        connection.executescript(INDEXES)
        digest = digest_of(connection)
        connection.executemany("INSERT INTO meta VALUES (?, ?)", [("digest", digest), ("version", VERSION)])
        connection.commit()
        connection.execute("VACUUM")
    finally:
        connection.close()
    draft.replace(out_path)
    return digest


def _write_concepts(connection: sqlite3.Connection, concepts: tuple[Concept, ...]) -> None:
    routes = _number(connection, "route", Route)
    forms = _number(connection, "form", sorted({concept.form for concept in concepts if concept.form}))
    sources = _number(connection, "source", sorted({concept.source for concept in concepts}))
    places = _places(concepts)
    for concept in concepts:
        quantity = concept.quantity
        connection.execute(
            "INSERT INTO concept VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (
                concept.rxcui, concept.tty, concept.name, forms.get(concept.form), routes[concept.route],
                concept.brand or None, quantity and quantity.value, quantity and quantity.unit, concept.current,
                sources[concept.source], places.get(concept.rxcui, 0),
            ),
        )  # fmt: skip
        connection.executemany(
            "INSERT INTO part VALUES (?, ?, ?, ?, ?)",
            [
                (concept.rxcui, at, ingredient, strength and strength.value, strength and strength.unit)
                for at, (ingredient, strength) in enumerate(concept.parts)
            ],
        )
    _write_postings(connection, concepts, places)


def _number(connection: sqlite3.Connection, table: str, names: Iterable[str]) -> dict[str, int]:
    numbered = {name: at for at, name in enumerate(names, start=1)}
    connection.executemany(f"INSERT INTO {table} VALUES (?, ?)", [(at, str(name)) for name, at in numbered.items()])
    return numbered


def _places(concepts: tuple[Concept, ...]) -> dict[int, int]:
    """Rank in typed search: current first, products before brands and ingredients, short names first."""
    searched = [concept for concept in concepts if concept.tty in _SEARCHED]
    searched.sort(key=lambda c: (not c.current, _SEARCHED[c.tty], len(c.name), c.name.casefold(), c.rxcui))
    return {concept.rxcui: place for place, concept in enumerate(searched, start=1)}


def _write_postings(connection: sqlite3.Connection, concepts: tuple[Concept, ...], places: dict[int, int]) -> None:
    found: dict[str, set[int]] = {}
    for concept in concepts:
        if concept.rxcui in places:
            for word in words(concept.name):
                found.setdefault(word, set()).add(places[concept.rxcui])
    numbered = {word: at for at, word in enumerate(sorted(found), start=1)}
    connection.executemany("INSERT INTO word VALUES (?, ?)", numbered.items())
    connection.executemany(
        "INSERT INTO posting VALUES (?, ?)",
        [(at, place) for word, at in numbered.items() for place in sorted(found[word])],
    )


def _write_names(connection: sqlite3.Connection, concepts: tuple[Concept, ...]) -> None:
    """Every normalised name that means one thing: same ingredients, strengths, form and quantity behind it."""
    bearers: dict[str, list[Concept]] = {}
    for concept in concepts:
        for name in {normalise(concept.name), normalise(concept.brand) if concept.tty == "BN" else ""} - {""}:
            bearers.setdefault(name, []).append(concept)
    for brand, meant in _uncoded_brands(concepts, bearers).items():
        bearers[brand] = [meant]
    rows = {}
    for name, sharing in bearers.items():
        if len({(c.parts, c.form, c.quantity) for c in sharing}) == 1:
            best = min(sharing, key=lambda c: (not c.current, _SEARCHED.get(c.tty, 9), c.rxcui))
            rows[name_key(name)] = best.rxcui
    connection.executemany("INSERT INTO name VALUES (?, ?)", sorted(rows.items()))


def _uncoded_brands(concepts: tuple[Concept, ...], taken: Iterable[str]) -> dict[str, Concept]:
    """Brands that products name but the source gives no code for: each means its ingredient, or its combination."""
    mixtures: dict[str, set[frozenset[int]]] = {}
    meaning: dict[frozenset[int], Concept] = {}
    for concept in concepts:
        contents = frozenset(code for code, _ in concept.parts)
        if concept.tty in ("IN", "MIN"):
            meaning[contents] = concept
        elif concept.brand:
            mixtures.setdefault(normalise(concept.brand), set()).add(contents)
    return {
        brand: meaning[contents]
        for brand, (contents, *others) in mixtures.items()
        if brand not in taken and not others and contents in meaning
    }


def _write_ndcs(connection: sqlite3.Connection, folder: Path, known: set[int]) -> None:
    packages: dict[tuple[int, int], set[int]] = {}
    for row in read_rows(folder, NDC):
        if (rxcui := int(row["rxcui"])) in known:
            product, package = divmod(int(row["ndc11"]), 100)
            packages.setdefault((product, rxcui), set()).add(package)
    connection.executemany(
        "INSERT INTO ndc VALUES (?, ?, ?)", [(*key, bytes(sorted(codes))) for key, codes in sorted(packages.items())]
    )


def _write_classes(connection: sqlite3.Connection, folder: Path, forms_of: dict[int, int]) -> None:
    """Classes of ingredients; a class stated of a salt or hydrate counts for its ingredient.

    EPC classes are taken only where a label states them (relation DIRECT): the tree drawn above them files ACE
    inhibitors under antivirals. Mechanisms are a true hierarchy and keep the broader ones.
    """
    names: dict[str, tuple[str, str]] = {}
    members: set[tuple[str, int]] = set()
    for file, kinds in ((EPC, {"DIRECT"}), (MOA, {"DIRECT", "INDIRECT"})):
        for row in read_rows(folder, file):
            ingredient = int(row["rxcui"]) if row["tty"] == "IN" else forms_of.get(int(row["rxcui"]))
            if ingredient and row["relation"] in kinds:
                names[row["class_id"]] = (row["class_type"], row["class_name"])
                members.add((row["class_id"], ingredient))
    numbered = {code: at for at, code in enumerate(sorted(names), start=1)}
    connection.executemany(
        "INSERT INTO class VALUES (?, ?, ?, ?)", [(at, code, *names[code]) for code, at in numbered.items()]
    )
    connection.executemany("INSERT INTO member VALUES (?, ?)", sorted((numbered[code], who) for code, who in members))
