"""The releases that answer at one time: one, or a control and a candidate that each take a share of the patients."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from hashlib import sha256

import msgspec

from cds_service.call import Picked
from cds_service.hooks.discovery import CODED_TEMPLATES, CODES_PER_KEY, Service
from cds_service.knowledge.bundle import Bundle, ModelKind
from cds_service.knowledge.compile import index_running
from cds_service.knowledge.release import Release
from cds_service.knowledge.rules import Rule

CONTROL, CANDIDATE = "control", "candidate"


@dataclass(frozen=True, slots=True)
class Arms:
    """What answers. A patient belongs to one arm for as long as the salt stays; with 0 percent the candidate is silent.

    `services` ask for what either arm needs, `roles` are those that rules of either name. `beside` holds for each arm
    those rules and models of the other that it has not, or has otherwise.
    """

    control: Release
    candidate: Release | None = None
    percent: int = 0
    salt: str = ""
    services: Mapping[str, Service] = field(default_factory=dict)
    beside: Mapping[str, Release] = field(default_factory=dict)
    roles: frozenset[str] = frozenset()

    @property
    def releases(self) -> tuple[Release, ...]:
        """The control, and the candidate if there is one."""
        return (self.control,) if self.candidate is None else (self.control, self.candidate)

    def pick(self, tenant: str, patient_id: str) -> Picked:
        """The release that answers a call about this patient."""
        if self.candidate is None:
            return Picked(self.control.for_tenant(tenant))
        chosen = share(self.salt, tenant, patient_id) < self.percent
        arm, release = (CANDIDATE, self.candidate) if chosen else (CONTROL, self.control)
        return Picked(release.for_tenant(tenant), arm, self.beside[arm].for_tenant(tenant))

    def on(self, day: date) -> "Arms":
        """What answers on a day, without the changes that have ended by then; these very arms where none has."""
        if not any(release.ends_before(day) for release in self.releases):
            return self
        candidate = self.candidate.on(day) if self.candidate else None
        return arms_of(self.control.on(day), candidate, self.percent, self.salt)


def arms_of(control: Release, candidate: Release | None = None, percent: int = 0, salt: str = "") -> Arms:
    """The arms, ready to answer: with a candidate, both read from a chart what either needs, so that the findings of
    the other arm are those it would have had."""
    if candidate is None:
        services = {service.id: service for service in control.services}
        return Arms(control, services=services, roles=frozenset(roles_in(control)))
    facts = control.needs.facts | candidate.needs.facts
    one, other = ask_for(control, facts), ask_for(candidate, facts)
    return Arms(
        one,
        other,
        percent,
        salt,
        services={service.id: service for service in join_services(control.services, candidate.services)},
        beside={CONTROL: differing(other, one), CANDIDATE: differing(one, other)},
        roles=frozenset({*roles_in(control), *roles_in(candidate)}),
    )


def roles_in(release: Release) -> Iterator[str]:
    """The roles that rules are meant for, or not meant for, of whatever tenant."""
    for each in (release, *release.tenants.values()):
        audiences = [rule.audience for rule in each.rules.values() if rule.audience is not None]
        for audience in audiences:
            yield from audience.only.roles | audience.besides.roles


def share(salt: str, tenant: str, patient_id: str) -> int:
    """Where a patient stands between 0 and 99: sha256 over the JSON list of the three, modulo 100."""
    return int.from_bytes(sha256(msgspec.json.encode([salt, tenant, patient_id])).digest()) % 100


def ask_for(release: Release, facts: frozenset[str]) -> Release:
    needs = replace(release.needs, facts=facts)
    tenants = {tenant: replace(theirs, needs=needs) for tenant, theirs in release.tenants.items()}
    return replace(release, needs=needs, tenants=tenants)


def differing(release: Release, other: Release) -> Release:
    """The release with only those rules and models that `other` has not, or has otherwise."""
    tenants = {
        tenant: only(release.for_tenant(tenant), other.for_tenant(tenant))
        for tenant in sorted({*release.tenants, *other.tenants})
    }
    return replace(only(release, other), tenants=tenants)


def only(release: Release, other: Release) -> Release:
    rules: dict[str, Rule] = {id: rule for id, rule in release.rules.items() if rule != other.rules.get(id)}
    return replace(release, rules=rules, index=index_running(rules), models=only_models(release, other), tenants={})


def only_models(release: Release, other: Release) -> tuple[Bundle, ...]:
    """The models that differ, with the richer ones that may stand in for them.

    Models on other servers are asked by the arm that answers and by no other.
    """
    local = [model for model in release.models if model.kind is not ModelKind.REMOTE]
    wanted = {model.id for model in local if model not in other.models}
    while more := {each.id for each in local if each.id not in wanted and not wanted.isdisjoint(each.instead_of)}:
        wanted |= more
    return tuple(model for model in local if model.id in wanted)


def join_services(services: Iterable[Service], others: Iterable[Service]) -> Iterator[Service]:
    """The services of both; a key that both ask for with lists of codes asks for the codes of both.

    A list that would grow too long stays the first one's: the other then finds some values not requested.
    """
    beside = {service.id: service for service in others}
    for service in services:
        other = beside.pop(service.id, service)
        keys = dict.fromkeys((*service.prefetch, *other.prefetch))
        prefetch = {key: join_templates(key, service.prefetch.get(key), other.prefetch.get(key)) for key in keys}
        yield replace(service, prefetch=prefetch)
    yield from beside.values()


def join_templates(key: str, one: str | None, other: str | None) -> str:
    """One template for what both ask for under a key."""
    if one is None or other is None or one == other or key not in CODED_TEMPLATES:
        return one or other or ""
    before, after = CODED_TEMPLATES[key]
    lists = [template.removeprefix(before).removesuffix(after).split(",") for template in (one, other)]
    codes = sorted({code for each in lists for code in each})
    return f"{before}{','.join(codes)}{after}" if len(codes) <= CODES_PER_KEY else one
