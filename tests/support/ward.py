"""A ward that calls the service and reports what became of its cards, with a store behind it and time that passes.

ward.knows(a_rule(...))
first = ward.signs(patient)
ward.overrides(first)
assert ward.signs(patient).says == []
"""

import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

from cds_service.app import Application
from cds_service.hooks.feedback import read_feedback
from cds_service.knowledge.bundle import Bundle
from cds_service.knowledge.rules import Rule
from cds_service.record.decision import DecisionRecord
from cds_service.recording import entry_of
from cds_service.remembering import RememberFor, recall_from
from cds_service.store.store import Places, Store
from cds_service.trust.callers import Caller
from cds_service.trust.client import Client
from tests.store.entries import Clock, Told, a_store
from tests.support.charts import index_of
from tests.support.requests import PatientCase, body

HOUR = 3600.0
DAY = 24 * HOUR
REASON = "benefit-outweighs-risk"
ANNA, BEN = "Practitioner/anna", "Practitioner/ben"


@dataclass(frozen=True)
class Answered:
    """One answer: its cards as they went out, and the record of it."""

    cards: list[dict[str, Any]]
    record: DecisionRecord

    @property
    def says(self) -> list[str]:
        """The rules and models that the cards speak of."""
        return sorted({named["rule"] for card in self.cards for named in named_on(card)})

    @property
    def kept_quiet(self) -> dict[str, str]:
        """The rules that fired and the models that ran and are not said, each with the reason that the record gives."""
        rules = {withheld.finding.rule.id: withheld.reason for withheld in self.record.withheld}
        return {**rules, **self.record.quiet_models}

    def card(self, rule: str) -> dict[str, Any]:
        return next(card for card in self.cards if rule in [named["rule"] for named in named_on(card)])

    def order(self, rule: str) -> dict[str, Any]:
        """What the first suggestion of the rule's card creates, as a draft with an id."""
        (action,) = self.card(rule)["suggestions"][0]["actions"]
        return {**action["resource"], "id": "accepted"}

    def suggestion(self, rule: str, word: str) -> str:
        """The uuid of a suggestion of the rule's card with this word in its label."""
        return next(str(each["uuid"]) for each in self.card(rule)["suggestions"] if word in each["label"])


def named_on(card: Mapping[str, Any]) -> list[dict[str, Any]]:
    return list(card.get("extension", {}).get("org.cds-service", {}).get("findings", ()))


@dataclass
class Ward:
    """One client of the service. `user` is who calls; `tenant` is the client's name where it has none."""

    application: Application
    store: Store
    clock: Clock
    told: Told
    client: Client = field(default_factory=lambda: a_client("general"))
    tenant: str = ""
    user: str = ANNA
    records: list[DecisionRecord] = field(default_factory=list)

    def knows(self, *rules: Rule) -> "Ward":
        """The service has just these rules from here on, and no model."""
        known = {rule.id: rule for rule in rules}
        release = replace(self.application.release, rules=known, index=index_of(*rules), models=(), tenants={})
        self.application = replace(self.application, release=release)
        return self

    def scores(self, *models: Bundle) -> "Ward":
        """The service has just these models from here on, and no rule."""
        release = replace(self.application.release, rules={}, index=index_of(), models=models, tenants={})
        self.application = replace(self.application, release=release)
        return self

    def remembering_for(self, whom: RememberFor) -> "Ward":
        self.application = replace(self.application, recall=recall_from(self.store, whom))
        return self

    def at(self, name: str, tenant: str = "", **settings: Any) -> "Ward":
        """The same service, called by another client, or by one with other settings."""
        return replace(self, client=a_client(name, **settings), tenant=tenant, records=self.records)

    def discharges(self, patient: PatientCase) -> Answered:
        return self.calls("encounter-discharge", patient.encounter_discharge())

    def opens(self, patient: PatientCase) -> Answered:
        return self.calls("patient-view", patient.patient_view())

    def picks(self, patient: PatientCase) -> Answered:
        return self.calls("order-select", patient.order_select())

    def signs(self, patient: PatientCase, **members: Any) -> Answered:
        return self.calls("order-sign", patient.order_sign(**members))

    def calls(self, hook: str, request: dict[str, Any]) -> Answered:
        request["context"]["userId"] = self.user
        service = next(each for each in self.application.release.services if each.hook == hook)
        response = self.application.answer(body(request), service, self.caller)
        return Answered(json.loads(response.encode())["cards"], self.records[-1])

    @property
    def caller(self) -> Caller:
        return Caller(self.client, self.tenant or self.client.name)

    def overrides(self, answered: Answered, code: str | None = REASON, **members: Any) -> None:
        """Override every card, with a coded reason unless there is none."""
        reason = {} if code is None else {"overrideReason": {"reason": {"code": code}}}
        self.reports(*({"card": card["uuid"], "outcome": "overridden", **reason, **members} for card in answered.cards))

    def accepts(self, answered: Answered, rule: str, word: str) -> None:
        """Accept the suggestion with this word in its label."""
        taken = [{"id": answered.suggestion(rule, word)}]
        self.reports({"card": answered.card(rule)["uuid"], "outcome": "accepted", "acceptedSuggestions": taken})

    def reports(self, *events: dict[str, Any]) -> dict[str, Any]:
        """Send feedback; what the service answers."""
        now = datetime.fromtimestamp(self.clock.now, UTC).isoformat()
        sent = {"feedback": [{"outcomeTimestamp": now, **event} for event in events]}
        service = next(each for each in self.application.release.services if each.hook == "order-sign")
        answer = self.application.take_feedback(read_feedback(body(sent)), service, self.caller)
        told: dict[str, Any] = json.loads(answer)
        return told

    def waits(self, seconds: float) -> None:
        self.clock.now += seconds


def a_client(name: str, **settings: Any) -> Client:
    return Client.model_construct(name=name, issuers=(), **settings)


@contextmanager
def a_ward(application: Application, places: Places) -> Iterator[Ward]:
    """A ward with a store of its own."""
    clock, told = Clock(), Told()
    with a_store(places, clock, told) as store:
        records: list[DecisionRecord] = []

        def write(record: DecisionRecord, _: float) -> None:
            records.append(record)
            store.write(entry_of(record))

        served = replace(
            application,
            store=store,
            write=write,
            recall=recall_from(store, "user"),
            clock=lambda: datetime.fromtimestamp(clock.now, UTC).replace(microsecond=0),
            name_decision=lambda body, now: str(uuid4()),
        )
        yield Ward(served, store, clock, told, records=records)
