"""What card templates see: drugs with `.name` and `.dose`, facts that print themselves in words."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from cds_service.chart.catalogue import CATALOGUE
from cds_service.chart.chart import Chart
from cds_service.chart.drug_facts import drug_fact
from cds_service.chart.facts import Fact, Items, Known, Reason
from cds_service.presenting.text import shorten
from cds_service.presenting.wording import fact_label, list_label, say, say_missing, say_value
from cds_service.reasoning.findings import Bound, Finding, Missing

UNLIMITED = 10_000
CHART_LISTS = ("medications", "orders", "allergies", "conditions", "procedures")


@dataclass(frozen=True, slots=True)
class FactView:
    """A fact in a template: printed with label, unit and date; `.known`, `.value` (with unit) for more."""

    fact: Fact[Any]
    name: str
    now: datetime
    limit: int = UNLIMITED

    @property
    def known(self) -> bool:
        return isinstance(self.fact, Known)

    @property
    def value(self) -> str:
        return say_value(self.fact) if isinstance(self.fact, Known) else "not known"

    def __str__(self) -> str:
        return shorten(say(self.fact, fact_label(self.name), self.now), self.limit)


@dataclass(frozen=True, slots=True)
class ListView:
    """A list of the chart in a template: the names on it, or that it was not read."""

    items: Items[Any]
    name: str
    limit: int = UNLIMITED

    def __str__(self) -> str:
        names = [item.name for item in self.items.items]
        if not self.items.complete:
            names.append(say_missing(Missing("list", self.name, self.items.reason or Reason.NOT_SENT)))
        return shorten(", ".join(names) or f"{list_label(self.name)} read, nothing on it", self.limit)


@dataclass(frozen=True, slots=True)
class DrugView:
    """A drug in a template: `.name`, `.ingredient`, `.dose`, `.route`, `.form`, or any fact of a drug by its name."""

    bound: Bound
    chart: Chart
    limit: int = UNLIMITED

    @property
    def name(self) -> str:
        return shorten(self.bound.drug.name, self.limit)

    @property
    def ingredient(self) -> str:
        drug = self.bound.drug
        return next((part.name for part in drug.ingredients if part.rxcui == self.bound.ingredient), drug.name)

    @property
    def dose(self) -> str:
        return shorten(self.bound.drug.dose.text or "dose not known", self.limit)

    @property
    def route(self) -> str:
        return self.bound.drug.route.value

    @property
    def form(self) -> str:
        return self.bound.drug.dose_form or "dose form not known"

    def __getattr__(self, fact: str) -> FactView:
        if fact not in CATALOGUE or CATALOGUE[fact].of != "drug":
            raise AttributeError(fact)
        found = drug_fact(self.chart, self.bound.drug, self.bound.ingredient, fact)
        return FactView(found, fact, self.chart.now, self.limit)

    def __str__(self) -> str:
        return self.name


def context_of(finding: Finding, chart: Chart, limit: int = UNLIMITED) -> dict[str, Any]:
    """What the texts of a finding's rule may name: its drugs by side, `this` and `other`, and the patient's facts.

    `limit` shortens every inserted name and value, to make a summary fit.
    """
    context: dict[str, Any] = {}
    for name in finding.rule.facts:
        context[name] = _patient_view(name, chart, limit)
    drugs = {side: DrugView(bound, chart, limit) for side, bound in finding.bindings.items()}
    context.update(drugs)
    if "a" in drugs and "b" in drugs:
        first, second = ("b", "a") if _is_the_order(finding, "b") else ("a", "b")
        context.update(this=drugs[first], other=drugs[second])
    return context


def _is_the_order(finding: Finding, side: str) -> bool:
    """Whether the drug on `side` is the draft of the pair; with two drafts `a` counts as the order."""
    return finding.bindings[side].drug.is_draft and not finding.bindings["a"].drug.is_draft


def _patient_view(name: str, chart: Chart, limit: int) -> FactView | ListView:
    if name in CHART_LISTS:
        return ListView(getattr(chart, name), name, limit)
    return FactView(chart.value(name), name, chart.now, limit)
