"""The internal validation that a model card stands on: repeated cross-validation, order of time, and how much local
data an update needs."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np

from cds_service.modelling.additive import choose_and_fit, predict_rows
from cds_service.modelling.comparators import boost
from cds_service.modelling.cross_validate import BOOSTED, MODEL, NAMES, REGRESSION, Fold, Prepared
from cds_service.modelling.folds import deal_patients, first_patients
from cds_service.modelling.measures import auroc, calibrate_errors, in_the_large, measure, recalibrated, recalibration
from cds_service.modelling.report import Scored, report_on
from cds_service.modelling.resample import DRAWS, intervals
from cds_service.modelling.rows import Floats, Ints, Table

EARLY = 0.8
STUDY_SIZES = (200, 500, 1000, 2000)
STUDY_DRAWS = 50

Tell = Callable[[str], None]
Measures = dict[str, float]


def sum_up(data: Prepared, folds: Sequence[Fold], tell: Tell, draws: int = DRAWS) -> dict[str, Any]:
    """Means over the test parts, intervals over patients, differences to the comparators, and the fixed report on the
    first repeat's out-of-fold predictions."""
    table = data.table
    tell("measures of every fold")
    each = {name: [measure(fold.chances[name], table.outcomes[fold.rows]) for fold in folds] for name in NAMES}
    whole = [gather_repeat(folds, seed, len(table)) for seed in sorted({fold.seed for fold in folds})]

    def of_draw(number: int, rows: Ints) -> Measures:
        chances = whole[number % len(whole)]
        return compare_rows({name: chance[rows] for name, chance in chances.items()}, table.outcomes[rows])

    tell("intervals over patients")
    ranges = intervals(table.patients, of_draw, draws, seed=1)
    first = Scored(table.patients, table.outcomes, whole[0], table.groups)
    return {
        "folds": len(folds),
        "mean": {name: average(found) for name, found in each.items()},
        "spread": {name: spread(found) for name, found in each.items()},
        "difference": {
            f"{measured} to {other}": average(each[MODEL])[measured] - average(each[other])[measured]
            for measured in ("auroc", "brier")
            for other in (BOOSTED, REGRESSION)
        },
        "intervals": ranges,
        "pairs_chosen": [fold.pairs for fold in folds],
        "first_repeat": report_on(first, data.recipe.thresholds, seed=1, tell=tell, draws=draws),
    }


def gather_repeat(folds: Sequence[Fold], seed: int, rows: int) -> dict[str, Floats]:
    """The out-of-fold predictions of one repeat for all rows."""
    chances = {name: np.full(rows, np.nan) for name in NAMES}
    for fold in folds:
        if fold.seed == seed:
            for name in NAMES:
                chances[name][fold.rows] = fold.chances[name]
    return chances


def compare_rows(chances: Mapping[str, Floats], outcomes: Floats) -> Measures:
    """The measures of the model whose intervals are reported, and its differences to the comparators."""
    _, slope = recalibration(chances[MODEL], outcomes)
    areas = {name: auroc(chance, outcomes) for name, chance in chances.items()}
    briers = {name: float(np.mean((chance - outcomes) ** 2)) for name, chance in chances.items()}
    mean = float(outcomes.mean())
    found = {
        "auroc": areas[MODEL],
        "brier": briers[MODEL],
        "ipa": 1 - briers[MODEL] / (mean * (1 - mean)),
        "oe": mean / float(chances[MODEL].mean()),
        "citl": in_the_large(chances[MODEL], outcomes),
        "slope": slope,
        **calibrate_errors(chances[MODEL], outcomes),
    }
    for other in (BOOSTED, REGRESSION):
        found[f"auroc to {other}"] = areas[MODEL] - areas[other]
        found[f"brier to {other}"] = briers[MODEL] - briers[other]
    return found


def average(found: Sequence[Measures]) -> Measures:
    return {name: float(np.mean([each[name] for each in found])) for name in found[0]}


def spread(found: Sequence[Measures]) -> dict[str, tuple[float, float]]:
    """Least and greatest over the folds."""
    return {name: (min(each[name] for each in found), max(each[name] for each in found)) for name in found[0]}


def validate_in_time(data: Prepared, tell: Tell, seed: int = 1) -> dict[str, Any]:
    """Train on the patients who came first, test on the others; then what an update with few local data brings."""
    table = data.table
    early = first_patients(table.patients, table.order, EARLY)
    tell("order of time: fit")
    model = choose_and_fit(data.recipe, data.placed.take(early), table.take(early), seed)
    later = table.take(~early)
    chances = {
        MODEL: predict_rows(model, data.placed.take(~early)),
        BOOSTED: boost(data.plain, data.words, early, ~early, table, seed),
    }
    found = {name: measure(chance, later.outcomes) for name, chance in chances.items()}
    tell("order of time: intervals")
    ranges = intervals(later.patients, lambda _, rows: measure(chances[MODEL][rows], later.outcomes[rows]), DRAWS, seed)
    tell("order of time: updates")
    return {
        "train": {"n": int(early.sum()), "events": int(table.outcomes[early].sum())},
        "test": {"n": len(later), "events": int(later.outcomes.sum())},
        "measures": found,
        "intervals": ranges,
        "update": study_updates(chances[MODEL], later, seed),
    }


def study_updates(chance: Floats, later: Table, seed: int) -> dict[str, Any]:
    """Mean ICI on one half of the patients after an intercept update with n encounters of the other half."""
    half = deal_patients(later.patients, 2, seed) == 0
    own, others = np.flatnonzero(half), ~half
    random = np.random.default_rng(seed)

    def after(rows: Ints) -> float:
        shift = in_the_large(chance[rows], later.outcomes[rows])
        return calibrate_errors(recalibrated(chance[others], shift), later.outcomes[others])["ici"]

    by_size = {}
    for size in (each for each in STUDY_SIZES if each <= len(own)):
        found = [after(random.choice(own, size, replace=False)) for _ in range(STUDY_DRAWS)]
        by_size[str(size)] = float(np.mean(found))
    return {
        "none": calibrate_errors(chance[others], later.outcomes[others])["ici"],
        "intercept_by_n": by_size,
        "intercept_all": {"n": len(own), "ici": after(own)},
        "draws": STUDY_DRAWS,
    }
