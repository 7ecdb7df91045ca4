"""A report as one HTML page that needs nothing else."""

from collections.abc import Mapping
from typing import Any

from jinja2 import Environment
from markupsafe import Markup

from cds_service.modelling.plots import plot_benefit, plot_calibration, plot_groups

MEASURES = {
    "auroc": "AUROC",
    "auprc": "AUPRC",
    "brier": "Brier score",
    "ipa": "IPA",
    "log_loss": "log loss",
    "oe": "observed / expected",
    "citl": "calibration-in-the-large",
    "slope": "calibration slope",
    "ici": "ICI",
    "e50": "E50",
    "e90": "E90",
    "emax": "Emax",
}

PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{{ title }}</title>
<style>
body { font: 16px/1.5 system-ui, sans-serif; max-width: 62rem; margin: 2rem auto; padding: 0 1rem; color: #1a1a1a; }
table { border-collapse: collapse; margin: 1rem 0; } td, th { padding: .25rem .75rem; border-bottom: 1px solid #ccc; }
td { text-align: right; font-variant-numeric: tabular-nums; } th { text-align: left; }
figure { display: inline-block; width: 29rem; max-width: 100%; margin: 0 .5rem 1rem 0; vertical-align: top; }
svg { width: 100%; height: auto; font: 12px system-ui, sans-serif; }
</style>
</head>
<body>
<h1>{{ title }}</h1>
<p>{{ about }}</p>
<p>{{ "{:,}".format(report.n) }} encounters of {{ "{:,}".format(report.patients) }} patients,
{{ "{:,}".format(report.events) }} events ({{ "%.1f" | format(100 * report.events / report.n) }} %).</p>
<h2>Measures</h2>
<table>
<tr><th scope="col">measure</th>{% for name in report.measures %}<th scope="col">{{ name }}</th>{% endfor %}
<th scope="col">95 % interval of the first, over patients</th></tr>
{% for key, label in measures.items() %}
<tr><th scope="row">{{ label }}</th>
{% for found in report.measures.values() %}<td>{{ "%.4f" | format(found[key]) }}</td>{% endfor %}
<td>{{ "%.4f to %.4f" | format(*report.intervals[key]) }}</td></tr>
{% endfor %}
</table>
<p>With as many encounters, predictions that are exactly right show an ICI of
{{ "%.4f" | format(report.noise_floor.ici.mean) }} on average (95 of 100 times at most
{{ "%.4f" | format(report.noise_floor.ici.p95) }}) and an E90 of {{ "%.4f" | format(report.noise_floor.e90.mean) }}
({{ "%.4f" | format(report.noise_floor.e90.p95) }}).</p>
<h2>Calibration and use</h2>
<figure>{{ calibration }}</figure><figure>{{ benefit }}</figure>
<h2>Net benefit at the stated thresholds</h2>
<table>
<tr><th scope="col">threshold</th><th scope="col">gain</th><th scope="col">95 % interval</th></tr>
{% for name, gain in report.net_benefit.gains.items() %}
<tr><th scope="row">{{ name }}</th><td>{{ "%.4f" | format(gain.value) }}</td>
<td>{{ "%.4f to %.4f" | format(*gain.interval) }}</td></tr>
{% endfor %}
</table>
<h2>Subgroups</h2>
<figure style="width: 36rem">{{ groups }}</figure>
<table>
<tr><th scope="col">group</th><th scope="col">n</th><th scope="col">events</th><th scope="col">AUROC</th>
<th scope="col">O:E</th><th scope="col">slope</th></tr>
{% for group in report.subgroups %}
<tr><th scope="row">{{ group.group }}: {{ group.label }}</th><td>{{ group.n }}</td><td>{{ group.events }}</td>
{% for key in ("auroc", "oe", "slope") %}
<td>{{ "%.2f" | format(group[key]) if key in group else "too few events" }}</td>{% endfor %}</tr>
{% endfor %}
</table>
</body>
</html>
"""


def write_page(title: str, about: str, report: Mapping[str, Any]) -> str:
    """The page; `about` says in a sentence which predictions of which data these are."""
    template = Environment(autoescape=True).from_string(PAGE)
    return template.render(
        title=title,
        about=about,
        report=report,
        measures=MEASURES,
        calibration=Markup(plot_calibration(report)),
        benefit=Markup(plot_benefit(report)),
        groups=Markup(plot_groups(report)),
    )
