"""From what a call brought to the one chart that everything after it reads."""

from datetime import datetime, tzinfo
from typing import Protocol

from cds_service.chart.allergies import read_allergies
from cds_service.chart.chart import Chart
from cds_service.chart.conditions import read_conditions, read_procedures
from cds_service.chart.continuation import continue_medications
from cds_service.chart.drug_reading import Setting
from cds_service.chart.genes import NO_GENES, Genes
from cds_service.chart.medications import read_medications
from cds_service.chart.observations import patient_values
from cds_service.chart.orders import read_orders, read_procedures_ordered, read_services
from cds_service.chart.people import encounter_class, is_inpatient
from cds_service.chart.recognise import CodeMap, Medications, Vocabulary
from cds_service.fhir.received import Received
from cds_service.terminology.products import Terminology


class Wanted(Protocol):
    """What a release wants to know of a patient; `knowledge.release.Needs` is one."""

    @property
    def facts(self) -> frozenset[str]: ...


def gather(
    received: Received,
    needs: Wanted,
    hook: str,
    now: datetime,
    zone: tzinfo,
    terminology: Terminology,
    code_map: CodeMap,
    genes: Genes = NO_GENES,
) -> Chart:
    """Everything known about the patient at `now`, and what is not.

    `now` is in UTC; dates without a time are read in `zone`, the site's, and the chart tells time in it. `code_map`
    gives (system, code) for a local (system, code); `genes` translate diplotypes. Never raises for what a client sent:
    what cannot be read is Unknown, unrecognised or noted.
    """
    vocabulary = Vocabulary(terminology, code_map)
    inpatient = is_inpatient(received)
    setting = Setting(now, zone, vocabulary, medications_of(received), inpatient)
    drafts = read_orders(received, setting)
    active = read_medications(received, setting)
    drugs = continue_medications(drafts, active)
    allergies, about_allergies = read_allergies(received, vocabulary, now, zone)
    conditions, about_conditions = read_conditions(received, now, zone, code_map)
    procedures, about_procedures = read_procedures(received, now, zone, code_map)
    values, about_values = patient_values(received, needs.facts, conditions, now, zone, procedures, genes)
    return Chart(
        now=now.astimezone(zone),
        hook=hook,
        medications=drugs.medications,
        orders=drugs.orders,
        allergies=allergies,
        conditions=conditions,
        procedures=procedures,
        procedures_ordered=read_procedures_ordered(received, code_map),
        values=values,
        continued=drugs.continued,
        notes=(
            *received.notes,
            *drafts.notes,
            *active.notes,
            *drugs.notes,
            *about_allergies,
            *about_conditions,
            *about_procedures,
            *about_values,
        ),
        inpatient=inpatient,
        encounter_class=encounter_class(received),
        ordered_services=read_services(received),
    )


def medications_of(received: Received) -> Medications:
    """The Medication resources that came along with drafts and prefetch."""
    resources = list(received.supporting)
    urls = {**received.draft_urls}
    for result in received.prefetch.values():
        resources += result.resources
        urls.update(result.urls)
    return Medications.of(resources, urls)
