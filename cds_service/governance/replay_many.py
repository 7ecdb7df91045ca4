"""Decides many recorded calls again, and counts how many come out equal to the byte."""

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from cds_service.errors import BadRelease
from cds_service.governance.many import envelopes_of
from cds_service.governance.replay import Archive, encode, must_be_equal, replay
from cds_service.record.reading import UnreadableRecord, read_record
from cds_service.store.reading import Records
from cds_service.store.releases import NoSuchRelease
from cds_service.store.sealing import Unopened

NAMED = 10


class Again(StrEnum):
    """How a decision came out again; the value ends the sentence "it is ..."."""

    EQUAL = "equal to the byte"
    OTHER_CODE = "different, decided by another version of the code"
    DIFFERENT = "different, though release and code are the same"
    NO_RELEASE = "decided under a release that is not kept or cannot be read"
    UNREADABLE = "changed since it was recorded, or of another form"


@dataclass(frozen=True, slots=True)
class Counted:
    """How many decisions came out how, and the ids of some that did not come out equal."""

    counts: Mapping[Again, int]
    named: tuple[tuple[str, Again], ...]

    @property
    def total(self) -> int:
        return sum(self.counts.values())

    @property
    def passed(self) -> bool:
        """Whether everything is equal that should be."""
        return not any(self.counts.get(each, 0) for each in (Again.DIFFERENT, Again.NO_RELEASE, Again.UNREADABLE))


def replay_each(records: Records, archive: Archive, ids: Sequence[str]) -> Iterator[tuple[str, Again]]:
    """How each of these decisions comes out again."""
    for envelope in envelopes_of(records, ids):
        try:
            content = records.open(envelope)
            kept = read_record(content)
            equal = encode(replay(kept, archive)) == content
        except (NoSuchRelease, BadRelease):
            yield envelope.row.decision_id, Again.NO_RELEASE
        except (Unopened, UnreadableRecord):
            yield envelope.row.decision_id, Again.UNREADABLE
        else:
            other = Again.DIFFERENT if must_be_equal(kept) else Again.OTHER_CODE
            yield envelope.row.decision_id, Again.EQUAL if equal else other


def count(results: Iterator[tuple[str, Again]]) -> Counted:
    counts: Counter[Again] = Counter()
    named: list[tuple[str, Again]] = []
    for decision_id, again in results:
        counts[again] += 1
        if again is not Again.EQUAL and len(named) < NAMED:
            named.append((decision_id, again))
    return Counted(counts, tuple(named))
