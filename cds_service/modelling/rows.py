"""Patients as training and validation data hold them: chart facts with an outcome."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import numpy.typing as npt

from cds_service.chart.facts import Fact
from cds_service.knowledge.bundle import Bundle
from cds_service.knowledge.terms import Value
from cds_service.risk.predictors import read_predictors

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Row:
    """One encounter or person. `facts` go by the names of `Predictor.fact`; `outcome` is what happened.

    `order` puts rows in time (a date as ISO text, or a running number padded with zeros); `groups` are what results
    are reported by, such as race, whether or not the model uses them.
    """

    patient: str
    facts: Mapping[str, Fact[Any]]
    outcome: bool
    order: str = ""
    groups: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Table:
    """Rows as columns. `values` has one list per predictor of the model, as `risk.read_predictors` gives them.

    `refused` marks rows the model makes no prediction for: a value outside its range, or one missing that it needs.
    """

    patients: npt.NDArray[np.str_]
    outcomes: Floats
    order: npt.NDArray[np.str_]
    groups: Mapping[str, npt.NDArray[np.str_]]
    values: Mapping[str, tuple[Value | None, ...]]
    refused: npt.NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.outcomes)

    def take(self, chosen: npt.NDArray[Any]) -> "Table":
        """The rows at these places, or where a mask is true."""
        places = np.flatnonzero(chosen) if chosen.dtype == bool else chosen
        return Table(
            self.patients[places],
            self.outcomes[places],
            self.order[places],
            {name: labels[places] for name, labels in self.groups.items()},
            {name: tuple(column[place] for place in places) for name, column in self.values.items()},
            self.refused[places],
        )


def tabulate(bundle: Bundle, rows: Sequence[Row]) -> Table:
    """The inputs of `bundle` for every row, by the function that serving uses."""
    read = [read_predictors(bundle, row.facts) for row in rows]
    names = tuple(predictor.name for predictor in bundle.predictors)
    labels = dict.fromkeys(label for row in rows for label in row.groups)
    return Table(
        patients=np.array([row.patient for row in rows], dtype=np.str_),
        outcomes=np.array([float(row.outcome) for row in rows]),
        order=np.array([row.order for row in rows], dtype=np.str_),
        groups={label: np.array([row.groups.get(label, "") for row in rows], dtype=np.str_) for label in labels},
        values={name: tuple(each.values[name] for each in read) for name in names},
        refused=np.array([bool(each.refusals) for each in read]),
    )
