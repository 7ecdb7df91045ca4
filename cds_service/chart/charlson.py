"""The Charlson comorbidity index from a problem list, without its points for age.

Weights: Charlson et al., J Chronic Dis 1987;40:373-383. ICD-10 categories: Quan et al., Med Care 2005;43:1130-1139.
"""

from functools import lru_cache
from types import MappingProxyType

from cds_service.chart.drugs import Problem
from cds_service.chart.facts import Fact, Items, Known, Source
from cds_service.chart.problems import undotted, unsettled
from cds_service.chart.systems import ICD10CM

Group = tuple[int, tuple[str, ...]]

GROUPS: MappingProxyType[str, Group] = MappingProxyType(
    {
        name: (weight, tuple(codes.split()))
        for name, weight, codes in (
            ("myocardial infarction", 1, "I21 I22 I25.2"),
            (
                "heart failure",
                1,
                "I09.9 I11.0 I13.0 I13.2 I25.5 I42.0 I42.5 I42.6 I42.7 I42.8 I42.9 I43 I50 P29.0",
            ),
            (
                "peripheral vascular disease",
                1,
                "I70 I71 I73.1 I73.8 I73.9 I77.1 I79.0 I79.2 K55.1 K55.8 K55.9 Z95.8 Z95.9",
            ),
            ("cerebrovascular disease", 1, "G45 G46 H34.0 I60 I61 I62 I63 I64 I65 I66 I67 I68 I69"),
            ("dementia", 1, "F00 F01 F02 F03 F05.1 G30 G31.1"),
            (
                "chronic lung disease",
                1,
                "I27.8 I27.9 J40 J41 J42 J43 J44 J45 J46 J47 J60 J61 J62 J63 J64 J65 J66 J67 J68.4 J70.1 J70.3",
            ),
            ("connective tissue disease", 1, "M05 M06 M31.5 M32 M33 M34 M35.1 M35.3 M36.0"),
            ("peptic ulcer", 1, "K25 K26 K27 K28"),
            (
                "mild liver disease",
                1,
                "B18 K70.0 K70.1 K70.2 K70.3 K70.9 K71.3 K71.4 K71.5 K71.7 K73 K74 K76.0 K76.2 K76.3 K76.4 K76.8 K76.9 "
                "Z94.4",
            ),
            (
                "diabetes",
                1,
                " ".join(f"E1{kind}.{end}" for kind in (0, 1, 2, 3, 4) for end in (0, 1, 6, 8, 9)),
            ),
            (
                "diabetes with organ damage",
                2,
                " ".join(f"E1{kind}.{end}" for kind in (0, 1, 2, 3, 4) for end in (2, 3, 4, 5, 7)),
            ),
            (
                "hemiplegia",
                2,
                "G04.1 G11.4 G80.1 G80.2 G81 G82 G83.0 G83.1 G83.2 G83.3 G83.4 G83.9",
            ),
            (
                "kidney disease",
                2,
                "I12.0 I13.1 N03.2 N03.3 N03.4 N03.5 N03.6 N03.7 N05.2 N05.3 N05.4 N05.5 N05.6 N05.7 N18 N19 N25.0 "
                "Z49.0 Z49.1 Z49.2 Z94.0 Z99.2",
            ),
            (
                "cancer",
                2,
                " ".join(
                    f"C{number:02}"
                    for first, last in (
                        (0, 26),
                        (30, 34),
                        (37, 41),
                        (43, 43),
                        (45, 58),
                        (60, 76),
                        (81, 85),
                        (88, 88),
                        (90, 97),
                    )
                    for number in range(first, last + 1)
                ),
            ),
            (
                "severe liver disease",
                3,
                "I85.0 I85.9 I86.4 I98.2 K70.4 K71.1 K72.1 K72.9 K76.5 K76.6 K76.7",
            ),
            ("metastatic cancer", 6, "C77 C78 C79 C80"),
            ("AIDS", 6, "B20 B21 B22 B24"),
        )
    }
)
# The severe form replaces the mild one.
REPLACES = MappingProxyType(
    {
        "diabetes with organ damage": "diabetes",
        "severe liver disease": "mild liver disease",
        "metastatic cancer": "cancer",
    }
)
LONGEST_PREFIX = 4  # characters of the longest code above, without its dot


def charlson_points(conditions: Items[Problem]) -> Fact[float]:
    """The points, `{score}`; a lower bound where the list was not read whole or a problem has no ICD-10-CM code.

    A list of which nothing was read gives Unknown.
    """
    doubt = unsettled(conditions)
    if doubt is not None and not conditions.items:
        return doubt
    problems = [problem for problem in conditions.items if problem.active]
    coded = [each for problem in problems for each in problem.codes if each.system == ICD10CM]
    found = {name for each in coded for name in groups_of(each.code.replace(".", "")[:LONGEST_PREFIX])}
    counted = found - {REPLACES[name] for name in found if name in REPLACES}
    placed = all(any(coded.system == ICD10CM for coded in problem.codes) for problem in problems)
    sources = tuple(Source(problem.reference, problem.onset) for problem in problems)
    points = float(sum(GROUPS[name][0] for name in counted))
    whole = doubt is None and placed
    return Known(points, "{score}", sources, at_least=not whole, formula="Charlson 1987, ICD-10 by Quan 2005")


@lru_cache(maxsize=4096)
def groups_of(beginning: str) -> tuple[str, ...]:
    """The groups of an ICD-10-CM code by its first characters, without the dot. Charts share most of their codes."""
    return tuple(name for name, (_, codes) in GROUPS.items() if beginning.startswith(undotted(codes)))
