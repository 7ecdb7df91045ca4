"""Known, Unknown, and lists that say whether they are whole. Unknown is not absent.

A chart is a tree of thousands of such values without a cycle, so the garbage collector leaves them out (`gc=False`);
what is as by default is not written into records (`omit_defaults`).
"""

from datetime import datetime
from typing import Generic, TypeVar

import msgspec

from cds_service.fhir.received import Reason

T = TypeVar("T")

__all__ = ["Fact", "Items", "Known", "Reason", "Source", "Unknown", "Unrecognised"]


class Source(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """Where a value was read: `Observation/123`, or the name of the equation and its inputs' sources."""

    reference: str
    as_of: datetime | None = None


class Known(msgspec.Struct, Generic[T], frozen=True, omit_defaults=True, gc=False, tag="known"):
    """A value that was read or computed. Numbers always carry a UCUM `unit`.

    `as_of` is when it was true of the patient (UTC). `at_least` marks a number that is only a lower bound,
    as a daily dose summed over products of which one has no readable dose. `formula` names the equation of a
    derived value ("CKD-EPI 2021") and is empty for one that was read.
    """

    value: T
    unit: str | None = None
    sources: tuple[Source, ...] = ()
    as_of: datetime | None = None
    at_least: bool = False
    formula: str = ""


class Unknown(msgspec.Struct, frozen=True, omit_defaults=True, gc=False, tag="unknown"):
    """A value that is not known, and why. `detail` adds what a clinician needs ("creatinine of 3 Mar 2020")."""

    reason: Reason
    detail: str = ""
    as_of: datetime | None = None


Fact = Known[T] | Unknown


class Unrecognised(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """A list item that is there but could not be placed in any vocabulary; `text` is what the EHR calls it."""

    text: str
    reference: str = ""


class Items(msgspec.Struct, Generic[T], frozen=True, gc=False):
    """A list and whether it is whole. Not `complete`: more may exist, `reason` says why.

    `Items((), complete=True)` is "read, and there is none". `Items((), complete=False, reason=NOT_SENT)` is
    "nobody looked".
    """

    items: tuple[T, ...] = ()
    unrecognised: tuple[Unrecognised, ...] = ()
    complete: bool = False
    reason: Reason | None = Reason.NOT_SENT
