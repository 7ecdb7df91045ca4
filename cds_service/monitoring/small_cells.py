"""Small counts are not shown: they can tell who somebody is (CMS cell size suppression policy: none from 1 to 10).

A hidden count must not follow from those that are shown, by taking them from their sum. So wherever counts add up, what
is hidden of them together must not be small either, and must not be a single one: else the next smallest is hidden too
(complementary cell suppression; Willenborg and de Waal, Elements of Statistical Disclosure Control, 2001).
"""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from typing import Generic, TypeVar

LEAST = 11

Place = TypeVar("Place")


@dataclass(frozen=True, slots=True)
class Sum(Generic[Place]):
    """A count and those that it is the sum of, by where they stand."""

    whole: Place
    parts: tuple[Place, ...]

    @property
    def places(self) -> tuple[Place, ...]:
        return (self.whole, *self.parts)


def is_small(count: int, least: int) -> bool:
    return 0 < count < least


def hide_more(
    counts: Mapping[Place, int],
    sums: Sequence[Sum[Place]],
    hidden: AbstractSet[Place],
    least: int = LEAST,
    kept: AbstractSet[Place] = frozenset(),
) -> AbstractSet[Place]:
    """What is hidden of `counts`, so that nothing `hidden` follows from what is shown: `hidden` itself, and more.

    Of a sum the smallest parts go first and the whole goes last; what is in `kept` goes after everything else. Nothing
    that is 0 is hidden.
    """
    holding: dict[Place, list[Watched[Place]]] = defaultdict(list)
    for of in sums:
        rest = [place for place in of.places if counts[place] > 0]
        rest.sort(key=lambda place: (place in kept, place == of.whole, counts[place]), reverse=True)
        watched = Watched(of.whole, rest)
        for place in rest:
            holding[place].append(watched)
    found: set[Place] = set()
    waiting: list[Watched[Place]] = []

    def hide(place: Place) -> None:
        found.add(place)
        for each in holding[place]:
            each.note(place, counts[place])
            waiting.append(each)

    for place in counts:
        if place in hidden:
            hide(place)
    while waiting:
        each = waiting.pop()
        while each.tells(least) and (chosen := each.choose(found)) is not None:
            hide(chosen)
    return found


@dataclass(slots=True)
class Watched(Generic[Place]):
    """A sum while counts are being hidden: what may be hidden of it, what goes first at the end; how many parts are
    hidden and how much they are together, and whether the whole is."""

    whole: Place
    rest: list[Place]
    parts: int = 0
    together: int = 0
    without_whole: bool = False

    def note(self, place: Place, count: int) -> None:
        if place == self.whole:
            self.without_whole = True
        else:
            self.parts += 1
            self.together += count

    def tells(self, least: int) -> bool:
        """Whether something hidden follows from this sum."""
        if self.without_whole:
            return self.parts == 0
        return self.parts == 1 or 0 < self.together < least

    def choose(self, hidden: AbstractSet[Place]) -> Place | None:
        """What to hide next, None where nothing is left."""
        while self.rest:
            if (place := self.rest.pop()) not in hidden:
                return place
        return None


def show_parts(counts: Mapping[str, int], least: int = LEAST, sum_is_shown: bool = True) -> dict[str, int | None]:
    """The parts of a sum; None for what is hidden, which is all of them where the sum itself is."""
    if not sum_is_shown:
        return dict.fromkeys(counts)
    whole = {**counts, "": sum(counts.values())}
    small = {name for name, count in counts.items() if is_small(count, least)}
    hidden = hide_more(whole, [Sum("", tuple(counts))], small, least, frozenset({""}))
    return {name: None if name in hidden else count for name, count in counts.items()}
