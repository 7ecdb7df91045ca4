"""`python -m tests.contract` writes `docs/openapi.json`."""

import json

from cds_service import __version__
from cds_service.app import build
from cds_service.settings import Settings
from tests.contract.openapi import PAGE, describe_interface

services = build(Settings(), write=lambda record, milliseconds: None).release.services
PAGE.write_text(json.dumps(describe_interface(services, __version__), indent=2, ensure_ascii=False) + "\n", "utf-8")
