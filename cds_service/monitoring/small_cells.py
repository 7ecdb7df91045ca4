"""Small counts are not shown: they can tell who somebody is (CMS cell size suppression policy: none from 1 to 10).

Where a hidden count could be worked out from the others of its row or column and their sum, one more is hidden.
"""

from collections.abc import Mapping, Sequence, Set

LEAST = 11

Cells = Set[tuple[int, str]]
Row = Mapping[str, int]
Sums = Mapping[str, tuple[str, ...]]


def show_counts(
    rows: Sequence[Row], sums: Sums, least: int = LEAST, beside: Cells = frozenset()
) -> list[dict[str, int | None]]:
    """The rows of one table with None for what is hidden. `sums` names columns that are the sum of others, `beside`
    cells (number of row, column) to hide for another reason."""
    small = {(place, name) for place, row in enumerate(rows) for name, count in row.items() if is_small(count, least)}
    hidden = small | beside
    while more := find_deducible(rows, sums, hidden):
        hidden |= more
    return [
        {name: None if (place, name) in hidden else count for name, count in row.items()}
        for place, row in enumerate(rows)
    ]


def show_parts(counts: Row, least: int = LEAST, sum_is_shown: bool = True) -> dict[str, int | None]:
    """The parts of a sum; None for all where the sum itself is hidden."""
    if not counts or not sum_is_shown:
        return dict.fromkeys(counts)
    shown = show_counts([{**counts, "": sum(counts.values())}], {"": tuple(counts)}, least)[0]
    return {name: shown[name] for name in counts}


def is_small(count: int, least: int) -> bool:
    return 0 < count < least


def find_deducible(rows: Sequence[Row], sums: Sums, hidden: set[tuple[int, str]]) -> set[tuple[int, str]]:
    """What has to be hidden besides: in each line of counts with one hidden, the next smallest that is not 0."""
    lines = [[(place, name) for place in range(len(rows))] for name in (rows[0] if rows else ())]
    for place in range(len(rows)):
        lines += [[(place, part) for part in parts] for total, parts in sums.items() if (place, total) not in hidden]
    found = set()
    for line in lines:
        open_ones = [each for each in line if each not in hidden and rows[each[0]][each[1]] > 0]
        if sum(each in hidden for each in line) == 1 and open_ones:
            found.add(min(open_ones, key=lambda each: (rows[each[0]][each[1]], each)))
    return found
