"""No patient stands on both sides."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from cds_service.modelling.folds import deal_patients, first_patients, split_repeatedly
from cds_service.modelling.resample import draw_patients, interval

patients = st.lists(st.sampled_from("abcdefghij"), min_size=2, max_size=60).map(lambda names: np.array(names))


@given(patients, st.integers(0, 3))
def test_every_row_of_a_patient_is_in_the_same_part_and_each_row_is_tested_once(names: np.ndarray, seed: int) -> None:
    tested = np.zeros(len(names))
    for _, _, test in split_repeatedly(names, 5, range(seed, seed + 1)):
        assert not set(names[test]) & set(names[~test])
        tested += test
    assert (tested == 1).all()


@given(patients)
def test_the_same_seed_deals_the_same_parts(names: np.ndarray) -> None:
    assert (deal_patients(names, 3, 1) == deal_patients(names, 3, 1)).all()


def test_patients_who_came_first_are_those_whose_first_row_came_first() -> None:
    names = np.array(["a", "b", "a", "c", "d", "e"])
    order = np.array(["1", "2", "9", "4", "5", "3"])
    # First rows: a 1, b 2, e 3, c 4, d 5. Four fifths of five patients: a, b, e, c.
    early = first_patients(names, order, 0.8)
    assert list(early) == [True, True, True, True, False, True]


@given(patients)
def test_a_drawn_patient_brings_all_rows(names: np.ndarray) -> None:
    for rows in draw_patients(names, 3, seed=1):
        drawn = np.bincount(rows, minlength=len(names))
        for name in set(names):
            assert len(set(drawn[names == name])) == 1


def test_an_interval_is_the_middle_95_in_100() -> None:
    assert interval([float(value) for value in range(1001)]) == (25.0, 975.0)
