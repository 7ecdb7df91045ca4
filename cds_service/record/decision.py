"""DecisionRecord: everything one call was decided from and what came out."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from cds_service.chart.chart import HOOKS_WITHOUT_ORDERS, Chart
from cds_service.hooks.response import Card
from cds_service.presenting.groups import Withheld
from cds_service.presenting.memory import NO_MEMORY, Memory
from cds_service.presenting.session import Session
from cds_service.reasoning.findings import Finding
from cds_service.risk.score import Scored


@dataclass(frozen=True, slots=True)
class DecisionRecord:
    """One decision. `key_states` says for each prefetch key how it arrived ("read, 4 items", "not sent");
    `role` and `department` are those of the person asked for, where known; `body_sha256` is the digest of the call.
    `memory` is what was known of earlier decisions, `most_cards` the limit of the client, None where it has none.

    `scored` is what every model said, `quiet_models` why some of them are not shown, by id.

    `arm` says whether the release was the control or the candidate, empty where there was no other. `beside` are the
    findings of the rules in which the other arm's release, `beside_digest`, differs; `beside_scored` is what those of
    its models say that differ."""

    decision_id: str
    now: datetime
    client: str
    tenant: str
    service: str
    hook: str
    hook_instance: str
    release_digest: str
    code_version: str
    key_states: dict[str, str]
    chart: Chart
    findings: tuple[Finding, ...]
    withheld: tuple[Withheld, ...]
    cards: tuple[Card, ...]
    session: Session
    user_id: str | None = None
    body_sha256: str = ""
    role: str | None = None
    department: str | None = None
    most_cards: int | None = None
    memory: Memory = NO_MEMORY
    scored: tuple[Scored, ...] = ()
    quiet_models: Mapping[str, str] = field(default_factory=dict)
    arm: str = ""
    beside_digest: str = ""
    beside: tuple[Finding, ...] = ()
    beside_scored: tuple[Scored, ...] = ()

    @property
    def orders(self) -> int | None:
        """How many drafts for a drug the call was about, None at hooks without orders.

        Those that nobody recognised count; several parts of one compound that were not recognised are one draft.
        """
        if self.chart.hook in HOOKS_WITHOUT_ORDERS:
            return None
        recognised = {drug.reference for drug in self.chart.focus}
        return len(recognised.union(each.reference for each in self.chart.orders.unrecognised))
