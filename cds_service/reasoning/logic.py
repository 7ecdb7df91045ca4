"""Kleene's strong three-valued logic (S. C. Kleene, Introduction to Metamathematics, 1952, section 64)."""

from collections.abc import Iterable
from enum import Enum


class Truth(Enum):
    """What is known about a statement: it holds, it does not, or nobody can say yet."""

    FALSE = "false"
    UNKNOWN = "unknown"
    TRUE = "true"

    __hash__ = object.__hash__  # Enum's own is a Python call, and every verdict looks one up


def truth(holds: bool) -> Truth:
    """The certain truth of a plain yes or no."""
    return Truth.TRUE if holds else Truth.FALSE


def negate(value: Truth) -> Truth:
    """`not`: unknown stays unknown."""
    if value is Truth.UNKNOWN:
        return value
    return Truth.FALSE if value is Truth.TRUE else Truth.TRUE


def all_of(values: Iterable[Truth]) -> Truth:
    """`and`: one false decides and nothing after it is read; all of nothing is true."""
    result = Truth.TRUE
    for value in values:
        if value is Truth.FALSE:
            return value
        if value is Truth.UNKNOWN:
            result = value
    return result


def any_of(values: Iterable[Truth]) -> Truth:
    """`or`: one true decides and nothing after it is read; any of nothing is false."""
    result = Truth.FALSE
    for value in values:
        if value is Truth.TRUE:
            return value
        if value is Truth.UNKNOWN:
            result = value
    return result
