"""A report as one HTML page that needs nothing else."""

from jinja2 import Environment
from markupsafe import Markup

from cds_service.monitoring.report import COLUMNS, Line, Report
from cds_service.monitoring.words import (
    HEADINGS,
    NOTES,
    TITLES,
    explain_hidden,
    show_count,
    show_key,
    show_number,
    show_parts_of,
    show_rate,
    show_shift,
    show_span,
)

PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Alerts {{ span }}</title>
<style>
:root { color-scheme: light dark; }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 90rem; margin: 2rem auto; padding: 0 1rem; }
.wide { overflow-x: auto; }
table { border-collapse: collapse; margin: 1rem 0; }
td, th { font-size: .875rem; padding: .25rem .5rem; border-bottom: 1px solid #8886; }
td, th { text-align: left; vertical-align: top; }
thead th { vertical-align: bottom; }
td.n { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
td.w { min-width: 12rem; } td.b { min-width: 8rem; } td.b div { background: #3b78c4; height: .7rem; margin-top: .4rem; }
</style>
</head>
<body>
<h1>Alerts {{ span }}</h1>
{% set o = report.overview %}
<p>{{ count(o.calls) }} calls, {{ count(o.order_calls) }} of them about orders. Cards per 100 calls about orders:
{{ number(o.cards_per_100) }}; {% for name, each in o.urgency.items() %}{{ name }} {{ number(each) }}
{%- if not loop.last %}, {% endif %}{% endfor %}. Feedback about cards that nobody knows: {{ count(o.strays) }}.</p>
{% for note in notes %}<p>{{ note }}</p>{% endfor %}
<p>{{ hidden }}</p>
<p>Shares have their 95 % interval (Wilson).</p>
<h2>Most interruptions for nothing</h2>
<p>Alerts shown times the share that was overridden or ignored (lower end of its interval).</p>
{{ table(report.offenders, False) }}
<h2>Rules that speak up more or less often than in the first two weeks</h2>
{% if report.shifts %}<ul>{% for each in report.shifts %}<li>{{ shift(each) }}</li>{% endfor %}</ul>
{% else %}<p>None.</p>{% endif %}
{% for name, lines in report.views.items() %}
<h2>{{ titles[name] }}</h2>
{{ table(lines, name == "week") }}
{% endfor %}
<h2>What was not known</h2>
<div class="wide"><table><thead><tr><th scope="col">cause</th><th scope="col">calls</th></tr></thead><tbody>
{% for cause, calls in report.unknowns.items() %}
<tr><th scope="row">{{ cause }}</th><td class="n">{{ count(calls) }}</td></tr>
{% endfor %}
</tbody></table></div>
</body>
</html>
"""

TABLE = """<div class="wide"><table><thead><tr><td></td>
{% for name in columns %}<th scope="col">{{ headings[name] }}</th>{% endfor %}
<th scope="col">burden</th>
{% if bars %}<th scope="col">burden drawn</th>{% endif %}<th scope="col">reasons</th><th scope="col">withheld</th>
</tr></thead><tbody>
{% for line in lines %}
<tr><th scope="row">{{ key(line) }}</th>
{% for name in columns %}<td class="n">{{ count(line.counts[name]) }}
{%- if name in ("accepted", "overridden") and line[name] %}<br><small>{{ rate(line[name]) }}</small>{% endif %}</td>
{% endfor %}
<td class="n">{{ number(line.burden) }}</td>
{% if bars %}<td class="b">
<div style="width: {{ (100 * (line.burden or 0) / most) | round | int }}%" aria-hidden="true"></div></td>{% endif %}
<td class="w">{{ parts(line.reasons) }}</td><td class="w">{{ parts(line.withheld) }}</td></tr>
{% endfor %}
</tbody></table></div>
"""


def write_page(report: Report) -> str:
    """The page. Every word that came from a client is escaped."""
    environment = Environment(autoescape=True)
    shown = {
        "count": show_count,
        "parts": show_parts_of,
        "rate": show_rate,
        "shift": lambda shift: show_shift(shift, report.least),
        "number": show_number,
        "key": show_key,
        "headings": HEADINGS,
    }
    table = environment.from_string(TABLE)

    def draw(lines: tuple[Line, ...], bars: bool) -> Markup:
        most = max([line.burden or 0 for line in lines], default=0) or 1
        columns = [name for name in COLUMNS if any(line.counts[name] != 0 for line in lines)]
        return Markup(table.render(lines=lines, bars=bars, most=most, columns=columns, **shown))  # escapes are on

    page = environment.from_string(PAGE)
    return page.render(
        report=report,
        span=show_span(report.span),
        notes=NOTES,
        hidden=explain_hidden(report.least),
        titles=TITLES,
        table=draw,
        **shown,
    )
