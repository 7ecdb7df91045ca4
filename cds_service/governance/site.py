"""Checks what one site adds, alone against the shipped library, and says what it changes."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import date

from cds_service.errors import KnowledgeProblem
from cds_service.governance.check import check
from cds_service.knowledge.code_map import CODE_MAP_FILE
from cds_service.knowledge.orderables import FORMULARY_FILE
from cds_service.knowledge.release import Release
from cds_service.knowledge.rules import Rule
from cds_service.knowledge.sources import Sources
from cds_service.terminology.products import Terminology

NAMED = 5  # rules that a changed list says by name
OF_A_SITE = ("config/site/", "config/tenants/", CODE_MAP_FILE, FORMULARY_FILE)


@dataclass(frozen=True, slots=True)
class SiteReport:
    """What is wrong with a site's files, what is worth a look, and every difference to the shipped library."""

    problems: tuple[KnowledgeProblem, ...]
    warnings: tuple[str, ...] = ()
    differences: tuple[str, ...] = ()


def check_site(shipped: Sources, site: Sources, terminology: Terminology, today: date) -> SiteReport:
    """Put the files of a site on the shipped ones, whatever site they are now, and check all of it."""
    sources = put_on(take_site_out(shipped), site)
    report = check(sources, terminology, today)
    own = tuple(warning for warning in report.warnings if warning.startswith(("changed ", "config/")))
    if report.release is None:
        return SiteReport(report.problems)
    return SiteReport(report.problems, own, tuple(say_differences(report.release, sources, terminology)))


def take_site_out(sources: Sources) -> Sources:
    """The sources without anything that a site adds."""
    return Sources(
        {file: document for file, document in sources.documents.items() if not file.startswith(OF_A_SITE)},
        {file: rows for file, rows in sources.rows.items() if file not in OF_A_SITE},
        sources.texts,
        tuple(problem for problem in sources.problems if not problem.file.startswith(OF_A_SITE)),
    )


def put_on(shipped: Sources, site: Sources) -> Sources:
    return replace(
        shipped,
        documents={**shipped.documents, **site.documents},
        rows={**shipped.rows, **site.rows},
        texts={**shipped.texts, **site.texts},
        problems=(*shipped.problems, *site.problems),
    )


def say_differences(release: Release, sources: Sources, terminology: Terminology) -> Iterator[str]:
    """Line by line: changed rules and lists, for whom; local codes; products that are not stocked."""
    yield from say_rules("Changed for everybody:", release.rules, {})
    for tenant, theirs in release.tenants.items():
        yield from say_rules(f"Changed for {tenant} only:", theirs.rules, release.rules)
    yield from say_rows("Local codes:", sources.rows.get(CODE_MAP_FILE, ()), say_local_code, terminology)
    yield from say_rows("Formulary:", sources.rows.get(FORMULARY_FILE, ()), say_stock, terminology)


def say_rules(heading: str, rules: Mapping[str, Rule], others: Mapping[str, Rule]) -> Iterator[str]:
    """Every rule with changes that it has not among `others`; a changed list once, with the rules that use it."""
    lists: dict[str, list[str]] = {}
    lines = [heading]
    for id, rule in rules.items():
        known = others[id].origins if id in others else ()
        own = [(field, origin) for field, origin in rule.origins if (field, origin) not in known]
        for field, origin in own:
            if field.startswith("list "):
                lists.setdefault(f"{field}: {origin}", []).append(id)
        told = [f"    {field}: {origin}" for field, origin in own if not field.startswith("list ")]
        if told:
            lines += [f"  {id} ({rule.title}), now {rule.status}, {rule.severity}:", *told]
    if lines[1:] or lists:
        yield from lines
    for change, ids in lists.items():
        yield f"  {change}"
        more = f" and {len(ids) - NAMED} more" if len(ids) > NAMED else ""
        yield f"    used by {', '.join(ids[:NAMED])}{more}"


def say_rows(
    heading: str,
    rows: tuple[Mapping[str, str], ...],
    say: Callable[[Mapping[str, str], Terminology], str],
    terminology: Terminology,
) -> Iterator[str]:
    if rows:
        yield heading
        yield from (f"  {say(row, terminology)} (by {row['by']}, {row['date']})" for row in rows)


def say_local_code(row: Mapping[str, str], terminology: Terminology) -> str:
    """What a local code is read as from now on."""
    product = terminology.by_rxcui(row["target_code"])
    meant = product.name if product else f"{row['target_code']} of {row['target_system']}"
    return f"{row['code']} of {row['system']}, {row['display']!r}, is read as {meant}"


def say_stock(row: Mapping[str, str], terminology: Terminology) -> str:
    """What a row of the formulary means for suggestions."""
    product = terminology.by_rxcui(row["rxcui"])
    said = "is never suggested" if row["status"] == "excluded" else "may be suggested"
    return f"{product.name if product else row['rxcui']} {said}"
