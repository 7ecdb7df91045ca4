"""Drugs on the chart: active medications and draft orders, with what could be read of their dose."""

from datetime import datetime
from enum import StrEnum

import msgspec

from cds_service.chart.facts import Fact, Reason, Unknown
from cds_service.terminology.products import Ingredient, Route

NOT_RECORDED = Unknown(Reason.NOT_RECORDED)

# Status of an order that is not being taken; it counts again when somebody signs its renewal.
PAUSED = "on-hold"


class RecognisedBy(StrEnum):
    """How a drug was placed in RxNorm; the value is the phrase a card may use."""

    CODE = "recognised by code"
    LOCAL_CODE = "recognised by the site's code map"
    NAME = "recognised by name"


class Dose(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """What is taken of one drug.

    `daily` maps an ingredient rxcui to its amount per day, unit `mg/d` (or `[IU]/d`, `meq/d`...); `single` maps it
    to the amount per administration. A missing ingredient means Unknown(not recorded). When a range or an as-needed
    sig is given these are the stated maximum. `times_per_day` is administrations per day.
    """

    daily: dict[str, Fact[float]] = {}
    single: dict[str, Fact[float]] = {}
    times_per_day: Fact[float] = NOT_RECORDED
    duration_days: Fact[float] = NOT_RECORDED
    as_needed: Fact[bool] = NOT_RECORDED
    text: str = ""


class Drug(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """One recognised drug: a draft order or an active medication.

    `reference` is unique on the chart (`MedicationRequest/123`). `name` is what cards print: generic name first,
    brand in brackets as the chart has it. `continues` is the reference of the active medication a draft renews.
    `selected` is true for the orders an order-select call points at.
    """

    reference: str
    name: str
    rxcui: str
    ingredients: tuple[Ingredient, ...]
    dose_form: str | None
    route: Route
    recognised_by: RecognisedBy
    is_draft: bool
    status: str
    dose: Dose = msgspec.field(default_factory=Dose)
    authored: datetime | None = None
    selected: bool = False
    continues: str | None = None
    dose_change: str | None = None  # for a continuation: "same", "increased", "decreased", "unknown"
    inpatient: bool = False
    original: bytes = b""

    @property
    def ingredient_rxcuis(self) -> tuple[str, ...]:
        return tuple([ingredient.rxcui for ingredient in self.ingredients])  # a list is twice as fast as a generator


class Coded(msgspec.Struct, frozen=True, omit_defaults=True, gc=False):
    """A code in its system, canonical URI (`http://snomed.info/sct`, `http://hl7.org/fhir/sid/icd-10-cm`)."""

    system: str
    code: str
    display: str = ""


class Allergy(msgspec.Struct, frozen=True, gc=False):
    """One AllergyIntolerance that is neither refuted nor entered in error.

    `ingredients` are RxNorm INs the substance resolves to; `codes` every coding in a known system (SNOMED CT,
    RxNorm, NDF-RT...). `kind` is "allergy", "intolerance" or "unknown". `certainty` is "confirmed", "unconfirmed" or
    "unknown" (verificationStatus); `criticality` "high", "low" or "unknown"; `severe` is true when any reaction is
    coded or worded as severe or anaphylactic. `categories` are FHIR's: "medication", "food", "environment", "biologic".
    """

    reference: str
    name: str
    ingredients: tuple[str, ...]
    codes: tuple[Coded, ...]
    kind: str = "unknown"
    certainty: str = "unknown"
    criticality: str = "unknown"
    reactions: tuple[str, ...] = ()
    severe: bool = False
    active: bool = True
    categories: tuple[str, ...] = ()


class Problem(msgspec.Struct, frozen=True, gc=False):
    """One Condition coded in a known system. `active` false: resolved, counts only with `ever = true`."""

    reference: str
    name: str
    codes: tuple[Coded, ...]
    active: bool
    onset: datetime | None = None


class ProcedureDone(msgspec.Struct, frozen=True, gc=False):
    """One completed Procedure coded in a known system."""

    reference: str
    name: str
    codes: tuple[Coded, ...]
    when: datetime | None = None


class ServiceOrdered(msgspec.Struct, frozen=True, gc=False):
    """One draft for something else than a drug, coded in a known system: a test, an image, a vaccination."""

    reference: str
    name: str
    codes: tuple[Coded, ...]
