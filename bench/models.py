"""CPU of all models of order-sign together, on a patient whom every one of them concerns: `python -m bench.models`."""

import json
import time
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from bench.bodies import order_sign
from cds_service.app import open_terminology, read_folders
from cds_service.chart.chart import Chart
from cds_service.chart.drugs import Coded, Drug, Problem, RecognisedBy
from cds_service.chart.facts import Fact, Items, Known
from cds_service.knowledge.compile import compile_release
from cds_service.risk.prediction import Prediction
from cds_service.risk.score import score
from cds_service.terminology.products import Ingredient, Route

ROUNDS = 2000
NOW = datetime(2026, 11, 20, tzinfo=UTC)
ICD10CM = "http://hl7.org/fhir/sid/icd-10-cm"

# RxNorm IN: apixaban, amiodarone, furosemide, morphine, sertraline, metformin, atorvastatin; ordered: haloperidol.
TAKEN = ("1364430", "703", "4603", "7052", "36437", "6809", "83367")
ORDERED = ("5093",)
PROBLEMS = ("I48.0", "I50.9", "I10", "E11.9", "I25.2", "N18.3", "J44.9", "Z86.73", "M54.5", "E78.5")


def a_drug(rxcui: str, draft: bool) -> Drug:
    return Drug(
        reference=f"MedicationRequest/{rxcui}",
        name=rxcui,
        rxcui=rxcui,
        ingredients=(Ingredient(rxcui, rxcui),),
        dose_form="Oral Tablet",
        route=Route.SYSTEMIC,
        recognised_by=RecognisedBy.CODE,
        is_draft=draft,
        status="draft" if draft else "active",
    )


def a_patient() -> Chart:
    """In hospital, 74 years old, ten problems, seven medications and one order; everything known."""
    day = NOW - timedelta(days=1)
    values: dict[str, Fact[float | str | bool]] = {
        **{name: Known(value, unit, as_of=day) for name, value, unit in MEASURED},
        **{name: Known(value, as_of=day) for name, value in SAID},
    }
    problems = tuple(Problem(f"Condition/{code}", code, (Coded(ICD10CM, code),), True, day) for code in PROBLEMS)
    return Chart(
        now=NOW,
        hook="order-sign",
        orders=Items(tuple(a_drug(code, True) for code in ORDERED), complete=True, reason=None),
        medications=Items(tuple(a_drug(code, False) for code in TAKEN), complete=True, reason=None),
        conditions=Items(problems, complete=True, reason=None),
        values=values,
        inpatient=True,
    )


MEASURED: tuple[tuple[str, float, str], ...] = (
    ("age", 74.0, "a"),
    ("sbp", 165.0, "mm[Hg]"),
    ("creatinine", 1.4, "mg/dL"),
    ("potassium", 3.4, "mmol/L"),
    ("qtc", 460.0, "ms"),
    ("mme_daily", 60.0, "mg/d"),
    ("bilirubin_times_uln", 0.5, "{ULN}"),
    ("alt_times_uln", 0.8, "{ULN}"),
    ("ast_times_uln", 0.7, "{ULN}"),
)
SAID: tuple[tuple[str, str | bool], ...] = (
    ("sex", "female"),
    ("inpatient", True),
    ("dialysis", False),
    ("acute_infarction", False),
    ("sepsis", False),
)


def clock(work: Callable[[], object]) -> list[float]:
    """Microseconds of CPU of each round, sorted."""
    times = []
    for _ in range(ROUNDS):
        started = time.process_time_ns()
        work()
        times.append((time.process_time_ns() - started) / 1000)
    return sorted(times)


def measure() -> str:
    """Median, and the fastest twentieth: what else runs slows the others. Beside it the decoding of a call."""
    models = compile_release(read_folders(), open_terminology()).models
    chart = a_patient()
    body = order_sign(14_000)
    scored, decoded = clock(lambda: score(models, chart)), clock(lambda: json.loads(body))
    said = [each.model for each in score(models, chart) if isinstance(each, Prediction)]
    lines = [f"{', '.join(said)}:"]
    for name, times in (("all models", scored), (f"json.loads of a call of {len(body)} bytes", decoded)):
        lines.append(f"  {name}: median {times[ROUNDS // 2]:.0f} µs, fastest twentieth {times[ROUNDS // 20]:.0f} µs")
    return "\n".join(lines)


if __name__ == "__main__":
    print(measure())
