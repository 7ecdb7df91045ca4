"""Where the shared reference data is, and the mark of tests that need it."""

from pathlib import Path

import pytest

SHARED = Path(__file__).resolve().parents[2].parent / "shared"

needs_shared = pytest.mark.skipif(not SHARED.is_dir(), reason="the shared reference data is not beside this checkout")
