"""Whether the patient may become pregnant: by sex, age and what was recorded of womb, tubes and menopause."""

from cds_service.chart.dialysis import unsettled_procedures
from cds_service.chart.drugs import Problem, ProcedureDone
from cds_service.chart.facts import Fact, Items, Known, Reason, Source, Unknown
from cds_service.chart.problems import is_coded, unsettled
from cds_service.chart.procedure_codes import STERILISATION

# House default, not from a source: the ages at which a pregnancy is asked about.
YOUNGEST, OLDEST = 12, 50

# History of hysterectomy, history of tubal ligation, asymptomatic postmenopausal status (SNOMED CT).
NOT_FERTILE_SNOMED = frozenset({"161800001", "267020005", "76498008"})
# Absence of the uterus (not Z90.712, where the uterus remains) or of both ovaries, tubal ligation status, menopausal
# state, and what only comes after menopause. N95.1 may be the years before it.
NOT_FERTILE_ICD_10_CM = ("Z90.710", "Z90.711", "Z90.722", "Z98.51", "Z78.0", "N95.0", "N95.2")


def can_become_pregnant(
    age: Fact[float], sex: Fact[str], conditions: Items[Problem], procedures: Items[ProcedureDone]
) -> Fact[bool]:
    """Yes for a woman of 12 to 50 years with no hysterectomy, sterilisation or menopause on lists read whole.

    These do not resolve: an entry marked as resolved counts too. Contraception is not looked at.
    """
    if isinstance(sex, Unknown):
        return sex
    if sex.value == "male":
        return Known(False, sources=sex.sources)
    if isinstance(age, Unknown):
        return age
    if age.value > OLDEST or (age.value < YOUNGEST and not age.at_least):
        return Known(False, sources=age.sources)
    source = not_fertile(conditions, procedures)
    if source is not None:
        return Known(False, sources=(source,), as_of=source.as_of)
    return unsettled(conditions) or unsettled_procedures(procedures) or of_age(age)


def of_age(age: Known[float]) -> Fact[bool]:
    """A birth date of a year only leaves open on which side of the limits the patient is."""
    if age.at_least and not YOUNGEST <= age.value < OLDEST:
        return Unknown(Reason.MALFORMED, "birth date without a day", age.as_of)
    return Known(True, sources=age.sources)


def not_fertile(conditions: Items[Problem], procedures: Items[ProcedureDone]) -> Source | None:
    """The first entry that rules a pregnancy out."""
    for problem in conditions.items:
        if any(is_coded(coded, NOT_FERTILE_SNOMED, NOT_FERTILE_ICD_10_CM) for coded in problem.codes):
            return Source(problem.reference, problem.onset)
    for done in procedures.items:
        if any((coded.system, coded.code) in STERILISATION for coded in done.codes):
            return Source(done.reference, done.when)
    return None
