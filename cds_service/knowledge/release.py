"""One frozen release: everything that decides answers, with a digest."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from cds_service.chart.genes import Genes
from cds_service.hooks.discovery import Service
from cds_service.knowledge.bundle import Bundle, RemoteModel
from cds_service.knowledge.rules import Indicator, Rule, Severity
from cds_service.terminology.products import Terminology


@dataclass(frozen=True, slots=True)
class ProblemKind:
    """One entry of cards/problems.toml: findings of one problem share a card.

    `group_by` is "patient" (one card for all drugs) or "order" (one card per draft). `summary` is the pattern
    of a grouped card over `drugs` (names joined as "a + b + 2 more").
    """

    id: str
    title: str
    summary: str
    group_by: str


@dataclass(frozen=True, slots=True)
class OverrideReason:
    code: str
    system: str
    display: str


@dataclass(frozen=True, slots=True)
class CardPolicy:
    """cards/policy.toml: default indicator per severity, cap of cards per hook, how the service names itself.

    `unchecked_severity` is the least severity whose undetermined rules are named on the not-checked card.
    `renewals_from` is the least urgent indicator that the unchanged renewal of an order still shows. `review_hooks` are
    the hooks whose cards become one review of the medication.
    """

    indicators: Mapping[Severity, Indicator]
    caps: Mapping[str, int]
    source_label: str
    source_url: str
    unchecked_severity: Severity = Severity.MAJOR
    renewals_from: Indicator = Indicator.INFO
    review_hooks: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Needs:
    """What the release wants to know: patient fact names, prefetch keys, and the code lists inside three of them.

    `codes` maps `labs`, `vitals` and `genomics` to sorted `system|code` strings.
    """

    facts: frozenset[str] = frozenset()
    keys: tuple[str, ...] = ()
    codes: Mapping[str, tuple[str, ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class RuleIndex:
    """Rules that may be reached, by what reaches them. Cost grows with the patient's list, not with the library.

    `by_ingredient` serves order and pair rules (every side); `by_fact` serves patient rules by their index fact.
    `any_drug` are the order rules that every drug reaches. `reads` are the ingredients a rule looks at, by its id: what
    it says stays the same while other drugs change. A rule that is not in it may look at any drug.
    """

    by_ingredient: Mapping[str, tuple[Rule, ...]] = field(default_factory=dict)
    by_fact: Mapping[str, tuple[Rule, ...]] = field(default_factory=dict)
    any_drug: tuple[Rule, ...] = ()
    reads: Mapping[str, frozenset[str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Release:
    """Compiled knowledge. The digest covers sources, terminology and code version; two equal digests answer alike.

    `sources` is the digest of the files alone that it was compiled from. `tenants` holds, under the same digest, what
    answers the tenants that have changes of their own. `models_off` says why models are off, by id.

    `last_day` is the last on which all its changes count (the site's date), None when none has an end; `then` is what
    answers from the next day on.
    """

    digest: str
    rules: Mapping[str, Rule]
    index: RuleIndex
    problems: Mapping[str, ProblemKind]
    override_reasons: Mapping[str, OverrideReason]
    policy: CardPolicy
    services: tuple[Service, ...]
    needs: Needs
    terminology: Terminology
    code_map: Mapping[tuple[str, str], tuple[str, str]] = field(default_factory=dict)
    accepted_unreviewed_by: str | None = None
    genes: Genes = field(default_factory=dict)
    sources: str = ""
    tenants: Mapping[str, "Release"] = field(default_factory=dict)
    models: tuple[Bundle, ...] = ()
    models_off: Mapping[str, str] = field(default_factory=dict)
    remote_models: Mapping[str, RemoteModel] = field(default_factory=dict)
    last_day: date | None = None
    then: "Release | None" = None

    def for_tenant(self, tenant: str) -> "Release":
        """What answers a tenant: with the changes made for it, else with its client's, else as for everybody."""
        client = tenant.partition("/")[0]
        return self.tenants.get(tenant) or self.tenants.get(client) or self

    def on(self, day: date) -> "Release":
        """What answers on a day, without the changes that have ended by then."""
        return self.then.on(day) if self.then is not None and self.ends_before(day) else self

    def ends_before(self, day: date) -> bool:
        """Whether a change of it has ended by then."""
        return self.last_day is not None and self.last_day < day
