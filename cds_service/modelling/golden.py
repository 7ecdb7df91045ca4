"""golden.csv: invented patients and what model.json gives for them, worked out apart from the code that serves."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from cds_service.knowledge.bundle import Bundle, Predictor
from cds_service.knowledge.terms import Value
from cds_service.modelling.export import add_up, walk_levels
from cds_service.modelling.levels import UNKNOWN, Levels

RANDOM_PATIENTS = 60
SEED = 1


def write_golden(bundle: Bundle, document: Mapping[str, Any], levels: Mapping[str, Levels]) -> str:
    """The file as text: each level of each predictor once beside the first levels of the others, then combinations
    drawn with a fixed seed."""
    known = {predictor.name: predictor for predictor in bundle.predictors}
    first = {name: value_at(known[name], each, 0) for name, each in levels.items()}
    patients = [{**first, name: value_at(known[name], levels[name], place)} for name, place in walk_levels(levels)]
    random = np.random.default_rng(SEED)
    for _ in range(RANDOM_PATIENTS):
        drawn = {
            name: int(random.integers(-1 if each.unknown_level else 0, each.count)) for name, each in levels.items()
        }
        patients.append({name: value_at(known[name], levels[name], place) for name, place in drawn.items()})
    inputs = {name: [patient[name] for patient in patients] for name in levels}
    return write_rows(bundle.outcomes[0].id, patients, [float(each) for each in add_up(document, levels, inputs)])


def write_rows(outcome: str, patients: Sequence[Mapping[str, Value | None]], expected: Sequence[float]) -> str:
    names = list(patients[0])
    lines = [",".join(("outcome", *names, "expected"))]
    for patient, result in zip(patients, expected, strict=True):
        cells = (write_cell(patient[name]) for name in names)
        lines.append(",".join((outcome, *cells, repr(result))))
    return "\n".join(lines) + "\n"


def write_cell(value: Value | None) -> str:
    return "" if value is None else value if isinstance(value, str) else f"{value:g}"


def value_at(predictor: Predictor, levels: Levels, place: int) -> Value | None:
    """A value that stands at this level: the word, or the number at its lower edge inside the range of the model."""
    if place == UNKNOWN:
        return None
    if levels.is_words:
        return levels.cuts[place]
    low, high = predictor.within or (0.0, 1.0)
    edge = float(levels.cuts[place - 1]) if place else low
    return float(np.ceil(edge)) if low <= edge <= high else low
