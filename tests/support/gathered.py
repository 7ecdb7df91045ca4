"""From a request, as `tests.support.requests` builds it, to the chart: reading included, real terminology not."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from zoneinfo import ZoneInfo

from cds_service.chart.chart import Chart
from cds_service.chart.drugs import Drug
from cds_service.chart.facts import Known
from cds_service.chart.gather import gather
from cds_service.fhir.read import read_request
from cds_service.hooks.discovery import prefetch_templates
from cds_service.hooks.request import parse_request
from cds_service.terminology.products import Terminology
from tests.support.requests import PatientCase, body
from tests.support.small_terminology import SmallTerminology

NOW = datetime(2026, 11, 20, 12, 0, tzinfo=UTC)
ZONE = ZoneInfo("America/New_York")
KEYS = ("patient", "medications", "statements", "allergies", "conditions", "procedures", "encounter")
SMALL = SmallTerminology()


@dataclass(frozen=True)
class Wanted:
    facts: frozenset[str] = frozenset()


def chart_of(
    case: PatientCase | Mapping[str, Any],
    now: datetime = NOW,
    terminology: Terminology = SMALL,
    code_map: Mapping[tuple[str, str], tuple[str, str]] | None = None,
) -> Chart:
    """The chart of a case at order-sign, or of any request."""
    request = case.order_sign() if isinstance(case, PatientCase) else case
    templates = prefetch_templates(KEYS, {"procedures": ("http://snomed.info/sct|232717009",)})
    received = read_request(parse_request(body(request), request["hook"]), templates)
    return gather(received, Wanted(), request["hook"], now, ZONE, terminology, code_map or {})


def the_drug(chart: Chart) -> Drug:
    """The only active medication."""
    (drug,) = chart.medications.items
    return drug


def the_order(chart: Chart) -> Drug:
    """The only draft order."""
    (order,) = chart.orders.items
    return order


def daily(drug: Drug) -> dict[str, float | None]:
    """Daily amounts by ingredient, None where unknown."""
    return {rxcui: fact.value if isinstance(fact, Known) else None for rxcui, fact in drug.dose.daily.items()}
