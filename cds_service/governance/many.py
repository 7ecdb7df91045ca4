"""The same work on many recorded decisions, in several processes."""

import gc
from collections.abc import Callable, Iterator, Sequence
from multiprocessing import get_context
from multiprocessing.connection import Connection, wait
from typing import TypeVar

from sqlalchemy import select

from cds_service.errors import CdsError
from cds_service.store.reading import Envelope, Records
from cds_service.store.tables import DECISIONS

PAGE = 100

Result = TypeVar("Result")
Work = Callable[[Sequence[str]], Iterator[Result]]
"""From ids of decisions to one result for each."""


class WorkStopped(CdsError):
    """A process that worked on decisions ended before it was done; the text says why, as far as it is known."""


def ids_since(records: Records, since: float, tenant: str | None = None, repeats: bool = True) -> list[str]:
    """The ids of the decisions recorded since then, oldest first; those removed by retention are left out."""
    query = select(DECISIONS.c.decision_id).where(DECISIONS.c.at >= since, DECISIONS.c.ciphertext.is_not(None))
    if tenant is not None:
        query = query.where(DECISIONS.c.tenant == tenant)
    if not repeats:
        query = query.where(DECISIONS.c.repeat.is_(False))
    with records.database.connect() as connection:
        return list(connection.execute(query.order_by(DECISIONS.c.at, DECISIONS.c.decision_id)).scalars())


def envelopes_of(records: Records, ids: Sequence[str]) -> Iterator[Envelope]:
    """The envelopes of these decisions, in no order."""
    for start in range(0, len(ids), PAGE):
        yield from records.envelopes(select(DECISIONS).where(DECISIONS.c.decision_id.in_(ids[start : start + PAGE])))


def spread(ids: Sequence[str], work: Work[Result], processes: int) -> Iterator[Result]:
    """The results of `work` on all ids, as they come. What `work` holds is shared by forking, not copied.

    `work` must open its own connections. Raises `WorkStopped`, or the `CdsError` that it raised.
    """
    gc.collect()
    gc.freeze()  # what is there is large and lives on: without this every process looks through it and copies it
    if processes == 1 or len(ids) < PAGE:
        yield from work(ids)
        return
    context = get_context("fork")
    running: list[Connection] = []
    for number in range(processes):
        receiver, sender = context.Pipe(duplex=False)
        process = context.Process(target=work_apart, args=(work, ids[number::processes], sender), daemon=True)
        process.start()
        sender.close()
        running.append(receiver)
    while running:
        ready = wait(running)
        for receiver in [each for each in running if each in ready]:
            try:
                results, error, done = receiver.recv()
            except EOFError:
                raise WorkStopped("a process ended before its work was done") from None
            if error is not None:
                raise error
            yield from results
            if done:
                running.remove(receiver)


def work_apart(work: Work[Result], ids: Sequence[str], sender: Connection) -> None:
    """In a process of its own: send results by the hundred, then that this was all, or what went wrong."""
    results: list[Result] = []
    try:
        for result in work(ids):
            results.append(result)
            if len(results) == PAGE:
                sender.send((results, None, False))
                results = []
    except CdsError as error:
        sender.send(([], WorkStopped(str(error)), True))
    except Exception as error:
        sender.send(([], WorkStopped(f"stopped with {type(error).__name__}: {error}"), True))
    else:
        sender.send((results, None, True))
