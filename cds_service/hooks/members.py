"""Reading a JSON object into a struct, and naming the member that does not fit.

Errors say what kind of JSON was found, never its content: the body holds patient data.
"""

from collections.abc import Mapping
from contextlib import suppress
from types import UnionType
from typing import Any, TypeVar, get_args, get_origin

import msgspec

from cds_service.errors import BadRequest

T = TypeVar("T")


class Name:
    """The name of a member. Two equal names stay two keys of a dict, so that a member given twice is seen."""

    __slots__ = ("text",)

    def __init__(self, text: str) -> None:
        self.text = text


KINDS = {
    b"{": "an object",
    b"[": "an array",
    b'"': "a string",
    b"t": "true",
    b"f": "false",
    b"n": "null",
}

EXPECTED: dict[Any, str] = {str: "a string", bool: "true or false", int: "a whole number", msgspec.Raw: "an object"}


def make_name(kind: type[Name], text: str) -> Name:
    """How the decoder makes a `Name`."""
    return kind(text)


MEMBERS = msgspec.json.Decoder(dict[Name, msgspec.Raw], dec_hook=make_name)


def kind_of(raw: msgspec.Raw | bytes) -> str:
    """What kind of JSON value this is, in words: "an object", "a number", "an empty string"."""
    text = bytes(raw)
    return "an empty string" if text == b'""' else KINDS.get(text[:1], "a number")


def read_object(raw: msgspec.Raw | bytes, element: str, kind: type[T]) -> T:
    """Decode a JSON object. Raises `BadRequest` naming `element`, or its first member that does not fit."""
    try:
        return msgspec.json.decode(raw, type=kind, dec_hook=make_name)
    except msgspec.ValidationError:
        raise explain(raw, element, kind) from None


def read_once(raw: msgspec.Raw | bytes, element: str, kind: type[T]) -> T:
    """`read_object`, and no member of it may be given twice."""
    refuse_doubles(raw, element)
    return read_object(raw, element, kind)


def refuse_doubles(raw: msgspec.Raw | bytes, element: str) -> None:
    """Raise `BadRequest` when a member of this object is given twice: readers differ on which of the two counts.

    What is no object is left to whoever reads it. Objects inside this one are not looked into.
    """
    with suppress(msgspec.ValidationError):
        by_name(MEMBERS.decode(raw), element or "body")


def by_name(members: Mapping[Name, msgspec.Raw], element: str) -> dict[str, msgspec.Raw]:
    """The members of the object at `element` by their names. Raises `BadRequest` when one is given twice."""
    named = {name.text: value for name, value in members.items()}
    if len(named) != len(members):
        raise BadRequest(element, "a member given twice", "every member once")
    return named


def explain(raw: msgspec.Raw | bytes, element: str, kind: type) -> BadRequest:
    """The error for an object that is not a `kind`: the first member that is missing or of another type.

    `element` is where the object is; empty for the body itself.
    """
    try:
        members = msgspec.json.decode(raw, type=dict[str, msgspec.Raw])
    except msgspec.ValidationError:
        return BadRequest(element or "body", kind_of(raw), "an object")
    for field in msgspec.structs.fields(kind):
        value = members.get(field.encode_name)
        problem = f"{element}.{field.encode_name}" if element else field.encode_name
        if value is None:
            if field.required:
                return BadRequest(problem, "nothing", expected_of(field.type))
        elif not fits(value, field.type):
            return BadRequest(problem, kind_of(value), expected_of(field.type))
    return BadRequest(element or "body", "an object that cannot be read", "every member as specified")


def fits(raw: msgspec.Raw, kind: Any) -> bool:
    try:
        msgspec.json.decode(raw, type=kind, dec_hook=make_name)
    except msgspec.ValidationError:
        return False
    return True


def expected_of(kind: Any) -> str:
    """What a member should have been, in words."""
    if get_origin(kind) is UnionType or type(None) in get_args(kind):
        kind = next(choice for choice in get_args(kind) if choice is not type(None))
    if get_origin(kind) is tuple:
        return "an array of strings" if get_args(kind)[0] is str else "an array of objects"
    return EXPECTED.get(kind, "an object")
