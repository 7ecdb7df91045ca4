"""What card templates see: the drugs of a finding by role, and facts in words."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from cds_service.chart.catalogue import CATALOGUE, Kind
from cds_service.chart.chart import Chart
from cds_service.chart.drug_facts import drug_fact
from cds_service.chart.facts import Fact, Known
from cds_service.presenting.text import shorten
from cds_service.presenting.wording import fact_label, say, say_dates, say_dose, say_plain, say_value
from cds_service.reasoning.findings import Bound, Finding

UNLIMITED = 10_000


@dataclass(frozen=True, slots=True)
class DrugView:
    """A drug in a template: `.name`, `.ingredient`, `.dose`, or the value of any fact of a drug by its name."""

    bound: Bound
    chart: Chart
    limit: int = UNLIMITED

    @property
    def name(self) -> str:
        return shorten(self.bound.drug.name, self.limit)

    @property
    def ingredient(self) -> str:
        return shorten(ingredient_name(self.bound), self.limit)

    @property
    def dose(self) -> str:
        return shorten(say_dose(self.bound.drug) or "dose not known", self.limit)

    @property
    def form(self) -> str:
        return shorten((self.bound.drug.dose_form or "dose form not known").casefold(), self.limit)

    def __getattr__(self, fact: str) -> str:
        if fact not in CATALOGUE or CATALOGUE[fact].of != "drug":
            raise AttributeError(fact)
        found = drug_fact(self.chart, self.bound.drug, self.bound.ingredient, fact)
        return shorten(say_alone(found), self.limit)


@dataclass(frozen=True, slots=True)
class FactView:
    """A fact of the patient in a template: label, value and date, or with `.value` the value alone."""

    said: str
    value: str

    def __str__(self) -> str:
        return self.said


def ingredient_name(bound: Bound) -> str:
    """Name of the ingredient that stands on a rule's side; the drug's own name if it is not listed."""
    drug = bound.drug
    return next((part.name for part in drug.ingredients if part.rxcui == bound.ingredient), drug.name)


def context_of(
    names: Iterable[str], finding: Finding, chart: Chart, limit: int = UNLIMITED
) -> dict[str, DrugView | FactView | str]:
    """The values of `names` in the texts of a finding's rule: `this`, `a`, `b`, `other`, or a fact of the patient.

    A name that is neither is left out. `limit` shortens every inserted name and value, to make a summary fit.
    """
    roles = roles_of(finding)
    context: dict[str, DrugView | FactView | str] = {}
    for name in names:
        if name in roles:
            context[name] = DrugView(roles[name], chart, limit)
        elif name in CATALOGUE and CATALOGUE[name].of == "patient":
            context[name] = view_list(name, finding, chart, limit) if is_list(name) else view_fact(name, chart, limit)
    return context


def is_list(name: str) -> bool:
    return CATALOGUE[name].kind is Kind.LIST


def view_fact(name: str, chart: Chart, limit: int) -> FactView:
    fact = chart.value(name)
    said = say(fact, fact_label(name), chart.now, say_dates(name, chart))
    return FactView(shorten(said, limit), shorten(say_alone(fact), limit))


def say_alone(fact: Fact[Any]) -> str:
    """The value without its label and date."""
    return say_value(fact) if isinstance(fact, Known) else "not known"


def view_list(name: str, finding: Finding, chart: Chart, limit: int) -> str:
    """The entries of a list that the finding is about; the whole list where it looked for none."""
    found = finding.used.get(name)
    entries = found.value if isinstance(found, Known) and found.value else getattr(chart, name).items
    return shorten(say_plain(entries), limit)


def roles_of(finding: Finding) -> dict[str, Bound]:
    """The drugs of a finding by side; in a pair `this` is the order (with two orders `a`) and `other` the other one."""
    roles = dict(finding.bindings)
    if "a" in roles and "b" in roles:
        b_is_the_order = roles["b"].drug.is_draft and not roles["a"].drug.is_draft
        this, other = ("b", "a") if b_is_the_order else ("a", "b")
        roles.update(this=roles[this], other=roles[other])
    return roles
