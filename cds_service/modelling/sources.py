"""Which data can be read, by the name that a recipe or a command gives them."""

from collections.abc import Callable, Mapping
from pathlib import Path

from cds_service.errors import BadData
from cds_service.knowledge.bundle import Bundle
from cds_service.modelling.diabetes130 import read_diabetes130
from cds_service.modelling.fact_table import read_fact_table
from cds_service.modelling.nhanes import read_nhanes
from cds_service.modelling.rows import Row

FACTS = "facts"
SOURCES: Mapping[str, Callable[[Path, Bundle], tuple[Row, ...]]] = {
    FACTS: read_fact_table,
    "diabetes-130": lambda path, _: read_diabetes130(path),
    "nhanes": lambda path, _: read_nhanes(path),
}


def read_rows(source: str, path: Path, bundle: Bundle) -> tuple[Row, ...]:
    """The rows of a file. Raises `BadData` for a source nobody knows and for a file without rows."""
    if source not in SOURCES:
        raise BadData(f"{source!r} is none of {', '.join(SOURCES)}")
    rows = SOURCES[source](path, bundle)
    if not rows:
        raise BadData(f"{path.name}: no rows")
    return rows
