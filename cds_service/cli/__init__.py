"""The `cds` command. Each command imports what it needs when it runs, so `cds --help` is quick."""

import typer

from cds_service.cli.accesses import accesses
from cds_service.cli.audit import audit
from cds_service.cli.checking import check
from cds_service.cli.clients import clients
from cds_service.cli.explaining import explain
from cds_service.cli.keys import keys
from cds_service.cli.models import models
from cds_service.cli.predicted import arms, predictions
from cds_service.cli.release import release
from cds_service.cli.replay import replay
from cds_service.cli.reporting import report
from cds_service.cli.scoring import score
from cds_service.cli.serving import serve
from cds_service.cli.simulate import simulate
from cds_service.cli.store import store
from cds_service.cli.terminology import terminology
from cds_service.cli.trying import try_requests

app = typer.Typer(
    name="cds",
    help="Medication-safety decision support over CDS Hooks.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
app.command("serve")(serve)
app.command("try")(try_requests)
app.command("score")(score)
app.command("check")(check)
app.command("explain")(explain)
app.command("report")(report)
app.command("replay")(replay)
app.command("simulate")(simulate)
models.command("predictions")(predictions)
models.command("arms")(arms)
audit.command("accesses")(accesses)
app.add_typer(terminology, name="terminology")
app.add_typer(clients, name="clients")
app.add_typer(keys, name="keys")
app.add_typer(models, name="models")
app.add_typer(audit, name="audit")
app.add_typer(store, name="store")
app.add_typer(release, name="release")
