"""What one release says otherwise than another, in lines a pharmacist reads."""

from collections.abc import Iterator, Mapping
from dataclasses import fields
from difflib import unified_diff

from cds_service.knowledge.bundle import Bundle
from cds_service.knowledge.explain import explain
from cds_service.knowledge.release import Release
from cds_service.knowledge.rules import Rule

NO_CONTEXT = 0
HEADER = 2
ORIGINS = ("Every value comes from", "Everything else comes from", "Changed here:")
"""Sentences of `cds explain` that say where values come from, not what they are."""
SAID = {"-": "was", "+": "now"}
REASONS = {"-": "no longer", "+": "because"}
"""How a line is led in that says who changed what and why."""
PARTS = {
    "problems": "clinical problems",
    "override_reasons": "override reasons",
    "policy": "card policy",
    "services": "services and what they ask for",
    "code_map": "local codes",
    "genes": "genes",
}
"""What is compared whole, and its name."""


def diff(old: Release, new: Release) -> Iterator[str]:
    """Rules added, removed and changed, with the sentences of `cds explain` that changed; then everything else.

    Then what the new one becomes as its changes end. Nothing where both answer alike now and later.
    """
    yield from diff_now(old, new)
    if say_ends(new) != say_ends(old):
        yield from say_ends(new) or ["no change of it ends by itself"]


def say_ends(release: Release) -> list[str]:
    """Day by day what is different once changes of a release have ended."""
    if release.then is None:
        return []
    lines = (f"  {line}" for line in diff_now(release, release.then))
    return [f"after {release.last_day}, by itself:", *lines, *say_ends(release.then)]


def diff_now(old: Release, new: Release) -> Iterator[str]:
    """What the new release says otherwise from its first day on."""
    yield from diff_rules("", old.rules, new.rules)
    for tenant in sorted({*old.tenants, *new.tenants}):
        touched = {*own_rules(old, tenant), *own_rules(new, tenant)}
        was, now = (
            {id: rule for id, rule in release.for_tenant(tenant).rules.items() if id in touched}
            for release in (old, new)
        )
        yield from diff_rules(f"for {tenant}: ", was, now)
    yield from diff_models(old.models, new.models)
    for name, label in PARTS.items():
        if getattr(old, name) != getattr(new, name):
            yield f"changed: {label}"
    if old.terminology.digest != new.terminology.digest:
        yield "changed: the drug index"


def own_rules(release: Release, tenant: str) -> list[str]:
    """The ids of the rules that are another for this tenant than for everybody."""
    rules = release.for_tenant(tenant).rules
    return [id for id, rule in rules.items() if rule != release.rules.get(id)]


def diff_rules(whose: str, old: Mapping[str, Rule], new: Mapping[str, Rule]) -> Iterator[str]:
    for id in sorted({*old, *new}):
        was, now = old.get(id), new.get(id)
        if was is None and now is not None:
            yield f"{whose}added: {id} ({now.title}), {now.status}, {now.severity}"
        elif was is not None and now is None:
            yield f"{whose}removed: {id} ({was.title}), was {was.status}, {was.severity}"
        elif was is not None and now is not None and was != now:
            yield f"{whose}changed: {id} ({now.title})"
            yield from diff_texts(was, now)


def diff_texts(was: Rule, now: Rule) -> Iterator[str]:
    """The sentences that changed; for what no sentence says, the names of the fields."""
    lines = list(unified_diff(explain(was).splitlines(), explain(now).splitlines(), n=NO_CONTEXT, lineterm=""))
    changed = [line for line in lines[HEADER:] if not line.startswith("@@") and not line[1:].startswith(ORIGINS)]
    reasons = {f"{field}: {origin}" for rule in (was, now) for field, origin in rule.origins}
    for line in changed:
        text = line[1:].strip().removeprefix("- ")
        yield f"  {(REASONS if text in reasons else SAID)[line[0]]}: {text}"
    if not changed:
        yield f"  ~ {', '.join(changed_fields(was, now))}"


def changed_fields(was: object, now: object) -> list[str]:
    """The names of the fields that are not the same; both are values of one class."""
    names = (field.name for field in fields(now))  # type: ignore[arg-type]  # a dataclass, which has no type of its own
    return [name for name in names if getattr(was, name) != getattr(now, name)]


def diff_models(old: tuple[Bundle, ...], new: tuple[Bundle, ...]) -> Iterator[str]:
    was, now = ({model.id: model for model in models} for models in (old, new))
    for id in sorted({*was, *now}):
        if id not in was:
            yield f"added: model {id}"
        elif id not in now:
            yield f"removed: model {id}"
        elif was[id] != now[id]:
            yield f"changed: model {id}: {', '.join(changed_fields(was[id], now[id]))}"
