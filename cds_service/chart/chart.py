"""The chart: one value that everything after it reads."""

from collections.abc import Callable, Mapping
from datetime import datetime
from types import MappingProxyType
from typing import Any

import msgspec

from cds_service.chart.child_pugh import child_pugh_class
from cds_service.chart.drugs import Allergy, Drug, Problem, ProcedureDone, ServiceOrdered
from cds_service.chart.facts import Fact, Items, Reason, Unknown, Unrecognised
from cds_service.chart.long_acting import long_acting_opioid
from cds_service.chart.opioids import daily_mme
from cds_service.chart.stay_drugs import drug_count
from cds_service.chart.tisdale import qt_drug_count, tisdale_class, tisdale_points

UNREAD: Items[Any] = Items()
NOT_REQUESTED = Unknown(Reason.NOT_REQUESTED)
FROM_DRUGS: MappingProxyType[str, Callable[["Chart"], Fact[Any]]] = MappingProxyType(
    {
        "mme_daily": lambda chart: daily_mme(chart.orders, chart.medications),
        "long_acting_opioid": lambda chart: long_acting_opioid(chart.orders, chart.medications),
        "drug_count": lambda chart: drug_count(chart.medications),
        "child_pugh_class": child_pugh_class,
        "qt_drug_count": qt_drug_count,
        "tisdale_points": tisdale_points,
        "tisdale_class": tisdale_class,
    }
)
HOOKS_WITHOUT_ORDERS = frozenset({"patient-view", "encounter-discharge"})


class Chart(msgspec.Struct, frozen=True):
    """What is known about one patient at `now`.

    `medications` are the active ones (requests and statements), without those a draft continues; `orders` are the
    drafts of this call, `procedures_ordered` its drafts that order no drug. `unrecognised` drugs sit in the
    `unrecognised` part of those lists. `values` holds every catalogued fact of the patient that the release asked for,
    Known or Unknown; a name not in it was not asked for. `continued` are the active medications that a draft renews,
    by the draft's reference: they are on the chart once.
    `notes` are things ignored while reading ("Observation/9 is dated after now"), for the trace.
    """

    now: datetime
    hook: str = ""
    medications: Items[Drug] = UNREAD
    orders: Items[Drug] = msgspec.field(default_factory=lambda: Items(complete=True, reason=None))
    allergies: Items[Allergy] = UNREAD
    conditions: Items[Problem] = UNREAD
    procedures: Items[ProcedureDone] = UNREAD
    procedures_ordered: Items[ServiceOrdered] = msgspec.field(default_factory=lambda: Items(complete=True, reason=None))
    values: Mapping[str, Fact[Any]] = {}
    continued: Mapping[str, Drug] = {}
    notes: tuple[str, ...] = ()
    inpatient: bool = False
    encounter_class: str = ""  # v3-ActCode of the encounter of this call; empty: not known
    ordered_services: tuple[str, ...] = ()  # codes and texts of the tests and services being ordered

    def value(self, name: str) -> Fact[Any]:
        """The patient fact called `name`; Unknown(not requested) when the release did not ask for it.

        What depends on drugs is worked out from those now on the chart.
        """
        fact = self.values.get(name)
        if fact is not None:
            return fact
        return FROM_DRUGS[name](self) if name in FROM_DRUGS else NOT_REQUESTED

    @property
    def drugs(self) -> tuple[Drug, ...]:
        """Every recognised drug the patient would take if the drafts were signed."""
        return (*self.orders.items, *self.medications.items)

    @property
    def focus(self) -> tuple[Drug, ...]:
        """The drugs this call is about: all drafts, the selected drafts, or every active medication (DESIGN 4)."""
        if self.hook == "order-select":
            return tuple(order for order in self.orders.items if order.selected)
        if self.hook in HOOKS_WITHOUT_ORDERS:
            return self.medications.items
        return self.orders.items

    @property
    def unrecognised_drugs(self) -> tuple[Unrecognised, ...]:
        return (*self.orders.unrecognised, *self.medications.unrecognised)
