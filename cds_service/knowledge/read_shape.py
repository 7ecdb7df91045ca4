"""Holds a table of a knowledge file against its shape and explains what does not fit."""

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

from cds_service.knowledge.page import Page, join, name_list, suggest
from cds_service.knowledge.shapes import SECTIONS, Shape


def is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def is_date(value: object) -> bool:
    try:
        date.fromisoformat(str(value))
    except ValueError:
        return False
    return True


def is_list_of(kind: type) -> Callable[[Any], bool]:
    return lambda value: isinstance(value, list) and all(isinstance(item, kind) for item in value)


FITS: Mapping[str, Callable[[Any], bool]] = {
    "a text": lambda value: isinstance(value, str),
    "a number": is_number,
    "true or false": lambda value: isinstance(value, bool),
    "a date": is_date,
    "a list of texts": is_list_of(str),
    "a text or a list of texts": lambda value: isinstance(value, str) or (bool(value) and is_list_of(str)(value)),
    "a table": lambda value: isinstance(value, dict),
    "a list of tables": is_list_of(dict),
    "anything": lambda value: True,
}


def home_of(key: str) -> str | None:
    """The one table of a rule file where `key` belongs ("" for the rule itself), or None if it fits none or several."""
    homes = [section for section, shape in SECTIONS.items() if key in shape]
    return "" if "" in homes else homes[0] if len(homes) == 1 else None


def explain_stranger(key: str, where: str, shape: Shape) -> str:
    """What to say of a `key` that the table at `where` does not have."""
    home = home_of(key) if where and shape in SECTIONS.values() else None
    if home == "":
        return (
            f"{key!r} belongs to the rule itself, but it stands under [{where}] and TOML reads it as part of that "
            "table; move it up, above the first [table]"
        )
    if home:
        return f"{key!r} belongs under [{home}], but it stands under [{where}]; move it there"
    return f"there is no key {key!r} here{suggest(key, shape)}"


def read_shape(page: Page, where: str, table: Mapping[str, Any], shape: Shape) -> dict[str, Any]:
    """The well-formed entries of `table`; everything else is noted on the page."""
    kept: dict[str, Any] = {}
    for name, value in table.items():
        key = shape.get(name)
        if key is None:
            page.note(join(where, name), explain_stranger(name, where, shape))
        elif not FITS[key.holds](value):
            page.note(join(where, name), f"found {describe(value)}, expected {key.holds}")
        elif key.words and (strange := [word for word in listed(value) if word not in key.words]):
            near = suggest(strange[0], key.words)
            page.note(join(where, name), f"{strange[0]!r} is not one of {name_list(key.words)}{near}")
        else:
            kept[name] = value
    for name, key in shape.items():
        if key.required and name not in table:
            page.note(where, f"{name!r} is missing{point_to_swallowed(name, table)}")
    return kept


def listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def tables_in(document: Mapping[str, Any], name: str) -> list[Mapping[str, Any]]:
    """The tables of the list `name`; nothing for what is no list of tables (that is noted where its shape is read)."""
    found = document.get(name)
    return [entry for entry in found if isinstance(entry, dict)] if isinstance(found, list) else []


def describe(value: Any) -> str:
    """A value as its author knows it: `'abc'`, `the number 4`, `a list`, `a table`."""
    if isinstance(value, bool):
        return str(value).lower()
    if is_number(value):
        return f"the number {value}"
    if isinstance(value, str):
        return repr(value)
    return "a list" if isinstance(value, list) else "a table"


def point_to_swallowed(name: str, table: Mapping[str, Any]) -> str:
    """Where a missing key may have slipped to: a table above it that has it too."""
    for heading, value in table.items():
        for inner in listed(value):
            if isinstance(inner, dict) and name in inner:
                return (
                    f"; one stands under [{heading}]: if it is meant for the rule, move it up, above the first [table]"
                )
    return ""
