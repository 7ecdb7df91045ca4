"""Decoding one resource: strictly if it fits, else member by member, keeping every member that can be used."""

import re
from collections.abc import Mapping
from functools import cache
from math import isfinite
from typing import Any, TypeVar, get_args, get_origin

import msgspec
from msgspec.structs import FieldInfo

from cds_service.fhir.resources import CodeableConcept, Coding, Reference, Resource

Json = msgspec.Raw | bytes
R = TypeVar("R", bound=Resource)
T = TypeVar("T")

UNREADABLE_JSON = (msgspec.DecodeError, UnicodeDecodeError, RecursionError)
"""What msgspec raises for JSON it cannot take: bad syntax, bad UTF-8 and nesting without end."""

OBJECT = msgspec.json.Decoder(dict[str, msgspec.Raw])
"""Takes a JSON object apart without looking into its members."""

NUMBER = re.compile(r"-?\d+(\.\d+)?([eE][+-]?\d+)?")
INTEGER = re.compile(r"-?\d+")

ABSENT: Any = object()
"""What `fit` gives for a member that is null or cannot be used."""


def decode_resource(raw: Json, kind: type[R]) -> R:
    """A resource of `kind`; members that had to be dropped are named in its `odd`.

    Raises one of `UNREADABLE_JSON` when it is no JSON object at all.
    """
    try:
        return msgspec.json.decode(raw, type=kind)
    except msgspec.ValidationError:
        odd: list[str] = []
        members = OBJECT.decode(raw)
        return kind(**fit_members(members, kind, "", odd), odd=tuple(odd))


def member(members: Mapping[str, msgspec.Raw], name: str, kind: type[T]) -> T | None:
    """One member of a JSON object if it is there and can be read as `kind`."""
    raw = members.get(name)
    value: Any = ABSENT if raw is None else fit(raw, kind, name, [])
    return None if value is ABSENT else value


def type_of(members: Mapping[str, msgspec.Raw]) -> str:
    """The `resourceType` of a resource; empty when it has none or it is no string."""
    raw = members.get("resourceType")
    return msgspec.json.decode(raw) if raw is not None and bytes(raw).startswith(b'"') else ""


def items_of(raw: Json | None) -> list[msgspec.Raw]:
    """The items of an array; a single value counts as one item, null as none."""
    text = bytes(raw or b"null")
    if text.startswith(b"["):
        return msgspec.json.decode(text, type=list[msgspec.Raw])
    return [] if text == b"null" else [msgspec.Raw(text)]


def fit(raw: Json, kind: Any, path: str, odd: list[str]) -> Any:
    """The value of one member as `kind`, after the repairs that lose nothing; ABSENT, and noted, if there is none."""
    kind = without_none(kind)
    try:
        return msgspec.json.decode(raw, type=kind)
    except msgspec.ValidationError:
        text = bytes(raw)
    if text == b"null":
        return ABSENT
    if get_origin(kind) is tuple:
        return fit_array(text, get_args(kind)[0], path, odd)
    if text.startswith(b"["):
        return fit_first(text, kind, path, odd)
    value = fit_struct(text, kind, path, odd) if issubclass(kind, msgspec.Struct) else fit_scalar(text, kind)
    if value is ABSENT:
        odd.append(path)
    return value


def without_none(kind: Any) -> Any:
    """`X` of `X | None`."""
    choices = [choice for choice in get_args(kind) if choice is not type(None)]
    return choices[0] if type(None) in get_args(kind) else kind


def fit_array(text: bytes, kind: Any, path: str, odd: list[str]) -> tuple[Any, ...]:
    """The items that fit. A single value stands for an array of one (sandbox habit, digest G-24)."""
    fitted = [fit(item, kind, f"{path}[{number}]", odd) for number, item in enumerate(items_of(text))]
    return tuple(item for item in fitted if item is not ABSENT)


def fit_first(text: bytes, kind: Any, path: str, odd: list[str]) -> Any:
    """The first item where one value belongs; that there were others is noted."""
    items = items_of(text)
    if len(items) != 1:
        odd.append(path)
    return fit(items[0], kind, path, odd) if items and not bytes(items[0]).startswith(b"[") else ABSENT


def fit_struct(text: bytes, kind: Any, path: str, odd: list[str]) -> Any:
    """An object member by member. STU3 writes some concepts as a bare code, and people write references as text."""
    if text.startswith(b"{"):
        return kind(**fit_members(OBJECT.decode(text), kind, f"{path}.", odd))
    word = msgspec.json.decode(text) if text.startswith(b'"') else ""
    if word and kind is CodeableConcept:
        return CodeableConcept(coding=(Coding(code=word),), text=word)
    if word and kind is Reference:
        return Reference(reference=word)
    return ABSENT


def fit_members(members: dict[str, msgspec.Raw], kind: Any, prefix: str, odd: list[str]) -> dict[str, Any]:
    """The keyword arguments for `kind` out of the members of a JSON object."""
    values = {}
    for field in fields_of(kind):
        raw = members.get(field.encode_name)
        if raw is not None:
            value = fit(raw, field.type, f"{prefix}{field.encode_name}", odd)
            if value is not ABSENT:
                values[field.name] = value
    return values


@cache
def fields_of(kind: Any) -> tuple[FieldInfo, ...]:
    """The members of a struct as they are on the wire; `odd` is ours."""
    return tuple(field for field in msgspec.structs.fields(kind) if field.name != "odd")


def fit_scalar(text: bytes, kind: Any) -> Any:
    """Numbers and booleans written as strings, whole numbers written as `3.0`, codes and ids written as numbers."""
    word = text.decode().strip('"').strip()
    if kind is bool:
        return {"true": True, "false": False}.get(word, ABSENT)
    if kind is str:
        return word if INTEGER.fullmatch(word) else ABSENT
    number = float(word) if NUMBER.fullmatch(word) else float("inf")
    if not isfinite(number) or (kind is int and not number.is_integer()):
        return ABSENT
    return kind(number)
