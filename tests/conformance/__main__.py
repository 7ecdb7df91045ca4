"""`python -m tests.conformance` writes `docs/conformance.md`."""

from tests.conformance.page import PAGE, find_holders, read_requirements, write_page

PAGE.write_text(write_page(read_requirements(), find_holders()), "utf-8")
