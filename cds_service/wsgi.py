"""Entry point for WSGI servers other than the one `cds serve` starts: `cds_service.wsgi:app`.

Each process must import it after it was forked: threads of the store do not outlive a fork.
"""

import atexit
import os
from dataclasses import replace

from cds_service.app import build_server
from cds_service.folders import data_folder
from cds_service.monitoring.meters import Meters
from cds_service.settings import load_settings
from cds_service.web.log import log_decision, log_store, start_logging
from cds_service.web.routes import make_flask

start_logging()
application = build_server(load_settings(data_folder("config"), os.environ), log_decision, log_store)
application.start()
atexit.register(application.close)
app = make_flask(replace(application, meters=Meters()))
