"""`python -m tests.contract` writes `docs/openapi.json`, the tables of `docs/integration.md` and the README's card."""

import json

from cds_service import __version__
from cds_service.app import build
from cds_service.settings import Settings
from tests.contract import integration, openapi, readme

services = build(Settings(), write=lambda record, milliseconds: None).release.services
document = json.dumps(openapi.describe_interface(services, __version__), indent=2, ensure_ascii=False)
openapi.PAGE.write_text(document + "\n", "utf-8")
integration.PAGE.write_text(integration.fill(integration.PAGE.read_text("utf-8"), services), "utf-8")
readme.PAGE.write_text(readme.fill(readme.PAGE.read_text("utf-8")), "utf-8")
