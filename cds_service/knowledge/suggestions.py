"""What a rule may propose, and what an order that is created from here may hold."""

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cds_service.knowledge.rules import Condition


class Verb(StrEnum):
    """The closed list of what a proposal may do."""

    STOP = "stop"
    REPLACE = "replace"
    CHANGE_DOSE = "change-dose"
    CHANGE_FREQUENCY = "change-frequency"
    ORDER_LAB = "order-lab"
    ADD_MEDICATION = "add-medication"
    REFER = "refer"


BESIDES = frozenset({Verb.ORDER_LAB, Verb.REFER})
"""What orders something besides the drugs: it changes no finding by itself."""


@dataclass(frozen=True, slots=True)
class Sig:
    """How a drug is ordered: `count` units of the product (tablets, sprays) at a time, every so many hours.

    `times_per_day` or `every_hours`; neither for one single administration. `max_per_day` is in mg of the only
    ingredient, `days` how long the order runs. `route` is "oral", "nasal", "subcutaneous" or "transdermal".
    """

    count: float
    unit: str
    route: str
    times_per_day: int | None = None
    every_hours: int | None = None
    as_needed: bool = False
    max_per_day: float | None = None
    days: int | None = None


NO_SIG = Sig(0, "", "")  # of what is not taken: tests and referrals


@dataclass(frozen=True, slots=True)
class Orderable:
    """One entry of rules/orderables: the only things a suggestion may create.

    `kind` is "drug" (`rxcui` is the SCD called `product`, with its `sig`), "lab" (`loinc` called `product`) or
    "referral" (neither). `population`, `source` and `confidence` say for whom the dosage is and who says so; `when` is
    what must certainly hold of the patient for that, and always that he or she is an adult. `fact` is the chart fact
    that a lab's result gives. `allowed` is false when the site's formulary excludes the product.
    """

    id: str
    title: str
    kind: str
    population: str
    source: str
    confidence: str
    rxcui: str = ""
    loinc: str = ""
    product: str = ""
    sig: Sig = NO_SIG
    when: "tuple[Condition, ...]" = ()
    fact: str = ""
    allowed: bool = True

    @property
    def name(self) -> str:
        """The title inside a sentence: "digoxin level", "INR"."""
        return self.title if self.title[1:2].isupper() else f"{self.title[:1].lower()}{self.title[1:]}"


@dataclass(frozen=True, slots=True)
class Suggestion:
    """One `[[suggest]]` of a rule. `label` holds {{ names }}; the name of the orderable is already in it.

    `drug` is the side it acts on ("this", "a", "b"). `change-dose` has either an `orderable` or `value` and `unit` of
    one administration; `change-frequency` has `times_per_day`. A lab that was measured within `repeat_after_days` is
    not proposed. `only_draft`: nobody should stop an active medication of this kind at once.
    """

    verb: Verb
    label: str
    drug: str = ""
    orderable: Orderable | None = None
    value: float = 0
    unit: str = ""
    times_per_day: int = 0
    repeat_after_days: float | None = None
    only_draft: bool = False
