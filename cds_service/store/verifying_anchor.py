"""Do the database and its anchor tell of the same checkpoints?"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence

from sqlalchemy import Engine, func, select

from cds_service.store.audit import Audit
from cds_service.store.checkpoints import Checkpoint, is_genuine, line_digest, read_line
from cds_service.store.raw import find_odd, raw_columns
from cds_service.store.ring import Ring
from cds_service.store.tables import CHECKPOINTS


def read_anchored(database: Engine) -> int:
    """The number of the last checkpoint that the anchor took, by the database's word; 0 where it took none."""
    query = select(func.max(CHECKPOINTS.c.number)).where(CHECKPOINTS.c.anchored.is_(True))
    with database.connect() as connection:
        return connection.execute(query).scalar() or 0


def read_kept_lines(database: Engine, audit: Audit) -> dict[int, str]:
    """The checkpoints as the database has them, by number; rows that hold none are named."""
    kept: dict[int, str] = {}
    with database.connect() as connection:
        rows = connection.execute(select(*raw_columns(CHECKPOINTS)).order_by(CHECKPOINTS.c.number)).mappings()
        for row in rows:
            odd = find_odd(CHECKPOINTS, row)
            audit.problems += [f"checkpoint {row['number']}: {what}" for what in odd]
            kept[row["number"]] = row["line"] if isinstance(row["line"], str) else ""
    return kept


def read_signed(lines: Iterable[str], ring: Ring, audit: Audit) -> list[Checkpoint]:
    """The checkpoints that keys of this ring signed; lines that hold none are named."""
    genuine = []
    for number, line in enumerate(lines, 1):
        checkpoint = read_line(line)
        if checkpoint is not None and is_genuine(checkpoint, ring):
            genuine.append(checkpoint)
        else:
            audit.problems.append(f"checkpoints: line {number} is not one that this ring signed")
    return genuine


def compare_checkpoints(
    kept: Mapping[int, str], lines: Sequence[str], anchored: Sequence[Checkpoint], last: int
) -> Iterator[str]:
    """Where the database's checkpoints are not those of the anchor, which took them up to number `last`.

    An anchor may begin late: logs are rotated.
    """
    numbers = {each.number for each in anchored}
    counts = Counter({each.signature: each.number for each in anchored}.values())
    for number in sorted(number for number, count in counts.items() if count > 1):
        yield (
            f"checkpoint {number}: the anchor has two of this number: an older copy of the database was put back"
            " and used"
        )
    taken = {line_digest(line[line.find("{") :].strip()) for line in lines}
    for number, line in kept.items():
        if line_digest(line) not in taken and number in numbers:
            yield f"checkpoint {number}: is not the one that the anchor has"
        elif number not in numbers and min(numbers, default=number) < number < max(numbers, default=number):
            yield f"checkpoint {number}: is missing from the anchor"
    for number in sorted(numbers - kept.keys()):
        yield (
            f"checkpoint {number}: the anchor has it, the database does not: an older copy of the database was put"
            " back, or it was deleted"
        )
    yield from find_cut(max(numbers, default=0), last)


def find_cut(found: int, last: int) -> Iterator[str]:
    """Whether the anchor ends before what it took."""
    if last > found:
        which = f"checkpoint {last}" if last == found + 1 else f"checkpoints {found + 1} to {last}"
        yield f"{which}: given to the anchor and not in it: its end was cut off, or these are not all of its lines"
