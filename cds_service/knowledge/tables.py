"""Turns a table of rules into rule documents: one template, one row of the CSV for each rule."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from cds_service.knowledge.page import Page, name_list, suggest
from cds_service.knowledge.read_shape import read_shape
from cds_service.knowledge.shapes import TABLE_RULE
from cds_service.terminology.products import Terminology

CELL = re.compile(r"\{\{\s*row\.(\w+)\s*\}\}")
OWN_COLUMNS = ("key", "source", "reviewed")
KEY = re.compile(r"[A-Za-z0-9][A-Za-z0-9_\-]*")
LEAST_EXAMPLE_ROWS = 3
COLUMN_KINDS = ("text", "number", "list", "yes-or-no")
YES_OR_NO = {"yes": True, "no": False}
BETWEEN_NAMES = ";"
NONE = "none"
"""A cell that leaves out, for its row, the line or proposal that holds it."""

Cell = str | float | bool | list[str]
Row = Mapping[str, Cell]


def expand(
    page: Page,
    rows_page: Page,
    document: Mapping[str, Any],
    rows: tuple[Mapping[str, str], ...],
    terminology: Terminology,
) -> Iterator[tuple[str, dict[str, Any]]]:
    """The key and rule document of every row. Mistakes of the template go on `page`, those of rows on `rows_page`."""
    table = page.file.rsplit("/", 1)[-1].removesuffix(".toml")
    template = read_shape(page, "", document, TABLE_RULE)
    columns = read_columns(page, template.pop("columns", {}))
    check_cells(page, template, columns)
    typed = list(read_rows(rows_page, rows, columns, terminology))
    check_example_rows(page, template, [str(row["key"]) for row in typed])
    if page.problems or rows_page.problems:
        return
    for row in typed:
        key = str(row["key"])
        filled = fill({name: value for name, value in template.items() if name != "example"}, row)
        filled["id"] = f"{table}.{key}"
        filled["example"] = [
            {name: value for name, value in example.items() if name != "row"}
            for example in template.get("example", ())
            if example.get("row") == key
        ]
        credit(filled, row)
        yield key, filled


def credit(filled: dict[str, Any], row: Row) -> None:
    """The row's own source and its quality join the evidence, its reviewer the governance."""
    quality = {"quality": row["quality"]} if "quality" in row else {}
    filled["evidence"] = [*filled.get("evidence", ()), {"citation": str(row["source"]), **quality}]
    governance = dict(filled.get("governance", {}))
    if row.get("reviewed"):
        governance["reviewer"] = str(row["reviewed"])
    filled["governance"] = governance


def read_columns(page: Page, columns: Mapping[str, Any]) -> dict[str, str]:
    """What each column of the CSV holds: its own and those named under [columns]."""
    for name, kind in columns.items():
        if kind not in COLUMN_KINDS:
            page.note(f"columns.{name}", f"a column holds {name_list(map(repr, COLUMN_KINDS))}, found {kind!r}")
        if name in OWN_COLUMNS:
            page.note(f"columns.{name}", f"every table has the column {name!r}; leave it out here")
    return {**dict.fromkeys(OWN_COLUMNS, "text"), **{name: str(kind) for name, kind in columns.items()}}


def check_cells(page: Page, value: Any, columns: Mapping[str, str], where: str = "") -> None:
    """Every `{{ row.x }}` of the template names a column."""
    if isinstance(value, dict):
        for key, inner in value.items():
            check_cells(page, inner, columns, f"{where}.{key}" if where else key)
    elif isinstance(value, list):
        for number, inner in enumerate(value, 1):
            check_cells(page, inner, columns, f"{where}[{number}]")
    elif isinstance(value, str):
        for name in CELL.findall(value):
            if name not in columns:
                page.note(where, f"the table has no column {name!r}{suggest(name, columns)}")


def read_rows(
    page: Page, rows: tuple[Mapping[str, str], ...], columns: Mapping[str, str], terminology: Terminology
) -> Iterator[Row]:
    """The rows with numbers as numbers; every mistake in a cell is noted."""
    if not rows:
        page.note("", "this table has no rows")
    elif strange := sorted((set(rows[0]) ^ set(columns)) - {""}):
        page.note("", f"the columns of the CSV and those under [columns] differ in {name_list(strange, 'and')}")
        return
    seen: set[str] = set()
    for number, row in enumerate(rows, 1):
        where = f"row {number} ({row['key']})"
        if "" in row:
            page.note(where, "this row has more cells than the heading; a cell with a comma in it needs quotes")
        if not KEY.fullmatch(row["key"]) or row["key"] in seen:
            page.note(where, "a key is an RXCUI or a short word, different in every row")
        seen.add(row["key"])
        check_drug(page, where, row, terminology)
        yield {name: read_cell(page, f"{where}, {name}", row[name], kind, name) for name, kind in columns.items()}


def read_cell(page: Page, where: str, text: str, kind: str, name: str) -> Cell:
    if not text and name != "reviewed":
        page.note(where, "this cell must not be empty")
    if kind == "list":
        return [part.strip() for part in text.split(BETWEEN_NAMES) if part.strip()]
    if kind == "yes-or-no":
        if text not in YES_OR_NO:
            page.note(where, f"found {text!r}, expected yes or no")
        return YES_OR_NO.get(text, False)
    if kind != "number" or text == NONE:
        return text
    try:
        return float(text)
    except ValueError:
        page.note(where, f"found {text!r}, expected a number such as 4000 or 1.5")
        return 0.0


def check_drug(page: Page, where: str, row: Mapping[str, str], terminology: Terminology) -> None:
    """A key that is an RXCUI and the name in the column `ingredient` are the same drug."""
    if row["key"].isdigit() and "ingredient" in row:
        name = terminology.ingredient_name(row["key"])
        if name is None or name.casefold() != row["ingredient"].casefold():
            found = f"{row['key']} is {name!r} in RxNorm" if name else f"RxNorm has no ingredient {row['key']}"
            page.note(where, f"{found}, but the row says {row['ingredient']!r}")


def check_example_rows(page: Page, template: Mapping[str, Any], keys: list[str]) -> None:
    """Written examples name rows that exist, and come from at least three of them."""
    shown = set()
    for number, example in enumerate(template.get("example", ()), 1):
        row = str(example.get("row"))
        if row not in keys:
            page.note(f"example[{number}]", f"the table has no row {row!r}{suggest(row, keys)}")
        shown.add(row)
    least = min(LEAST_EXAMPLE_ROWS, len(keys))
    if len(shown) < least:
        page.note("example", f"a table has written examples of at least {least} rows, found {len(shown)}")


def fill(value: Any, row: Row) -> Any:
    """The template's value with every cell put in; a text that is one cell alone takes the cell's type."""
    if isinstance(value, dict):
        return {key: fill(inner, row) for key, inner in value.items()}
    if isinstance(value, list):
        return [fill(inner, row) for inner in value if not is_left_out(inner, row)]
    if not isinstance(value, str):
        return value
    alone = CELL.fullmatch(value.strip())
    return row[alone[1]] if alone else CELL.sub(lambda cell: write(row[cell[1]]), value)


def is_left_out(value: Any, row: Row) -> bool:
    """Whether a line or a proposal of the template stands on a cell that says `none`."""
    if isinstance(value, dict):
        return any(is_left_out(inner, row) for inner in value.values())
    alone = CELL.fullmatch(value.strip()) if isinstance(value, str) else None
    return alone is not None and row[alone[1]] == NONE


def write(cell: Cell) -> str:
    """A cell inside a text: 4000, not 4000.0; a list with commas."""
    if isinstance(cell, list):
        return ", ".join(cell)
    return f"{cell:g}" if isinstance(cell, float) and abs(cell) < 1e6 else str(cell)
