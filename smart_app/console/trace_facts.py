"""Facts as the trace of an answer wrote them, read back so that the page says them in the very words of the cards."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

from cds_service.chart.facts import Fact, Known, Reason, Unknown
from cds_service.reasoning.findings import Missing

Json = Mapping[str, Any]


def read_fact(told: Json) -> Fact[Any]:
    """A fact of the trace. Raises ValueError for a reason that does not exist."""
    as_of = read_moment(told.get("asOf"))
    if "unknown" in told:
        return Unknown(Reason(told["unknown"]), told.get("detail", ""), as_of)
    return Known(
        value=read_value(told["value"]),
        unit=told.get("unit"),
        as_of=as_of,
        at_least=told.get("atLeast", False),
        formula=told.get("formula", ""),
    )


def read_missing(told: Json) -> Missing:
    """One thing that was missing. Raises KeyError or ValueError for another shape."""
    return Missing(told["kind"], told["subject"], Reason(told["reason"]), told.get("detail", ""))


def read_value(told: Any) -> Any:
    """A list of the chart becomes the names on it; any other value is itself."""
    if isinstance(told, Mapping):
        told = told.get("items", ())
    if isinstance(told, list | tuple):
        return tuple(item["name"] if isinstance(item, Mapping) else item for item in told)
    return told


def read_moment(told: str | None) -> datetime | None:
    return datetime.fromisoformat(told) if told else None
