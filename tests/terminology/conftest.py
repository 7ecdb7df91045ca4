from pathlib import Path

import pytest

from cds_service.terminology.index import RxNormIndex, open_index

INDEX = Path(__file__).resolve().parents[2] / "rules" / "terminology" / "rxnorm.sqlite"


@pytest.fixture(scope="session")
def index() -> RxNormIndex:
    return open_index(INDEX)
