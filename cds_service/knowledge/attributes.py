"""Source attributes of rules and models as 45 CFR 170.315(b)(11)(iv) lists them: 13 of rules, 31 of models.

Every number comes from the knowledge itself or from the evaluation of a model; what nobody knows is "not available",
with the reason.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from cds_service.chart.catalogue import CATALOGUE, with_inputs
from cds_service.knowledge.rules import Evidence, Rule

NO_FUNDING = "the project states no funding source"
CHART_READS_NONE = "not used: the chart does not read it"
HEALTH_STATUS = frozenset({"smoking_status", "pregnancy_status", "pregnant", "pregnancy_trimester", "lactating"})
"""Facts that USCDI counts among health status assessments."""


class Attribute(NamedTuple):
    """One attribute. `place` is its paragraph; either `value` or `missing`, the reason why it is not available."""

    place: str
    name: str
    value: str = ""
    missing: str = ""


def rule_attributes(rule: Rule) -> tuple[Attribute, ...]:
    """The attributes of an evidence-based intervention, (b)(11)(iv)(A)."""
    cited = "; ".join(cite(each) for each in rule.evidence)
    return (
        as_attribute("(A)(1)", "Bibliographic citation", cited, "the rule names no evidence"),
        as_attribute("(A)(2)", "Developer of the intervention", rule.author, "the rule names no author"),
        Attribute("(A)(3)", "Funding source of the technical implementation", missing=NO_FUNDING),
        Attribute("(A)(4)", "Release and revision dates", say_dates(rule)),
        *used_data("A", range(5, 14), rule.facts),
    )


def say_dates(rule: Rule) -> str:
    dates = {"approved": rule.approval_date, "next review": rule.next_review_date}
    said = [f"{what} {day.isoformat()}" for what, day in dates.items() if day]
    reviewed = f"reviewed by {rule.reviewer}" if rule.reviewer else "not yet reviewed by a pharmacist"
    return ", ".join((f"version {rule.version}", *said, reviewed))


def used_data(part: str, numbers: Iterable[int], facts: frozenset[str]) -> Iterator[Attribute]:
    """Whether each of nine kinds of data counts, for (A)(5) to (A)(13)."""
    for number, (name, used) in zip(numbers, data_used(facts).items(), strict=True):
        yield Attribute(f"({part})({number})", f"Use of {name}", used)


def data_used(facts: frozenset[str]) -> dict[str, str]:
    """Which of the nine kinds of data a rule or model rests on, through the facts that others are computed from."""
    read = with_inputs(facts & CATALOGUE.keys())
    status = sorted(label(name) for name in read & HEALTH_STATUS)
    return {
        **dict.fromkeys(("race", "ethnicity", "language", "sexual orientation", "gender identity"), CHART_READS_NONE),
        "sex": say_used("sex" in read, facts, "sex"),
        "date of birth": say_used("age" in read, facts, "age"),
        "social determinants of health data": CHART_READS_NONE,
        "health status assessments data": f"used: {', '.join(status)}" if status else "not used",
    }


def say_used(used: bool, facts: frozenset[str], name: str) -> str:
    if not used:
        return "not used"
    through = sorted(
        label(fact) for fact in facts if fact != name and fact in CATALOGUE and name in with_inputs((fact,))
    )
    ways = ([f"as {label(name)}"] if name in facts else []) + ([f"through {', '.join(through)}"] if through else [])
    return f"used {'; '.join(ways)}"


def label(name: str) -> str:
    return CATALOGUE[name].label if name in CATALOGUE else name.replace("_", " ")


def cite(evidence: Evidence) -> str:
    return " ".join(
        part for part in (evidence.citation, evidence.url, f"({evidence.quality})") if part not in ("", "()")
    )


def as_attribute(place: str, name: str, value: str, missing: str) -> Attribute:
    """The value, or why there is none."""
    return Attribute(place, name, value) if value else Attribute(place, name, missing=missing)


def as_document(kind: str, id: str, head: Mapping[str, str], attributes: tuple[Attribute, ...]) -> dict[str, Any]:
    """The attributes as JSON has them."""
    return {
        "id": id,
        "kind": kind,
        **head,
        "regulation": "45 CFR 170.315(b)(11)(iv)",
        "attributes": [
            {
                "place": each.place,
                "name": each.name,
                **({"value": each.value} if each.value else {"notAvailableBecause": each.missing}),
            }
            for each in attributes
        ],
    }
