"""The chart as a record keeps it: the drafts as they were received, and what is not known, by reason."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import msgspec

from cds_service.chart.chart import Chart
from cds_service.chart.drugs import Allergy, Drug, Problem, ProcedureDone, ServiceOrdered
from cds_service.chart.facts import Fact, Items, Reason, Unknown

NO_DRAFT = b"null"
"""Stands for the JSON of an order that has none."""


class StoredChart(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """A `Chart`, field by field. `drafts` are the received JSON of each of `orders`, which are kept without it.

    `unknown` holds the facts that are Unknown and have no date: by reason, the detail of each, by its name. All other
    facts stand in `values`.
    """

    now: datetime
    hook: str
    medications: Items[Drug]
    orders: Items[Drug]
    allergies: Items[Allergy]
    conditions: Items[Problem]
    procedures: Items[ProcedureDone]
    procedures_ordered: Items[ServiceOrdered]
    values: Mapping[str, Fact[Any]] = {}
    unknown: Mapping[Reason, Mapping[str, str]] = {}
    drafts: tuple[msgspec.Raw, ...] = ()
    continued: Mapping[str, Drug] = {}
    notes: tuple[str, ...] = ()
    inpatient: bool = False
    encounter_class: str = ""
    ordered_services: tuple[str, ...] = ()


def stored_chart(chart: Chart) -> StoredChart:
    """A chart in the form that is kept."""
    values: dict[str, Fact[Any]] = {}
    unknown: dict[Reason, dict[str, str]] = {}
    for name, fact in chart.values.items():
        if type(fact) is Unknown and fact.as_of is None:
            unknown.setdefault(fact.reason, {})[name] = fact.detail
        else:
            values[name] = fact
    orders = tuple([msgspec.structs.replace(order, original=b"") for order in chart.orders.items])
    return StoredChart(
        now=chart.now,
        hook=chart.hook,
        medications=chart.medications,
        orders=msgspec.structs.replace(chart.orders, items=orders),
        allergies=chart.allergies,
        conditions=chart.conditions,
        procedures=chart.procedures,
        procedures_ordered=chart.procedures_ordered,
        values=values,
        unknown=unknown,
        drafts=tuple([msgspec.Raw(order.original or NO_DRAFT) for order in chart.orders.items]),
        continued=chart.continued,
        notes=chart.notes,
        inpatient=chart.inpatient,
        encounter_class=chart.encounter_class,
        ordered_services=chart.ordered_services,
    )


def open_chart(stored: StoredChart, zone: ZoneInfo) -> Chart:
    """The chart again, as it was, told in `zone`."""
    absent = {
        name: Unknown(reason, detail) for reason, details in stored.unknown.items() for name, detail in details.items()
    }
    return Chart(
        now=stored.now.astimezone(zone),
        hook=stored.hook,
        medications=stored.medications,
        orders=with_drafts(stored.orders, stored.drafts),
        allergies=stored.allergies,
        conditions=stored.conditions,
        procedures=stored.procedures,
        procedures_ordered=stored.procedures_ordered,
        values={**stored.values, **absent},
        continued=stored.continued,
        notes=stored.notes,
        inpatient=stored.inpatient,
        encounter_class=stored.encounter_class,
        ordered_services=stored.ordered_services,
    )


def with_drafts(orders: Items[Drug], drafts: tuple[msgspec.Raw, ...]) -> Items[Drug]:
    """The orders with their received JSON. Those of a record of form 1 have it already."""
    if not drafts:
        return orders
    originals = [bytes(draft) for draft in drafts]
    items = tuple(
        msgspec.structs.replace(order, original=b"" if original == NO_DRAFT else original)
        for order, original in zip(orders.items, originals, strict=True)
    )
    return msgspec.structs.replace(orders, items=items)
