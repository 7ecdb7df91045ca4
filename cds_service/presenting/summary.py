"""The first line of a card: under 140 characters, whatever the drugs are called (CH-111)."""

from collections.abc import Callable

from cds_service.chart.chart import Chart
from cds_service.knowledge.rules import Indicator, Severity
from cds_service.presenting.groups import Group, Unchecked
from cds_service.presenting.text import Text, one_line, plain_text, shorten
from cds_service.presenting.views import UNLIMITED, context_of, ingredient_name
from cds_service.presenting.wording import say_missing
from cds_service.reasoning.findings import Finding, Missing

LONGEST = 139
LONGEST_DETAIL = 45  # of what is not known, in the summary of the not-checked card
# How long one inserted name or value may be, from generous to terse: names give way, the words of the problem do not.
LIMITS = (UNLIMITED, 60, 40, 28, 20, 12, 6)


def summarise(group: Group, chart: Chart) -> str:
    """The summary of a group: the rule's own for one finding, the problem's pattern over all drugs for several.

    A contraindication speaks first: its own summary, and how many findings stand below it.
    """
    if group.parts:
        return summarise_review(group, chart)
    lead = group.findings[0]
    more = len(group.findings) - 1
    if not more:
        return fit(lambda limit: own_summary(lead, chart, limit))
    if lead.rule.severity is Severity.CONTRAINDICATED:
        return fit(lambda limit: f"{own_summary(lead, chart, limit)} (and {more} more)")
    return fit_names(group, drug_names(group.findings))


def summarise_review(review: Group, chart: Chart) -> str:
    """The problems of a review in order of urgency, the first with its drugs: "Medication review: bleeding risk (...)".

    A critical one speaks first, in its own summary.
    """
    first = review.parts[0]
    others = list(dict.fromkeys(inside(part.problem.title) for part in review.parts[1:]))
    urgent = min((finding.indicator for finding in first.findings), key=list(Indicator).index) is Indicator.CRITICAL
    bound = [each for finding in first.findings for each in finding.bindings.values()]
    names = list(dict.fromkeys(one_line(ingredient_name(each)) for each in bound))
    return fit(
        lambda limit: name_problems(
            f"{review.problem.title}: {summarise(first, chart) if urgent else say_problem(first, names, limit)}", others
        )
    )


def say_problem(group: Group, names: list[str], limit: int) -> str:
    """A problem inside a sentence, with its drugs: "bleeding risk (naproxen + warfarin + 1 more)"."""
    title = inside(group.problem.title)
    return f"{title} ({join_names(names, 2, limit)})" if names else title


def name_problems(first: str, others: list[str]) -> str:
    """The first problem and as many others as fit, the rest counted."""
    for shown in range(len(others), -1, -1):
        more = [f"{len(others) - shown} more"] if shown < len(others) else []
        text = "; ".join((first, *others[:shown], *more))
        if len(text) <= LONGEST:
            return text
    return text


def inside(title: str) -> str:
    """A title inside a sentence: with a small first letter, unless the word is an abbreviation (QT)."""
    return title if title[1:2].isupper() else title[:1].lower() + title[1:]


def fit(write: Callable[[int], str]) -> str:
    """The first text that fits when its names are allowed less and less; in the end the text itself is cut."""
    text = ""
    for limit in LIMITS:
        text = write(limit)
        if len(text) <= LONGEST:
            return text
    return shorten(text, LONGEST)


def fit_names(group: Group, names: list[str]) -> str:
    """The problem's pattern with three names, two names, then shorter ones: "a + b + 2 more"."""
    text = ""
    for limit in LIMITS:
        for shown in (3, 2):
            text = plain_text(group.problem.summary).fill({"drugs": join_names(names, shown, limit)})
            if len(text) <= LONGEST:
                return text
    return shorten(text, LONGEST)


def join_names(names: list[str], shown: int, limit: int) -> str:
    """At most `shown` names, each at most `limit` long, and how many are left: "a + b + 2 more"."""
    parts = [shorten(name, limit) for name in names[:shown]]
    if len(names) > shown:
        parts.append(f"{len(names) - shown} more")
    return " + ".join(parts)


def drug_names(findings: tuple[Finding, ...]) -> list[str]:
    """Names of the drugs of some findings, each once, in rank order, the order before the drug it meets."""
    names: dict[str, None] = {}
    for finding in findings:
        drugs = [bound.drug for bound in finding.bindings.values()]
        names.update((one_line(drug.name), None) for drug in sorted(drugs, key=lambda drug: not drug.is_draft))
    return list(names)


def own_summary(finding: Finding, chart: Chart, limit: int) -> str:
    """The rule's own summary with names and values of at most `limit` characters."""
    said = one_line(speak(plain_text, finding.rule.card.summary, finding, chart, limit))
    return said or plain_title(finding, limit)


def plain_title(finding: Finding, limit: int) -> str:
    names = join_names(drug_names((finding,)), 2, limit)
    return f"{names}: {finding.rule.title}" if names else finding.rule.title


def speak(
    compile_text: Callable[[str], Text], source: str, finding: Finding, chart: Chart, limit: int = UNLIMITED
) -> str:
    """A text of a finding's rule with its names filled in, or "" when that cannot be done.

    A slip in a text must not cost the card: whatever goes wrong inside a template, the finding is still shown under
    its title. `cds check` reads every text beforehand.
    """
    try:
        text = compile_text(source)
        return text.fixed or text.fill(context_of(text.names, finding, chart, limit)).strip()
    except Exception:
        return ""


def summarise_more(groups: tuple[Group, ...]) -> str:
    titles = ", ".join(dict.fromkeys(group.problem.title for group in groups))
    return shorten(f"{len(groups)} more, ranked lower: {titles}", LONGEST)


def summarise_unchecked(unchecked: tuple[Unchecked, ...]) -> str:
    """As many causes as fit, then how many are left."""
    clauses = [one_line(say_missing(short(line.missing), shorten(line.drug, 40))) for line in unchecked]
    text = ""
    for shown in range(len(clauses), 0, -1):
        rest = f"; {len(clauses) - shown} more" if shown < len(clauses) else ""
        text = f"Not checked: {'; '.join(clauses[:shown])}{rest}"
        if len(text) <= LONGEST:
            return text
    return shorten(text, LONGEST)


def short(missing: Missing) -> Missing:
    """What is missing, a long name cut and a long detail left out: it stands in the body of the card."""
    detail = missing.detail if missing.kind == "value" and len(missing.detail) <= LONGEST_DETAIL else ""
    return Missing(missing.kind, shorten(one_line(missing.subject), 70), missing.reason, detail)
