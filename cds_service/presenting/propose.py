"""A rule's suggestion on one finding becomes actions, and the chart as it would be once they are taken."""

from dataclasses import dataclass, field
from functools import lru_cache

import msgspec
from msgspec.structs import replace

from cds_service.chart.changing import (
    holders,
    read_order,
    renew,
    rewrite_dose,
    rewrite_frequency,
    with_changed,
    with_new_dose,
    with_order,
    without,
)
from cds_service.chart.chart import Chart
from cds_service.chart.drug_facts import drug_fact
from cds_service.chart.drugs import Drug
from cds_service.chart.facts import Known, Unknown
from cds_service.fhir import build
from cds_service.hooks.response import Action
from cds_service.knowledge.release import Release
from cds_service.knowledge.suggestions import BESIDES, Orderable, Sig, Suggestion, Verb
from cds_service.presenting.session import Dialect, Session
from cds_service.reasoning.conditions import weigh_all
from cds_service.reasoning.findings import Finding
from cds_service.reasoning.logic import Truth
from cds_service.terminology.products import Terminology


class Candidate(msgspec.Struct, frozen=True):
    """A suggestion that could be made: what it would send and what the chart would then be.

    Without `actions` it is advice: what it proposes has to be done by hand. `touched` are the references of the drugs
    it brings or changes.
    """

    finding: Finding
    suggestion: Suggestion
    chart: Chart
    actions: tuple[Action, ...] = ()
    touched: frozenset[str] = frozenset()

    @property
    def solves(self) -> bool:
        """Whether it claims to remove or lower its finding."""
        return self.suggestion.verb not in BESIDES


@dataclass(frozen=True, slots=True)
class Proposer:
    """What every proposal of one call needs. `made` are those already made: several rules propose the same.

    `left` are the charts without one drug, by its reference.
    """

    chart: Chart
    release: Release
    session: Session
    made: dict[tuple[object, ...], Candidate | None] = field(default_factory=dict)
    left: dict[str, Chart] = field(default_factory=dict)

    def propose(self, finding: Finding, suggestion: Suggestion) -> Candidate | None:
        """The candidate of one suggestion on one finding; None when it cannot be made on this chart.

        Candidates that do the same to the same drug share one chart.
        """
        does = what_it_does(finding, suggestion)
        if does not in self.made:
            self.made[does] = self.make(finding, suggestion)
        made = self.made[does]
        return replace(made, finding=finding, suggestion=suggestion) if made else None

    def make(self, finding: Finding, suggestion: Suggestion) -> Candidate | None:
        """A candidate that was not made before."""
        candidate = Candidate(finding, suggestion, self.chart)
        orderable = suggestion.orderable
        if orderable is not None:
            meant = self.may_order(orderable, self.beside(finding, suggestion))
            return self.order(candidate, orderable) if meant else None
        drug = finding.bindings[suggestion.drug].drug
        return self.stop(candidate, drug) if suggestion.verb is Verb.STOP else self.patch(candidate, drug)

    def order(self, candidate: Candidate, orderable: Orderable) -> Candidate | None:
        """What creates an order: a test or referral, one more drug, or a drug in the place of another."""
        suggestion = candidate.suggestion
        if suggestion.verb in BESIDES:
            return self.order_service(candidate, orderable)
        if suggestion.verb is Verb.ADD_MEDICATION:
            return self.add(candidate, orderable)
        return self.swap(candidate, orderable, candidate.finding.bindings[suggestion.drug].drug)

    def beside(self, finding: Finding, suggestion: Suggestion) -> Chart:
        """The chart that an order would meet: without the drug whose place it takes."""
        bound = finding.bindings.get(suggestion.drug)
        return self.leave_out(bound.drug) if bound else self.chart

    def leave_out(self, drug: Drug) -> Chart:
        """The chart without a drug."""
        if drug.reference not in self.left:
            self.left[drug.reference] = without(self.chart, drug)
        return self.left[drug.reference]

    def may_order(self, orderable: Orderable, chart: Chart) -> bool:
        """Whether the formulary has it and its dosage is certainly meant for this patient."""
        return orderable.allowed and weigh_all(orderable.when, chart, {}).truth is Truth.TRUE

    def stop(self, candidate: Candidate, drug: Drug) -> Candidate | None:
        """A new draft is deleted. The draft of a renewal would leave the drug itself active: that is advice."""
        is_new = drug.is_draft and drug.continues is None
        if candidate.suggestion.only_draft and not is_new:
            return None
        deletable = can_be_named(drug) and is_new
        actions = (delete(drug),) if deletable else ()
        return replace(candidate, chart=self.leave_out(drug), actions=actions)

    def swap(self, candidate: Candidate, orderable: Orderable, drug: Drug) -> Candidate | None:
        """Another order in the place of a drug; not one whose ingredient the patient would then have twice."""
        order = self.order_of(orderable, drug.continues)
        new = self.read(order, orderable)
        if new is None or self.is_taken(new, drug) or self.is_allergic(new):
            return None
        renews = drug.reference in self.chart.continued
        chart = renew(self.chart, drug, new) if renews else with_order(self.leave_out(drug), new)
        actions = self.swap_actions(drug, order, orderable) if can_be_named(drug) else ()
        return replace(candidate, chart=chart, actions=actions, touched=frozenset({new.reference}))

    def swap_actions(self, drug: Drug, order: bytes, orderable: Orderable) -> tuple[Action, ...]:
        """Delete and create; for a client of single actions an update of the draft, if it is simple enough.

        A draft that renews a statement cannot be replaced: no order can name the statement as its predecessor.
        """
        if self.session.dialect is Dialect.EPIC:
            resource = build.change_product(drug.original, orderable.rxcui, orderable.product, orderable.sig)
            return (update(resource, f"Change {drug.name} to {orderable.title}"),) if resource else ()
        if drug.continues and not drug.continues.startswith("MedicationRequest/"):
            return ()
        return (delete(drug), create(order, orderable))

    def patch(self, candidate: Candidate, drug: Drug) -> Candidate | None:
        """The draft with another dose or frequency; only drafts can be changed."""
        resource = self.patched(candidate.suggestion, drug) if can_be_named(drug) else None
        if resource is None:
            return None
        changed = with_new_dose(self.chart, drug, resource, self.release.terminology)
        if any(isinstance(amount, Unknown) for amount in changed.dose.daily.values()):
            return None
        action = update(resource, f"Change the dosage of {drug.name}")
        chart = with_changed(self.chart, changed)
        return replace(candidate, chart=chart, actions=(action,), touched=frozenset({drug.reference}))

    def patched(self, suggestion: Suggestion, drug: Drug) -> bytes | None:
        if suggestion.times_per_day:
            words = rewrite_frequency(drug, build.say_times(suggestion.times_per_day))
            return build.change_frequency(drug.original, suggestion.times_per_day, words)
        dose = rewrite_dose(drug, suggestion.value, suggestion.unit)
        return build.change_dose(drug.original, dose.value, dose.words) if dose else None

    def add(self, candidate: Candidate, orderable: Orderable) -> Candidate | None:
        """One more order, unless the patient has the drug."""
        order = self.order_of(orderable)
        new = self.read(order, orderable)
        if new is None or self.is_taken(new) or self.is_allergic(new):
            return None
        chart = with_order(self.chart, new)
        return replace(candidate, chart=chart, actions=(create(order, orderable),), touched=frozenset({new.reference}))

    def order_service(self, candidate: Candidate, orderable: Orderable) -> Candidate | None:
        """A test or a referral, unless it is being ordered or its result is recent enough."""
        if is_ordered(orderable, self.chart):
            return None
        if self.is_recent(orderable.fact, candidate.suggestion.repeat_after_days):
            return None
        session = self.session
        order = build.new_service_order(
            orderable.title, session.patient_id, session.encounter_id, orderable.loinc, orderable.product
        )
        return replace(candidate, actions=(create(order, orderable),))

    def is_recent(self, fact: str, days: float | None) -> bool:
        """Whether the chart has the result and it is younger than `days`."""
        if not fact or days is None:
            return False
        measured = self.chart.value(fact).as_of
        return measured is not None and (self.chart.now - measured).total_seconds() < days * 86400

    def order_of(self, orderable: Orderable, replaces: str | None = None) -> bytes:
        return build.new_medication_order(
            orderable.rxcui,
            orderable.product,
            orderable.sig,
            self.session.patient_id,
            self.session.encounter_id,
            replaces,
        )

    def read(self, order: bytes, orderable: Orderable) -> Drug | None:
        """The order as a draft on this chart."""
        drug = read_once(orderable.id, orderable.rxcui, orderable.product, orderable.sig, self.release.terminology)
        return replace(drug, original=order, inpatient=self.chart.inpatient) if drug else None

    def is_taken(self, new: Drug, instead_of: Drug | None = None) -> bool:
        """Whether another drug on the chart holds an ingredient of the new one."""
        others = holders(self.chart, new.ingredient_rxcuis)
        return any(instead_of is None or drug.reference != instead_of.reference for drug in others)

    def is_allergic(self, new: Drug) -> bool:
        """Whether an ingredient of the new drug is on the allergy list, whatever the rules of the site say."""
        facts = (drug_fact(self.chart, new, each, "allergy_same_ingredient") for each in new.ingredient_rxcuis)
        return any(isinstance(fact, Known) and fact.value for fact in facts)


def is_ordered(orderable: Orderable, chart: Chart) -> bool:
    """Whether a test or a referral is among the orders of this call."""
    return not {orderable.loinc, orderable.title}.isdisjoint(chart.ordered_services)


def what_it_does(finding: Finding, suggestion: Suggestion) -> tuple[object, ...]:
    """Everything about a suggestion that decides what it does, without its label and its finding."""
    bound = finding.bindings.get(suggestion.drug)
    return (
        suggestion.verb,
        bound.drug.reference if bound else "",
        suggestion.orderable.id if suggestion.orderable else "",
        *(suggestion.value, suggestion.unit, suggestion.times_per_day),
        *(suggestion.repeat_after_days, suggestion.only_draft),
    )


@lru_cache(maxsize=1024)
def read_once(id: str, rxcui: str, product: str, sig: Sig, terminology: Terminology) -> Drug | None:
    """An orderable as a draft, read from the order that would be sent; for whom it is makes no difference."""
    order = build.new_medication_order(rxcui, product, sig, "anybody", None)
    return read_order(order, f"MedicationRequest/suggested-{id}", terminology)


def can_be_named(drug: Drug) -> bool:
    """Whether an action can point at the draft: it came with an id of its own."""
    return drug.is_draft and bool(drug.original) and build.own_reference(drug.original) == drug.reference


def delete(drug: Drug) -> Action:
    return Action(type="delete", description=f"Remove the draft of {drug.name}", resource_id=drug.reference)


def create(order: bytes, orderable: Orderable) -> Action:
    return Action(type="create", description=f"Order {orderable.name}", resource=msgspec.Raw(order))


def update(resource: bytes, description: str) -> Action:
    return Action(type="update", description=description, resource=msgspec.Raw(resource))
