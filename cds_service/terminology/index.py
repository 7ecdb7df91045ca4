"""The drug index in service: one read-only file, memory-mapped and shared by all workers."""

import os
import re
import sqlite3
import threading
from functools import lru_cache
from pathlib import Path
from typing import Any

from cds_service.errors import BadKnowledge, KnowledgeProblem
from cds_service.terminology.names import name_key, normalise, words
from cds_service.terminology.products import Ingredient, Product, Route, Strength
from cds_service.terminology.schema import VERSION

_RXCUI = re.compile(r"[1-9][0-9]{0,8}")
_NDC = re.compile(r"([0-9]{4})-([0-9]{4})-([0-9]{2})|([0-9]{5})-([0-9]{3,4})-([0-9]{1,2})|([0-9]{11})")
_LONGEST_CODE, _LONGEST_NAME = 9, 4000  # longer text is never kept in memory
_PRODUCTS_KEPT = 8192
_NAMES_KEPT = 4096
_CLASSES_KEPT = 4096
_MAP_BYTES = 1 << 26

_CONCEPT = """
    SELECT tty, concept.name, form.name, route.name, brand, quantity, quantity_unit
    FROM concept JOIN route ON route.id = concept.route LEFT JOIN form ON form.id = concept.form WHERE rxcui = ?
"""
_PARTS = """
    SELECT part.ingredient, concept.name, part.value, part.unit
    FROM part JOIN concept ON concept.rxcui = part.ingredient WHERE part.rxcui = ? ORDER BY ordinal
"""
_PLACES = "SELECT place FROM posting WHERE word IN (SELECT id FROM word WHERE text >= ? AND text < ?)"


def open_index(path: Path) -> "RxNormIndex":
    """Open an index built by `build.build_index`; raises BadKnowledge when the file is absent or of another version."""
    if not path.is_file():
        raise _unusable(path, "not found; `cds terminology build` makes it")
    index = RxNormIndex(path)
    try:
        version = index.read("SELECT value FROM meta WHERE key = 'version'")
    except sqlite3.DatabaseError as error:
        raise _unusable(path, f"found a file that is not a drug index ({error})") from error
    if version != [(VERSION,)]:
        raise _unusable(
            path, f"found version {version[0][0] if version else 'none'}, expected {VERSION}; build it again"
        )
    return index


class RxNormIndex:
    """The `Terminology` of the service. Safe to share between threads and across a fork; answers are memoised."""

    def __init__(self, path: Path) -> None:
        self._uri = f"{path.resolve().as_uri()}?mode=ro&immutable=1"
        self._local = threading.local()
        self._product = lru_cache(maxsize=_PRODUCTS_KEPT)(self._read_product)
        self._named = lru_cache(maxsize=_NAMES_KEPT)(self._read_named)
        self._classes = lru_cache(maxsize=_CLASSES_KEPT)(self._read_classes)
        self._members = lru_cache(maxsize=_CLASSES_KEPT)(self._read_members)
        self._digest = lru_cache(maxsize=1)(self._read_digest)

    @property
    def digest(self) -> str:
        """sha256 over the logical content, as computed when the index was built."""
        return self._digest()

    def by_rxcui(self, rxcui: str) -> Product | None:
        """The product behind any resolvable RxNorm code, current or retired; None for any other text."""
        return self._product(rxcui) if len(rxcui) <= _LONGEST_CODE else None

    def by_ndc(self, ndc: str) -> Product | None:
        """The product behind an NDC written 4-4-2, 5-3-2, 5-4-1, 5-4-2 or as 11 digits.

        Ten digits without hyphens can be read three ways and give None.
        """
        found = _NDC.fullmatch(ndc.strip())
        if not found:
            return None
        labeler, product, package, labeler5, product5, package5, eleven = found.groups()
        if labeler:
            eleven = f"0{labeler}{product}{package}"
        elif labeler5:
            if len(product5) + len(package5) < 5:
                return None
            eleven = f"{labeler5}{product5:0>4}{package5:0>2}"
        product9, package2 = divmod(int(eleven), 100)
        rows = self.read("SELECT rxcui, packages FROM ndc WHERE product = ?", product9)
        return next((self._product(str(rxcui)) for rxcui, packages in rows if package2 in packages), None)

    def by_name(self, text: str) -> Product | None:
        """The product whose full, brand or ingredient name is `text`, normalised; None when several differ."""
        return self._named(text) if len(text) <= _LONGEST_NAME else None

    def ingredient_name(self, rxcui: str) -> str | None:
        """Display name of an ingredient (IN)."""
        product = self.by_rxcui(rxcui)
        return product.name if product and product.tty == "IN" else None

    def classes(self, ingredient_rxcui: str) -> frozenset[str]:
        """EPC ids as labels state them, and MoA ids with the broader mechanisms above each."""
        return self._classes(ingredient_rxcui)

    def members(self, class_id: str) -> frozenset[str]:
        """Ingredient rxcuis of an EPC or MoA class; a mechanism includes the narrower ones below it."""
        return self._members(class_id)

    def class_name(self, class_id: str) -> str | None:
        """Name of an EPC or MoA class: `Nonsteroidal Anti-inflammatory Drug`."""
        rows = self.read("SELECT name FROM class WHERE code = ?", class_id)
        return str(rows[0][0]) if rows else None

    def provenance(self, rxcui: str) -> tuple[bool, str]:
        """Whether a code of the index is current in RxNorm, and the release or display its row was taken from."""
        query = "SELECT current, source.name FROM concept JOIN source ON source.id = concept.source WHERE rxcui = ?"
        current, source = self.read(query, int(rxcui))[0]
        return bool(current), str(source)

    def search(self, text: str, limit: int = 20) -> tuple[Product, ...]:
        """Products whose names hold a word starting with each typed word; retired codes last."""
        typed = sorted(set(words(text)), key=len, reverse=True)
        if not typed or limit < 1:
            return ()
        query = " INTERSECT ".join([_PLACES] * len(typed))
        bounds = [bound for word in typed for bound in (word, word + "\U0010ffff")]
        rows = self.read(
            f"SELECT rxcui FROM concept WHERE place IN ({query}) AND place > 0 ORDER BY place LIMIT ?", *bounds, limit
        )
        return tuple(product for (rxcui,) in rows if (product := self._product(str(rxcui))))

    def read(self, query: str, *values: Any) -> list[Any]:
        """Rows of one query on this thread's own connection."""
        if getattr(self._local, "process", None) != os.getpid():
            self._local.connection = sqlite3.connect(self._uri, uri=True)
            self._local.connection.execute(f"PRAGMA mmap_size = {_MAP_BYTES}")
            self._local.process = os.getpid()
        rows: list[Any] = self._local.connection.execute(query, values).fetchall()
        return rows

    def _read_product(self, rxcui: str) -> Product | None:
        rows = self.read(_CONCEPT, int(rxcui)) if _RXCUI.fullmatch(rxcui) else []
        if not rows:
            return None
        tty, name, form, route, brand, quantity, quantity_unit = rows[0]
        return Product(
            rxcui=rxcui,
            tty=tty,
            name=name,
            ingredients=tuple(
                Ingredient(str(ingredient), of, None if value is None else Strength(value, unit))
                for ingredient, of, value, unit in self.read(_PARTS, int(rxcui))
            ),
            dose_form=form,
            route=Route(route),
            brand=brand,
            quantity=None if quantity is None else Strength(quantity, quantity_unit),
        )

    def _read_named(self, text: str) -> Product | None:
        rows = self.read("SELECT rxcui FROM name WHERE key = ?", name_key(normalise(text)))
        return self._product(str(rows[0][0])) if rows else None

    def _read_classes(self, ingredient: str) -> frozenset[str]:
        query = "SELECT code FROM class WHERE id IN (SELECT class FROM member WHERE ingredient = ?)"
        rows = self.read(query, int(ingredient)) if _RXCUI.fullmatch(ingredient) else []
        return frozenset(code for (code,) in rows)

    def _read_members(self, class_id: str) -> frozenset[str]:
        query = "SELECT ingredient FROM member WHERE class IN (SELECT id FROM class WHERE code = ?)"
        return frozenset(str(ingredient) for (ingredient,) in self.read(query, class_id))

    def _read_digest(self) -> str:
        return str(self.read("SELECT value FROM meta WHERE key = 'digest'")[0][0])


def _unusable(path: Path, message: str) -> BadKnowledge:
    return BadKnowledge((KnowledgeProblem(file=path.name, where="", message=message),))
