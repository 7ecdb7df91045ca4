"""Whether the patient is on dialysis, from the problem list and from recent sessions.

End-stage renal disease alone is not dialysis: it is treated by a transplant or without either, too.
"""

from datetime import timedelta

from cds_service.chart.drugs import Problem, ProcedureDone
from cds_service.chart.facts import Fact, Items, Known, Reason, Source, Unknown
from cds_service.chart.measuring import Setting
from cds_service.chart.problems import find_problem, unsettled
from cds_service.chart.procedure_codes import DIALYSIS_SESSION

# Dependence on renal dialysis; chronic kidney disease stage 5 on dialysis.
DEPENDENT_SNOMED = frozenset({"105502003", "714152005"})
DEPENDENT_ICD_10_CM = ("Z99.2",)

# History of renal transplant; kidney transplant status. Then a dialysis entry beside it may be left over.
TRANSPLANTED_SNOMED = frozenset({"161665007"})
TRANSPLANTED_ICD_10_CM = ("Z94.0",)

# Sessions are usually three a week. House default, not from a source.
RECENT = timedelta(days=14)


def on_dialysis(conditions: Items[Problem], procedures: Items[ProcedureDone], setting: Setting) -> Fact[bool]:
    """Yes by a session of the last two weeks or an active dialysis problem; no only when both lists were read whole.

    An active dialysis problem beside a kidney transplant proves nothing.
    """
    session = last_session(procedures, setting)
    if session is not None:
        return session
    problem = find_problem(conditions, DEPENDENT_SNOMED, DEPENDENT_ICD_10_CM)
    if problem is not None:
        if find_problem(conditions, TRANSPLANTED_SNOMED, TRANSPLANTED_ICD_10_CM):
            return Unknown(Reason.MALFORMED, "both dialysis and a kidney transplant on the problem list")
        return Known(True, sources=(Source(problem.reference, problem.onset),), as_of=problem.onset)
    return unsettled(conditions) or unsettled_procedures(procedures) or Known(False)


def last_session(procedures: Items[ProcedureDone], setting: Setting) -> Known[bool] | None:
    """The newest session that is recent; one without a date proves nothing."""
    sessions = [
        (done.when, done.reference)
        for done in procedures.items
        if done.when is not None
        and setting.now - done.when <= RECENT
        and any((coded.system, coded.code) in DIALYSIS_SESSION for coded in done.codes)
    ]
    if not sessions:
        return None
    when, reference = max(sessions)
    return Known(True, sources=(Source(reference, when),), as_of=when)


def unsettled_procedures(procedures: Items[ProcedureDone]) -> Unknown | None:
    """Why the procedures cannot prove that something was not done; None when they can."""
    if procedures.complete and not procedures.unrecognised:
        return None
    reason = Reason.UNRECOGNISED if procedures.complete else procedures.reason or Reason.NOT_SENT
    return Unknown(reason, f"procedures {reason.value}")
