"""Whether the patient smokes, by the newest answer to the question."""

from collections.abc import Mapping

from cds_service.chart.catalogue import CATALOGUE
from cds_service.chart.facts import Fact, Known, Reason, Source, Unknown
from cds_service.chart.measuring import Setting, newest_reading
from cds_service.chart.pregnancy import answer_in
from cds_service.chart.readings import Readings

# US Core value set Smoking Status (3.1.1). "Smoker, current status unknown" and "unknown if ever smoked" answer
# nothing.
SMOKING_ANSWERS: Mapping[str, str] = {
    "449868002": "current",
    "428041000124106": "current",
    "428071000124103": "current",
    "428061000124105": "current",
    "8517006": "former",
    "266919005": "never",
}


def smoking_status(readings: Readings, setting: Setting) -> Fact[str]:
    """ "current", "former" or "never", by the newest answer."""
    fact = CATALOGUE["smoking_status"]
    newest = newest_reading(fact, readings, setting)
    if isinstance(newest, Unknown):
        return newest
    said = f"{fact.label} of {setting.on(newest.when)}"
    limit = setting.shelf_life(fact)
    if limit is not None and setting.now - newest.when > limit:
        return Unknown(Reason.TOO_OLD, said, newest.when)
    word = answer_in(newest.holder.value_codeable_concept, SMOKING_ANSWERS)
    if word is None:
        return Unknown(Reason.UNRECOGNISED, said, newest.when)
    return Known(word, sources=(Source(newest.reference, newest.when),), as_of=newest.when)
