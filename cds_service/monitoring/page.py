"""A report as one HTML page that needs nothing else."""

from collections.abc import Iterable

from jinja2 import Environment
from markupsafe import Markup

from cds_service.monitoring.hiding import SETTLED, WAITING
from cds_service.monitoring.report import Line, Report
from cds_service.monitoring.sentences import tell_hidden, tell_overview, tell_what_comes_first, tell_what_helps
from cds_service.monitoring.words import (
    HEADINGS,
    NOTES,
    TITLES,
    explain_hidden,
    number_of,
    show_count,
    show_key,
    show_number,
    show_orders,
    show_parts_of,
    show_rate,
    show_span,
)

SOMETIMES = ("repeated", "evaluated", "undetermined", "failed", "fired", "open", "untold")
"""Columns that are left out where they tell nothing."""

PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Alerts {{ span }}</title>
<style>
:root { color-scheme: light dark; --line: #8886; --soft: #8881;
  --accepted: #2f8f5b; --overridden: #c2571a; --ignored: #8a8f98; }
body { font: 16px/1.5 system-ui, sans-serif; max-width: 90rem; margin: 2rem auto; padding: 0 1rem; }
h1 { line-height: 1.2; } h2 { margin-top: 2.5rem; }
p, li { max-width: 70rem; } li { margin: .4rem 0; }
.wide { overflow-x: auto; } .wide:focus-visible { outline: 2px solid; }
table { border-collapse: collapse; margin: .5rem 0; }
td, th { font-size: .875rem; padding: .3rem .6rem; border-bottom: 1px solid var(--line); }
td, th { text-align: left; vertical-align: top; }
thead td, thead th { vertical-align: bottom; }
tbody tr:hover { background: var(--soft); }
th[scope=row] { font-weight: 500; }
th[scope=row] b { font-weight: 500; white-space: nowrap; } th small { color: inherit; opacity: .8; }
.n { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
td.w { min-width: 22rem; }
.bar { display: flex; width: 8rem; height: .8rem; margin-top: .3rem; }
.bar i { display: block; } .key i { display: inline-block; width: .8rem; height: .8rem; }
.accepted { background: var(--accepted); } .overridden { background: var(--overridden); }
.ignored { background: var(--ignored); }
summary { cursor: pointer; }
@media (max-width: 48rem) {  /* a row becomes a block, each number under its name */
  thead { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); display: block; }
  table, tbody { display: block; }
  tbody tr { display: grid; grid-template-columns: repeat(3, 1fr); padding: .5rem 0; }
  tbody tr { border-bottom: 1px solid var(--line); }
  td, th { border: 0; padding: .15rem .8rem .15rem 0; }
  tbody th, td.w, td.b { grid-column: 1 / -1; } .bar { width: 100%; }
  th[scope=row] b { white-space: normal; overflow-wrap: anywhere; }
  td[data-name]::before { content: attr(data-name); display: block; font-size: .75rem; opacity: .8; }
  td.n { text-align: left; } td.w { min-width: 0; } td:empty { display: none; }
}
</style>
</head>
<body>
<main>
<h1>Alerts {{ span }}</h1>
{% for each in overview %}<p>{{ each }}</p>
{% endfor %}
{% if first %}<h2>Look at first</h2>
<ul>{% for each in first %}<li>{{ each }}</li>
{% endfor %}</ul>{% endif %}
{% if helps %}<h2>What helps</h2>
<ul>{% for each in helps %}<li>{{ each }}</li>
{% endfor %}</ul>{% endif %}
{% for name, lines in views.items() %}
<h2 id="by-{{ name }}">{{ titles[name] }}</h2>
{{ table(name, lines) }}
{% if name == "rule" and silent %}<details><summary>{{ number_of(silent | length, "rule") }} reached that never fired
</summary>{{ short(silent) }}</details>{% endif %}
{% endfor %}
<h2 id="by-cause">What was not known</h2>
<div class="wide" role="region" aria-labelledby="by-cause" tabindex="0">
<table><thead><tr><th scope="col">cause</th><th scope="col" class="n">calls</th></tr></thead><tbody>
{% for cause, calls in unknowns.items() %}
<tr><th scope="row">{{ cause }}</th><td class="n" data-name="calls">{{ count(calls) }}</td></tr>
{% endfor %}
</tbody></table></div>
<h2>How to read this</h2>
{% for note in notes %}<p>{{ note }}</p>
{% endfor %}
</main>
</body>
</html>
"""

TABLE = """{% if not lines %}<p>None.</p>{% else %}
<p class="key" aria-hidden="true">{% for name in settled %}<i class="{{ name }}"></i> {{ name }} {% endfor %}</p>
<div class="wide" role="region" aria-labelledby="by-{{ view }}" tabindex="0"><table><thead><tr><td></td>
{% if view != "rule" %}<th scope="col" class="n">orders</th>{% endif %}
<th scope="col" class="n">shown</th><th scope="col" class="n">per 100</th><th scope="col" class="n">interrupting</th>
{% for name in settled %}<th scope="col" class="n">{{ name }}</th>{% endfor %}<td></td>
{% for name in more %}<th scope="col" class="n">{{ headings[name] }}</th>{% endfor %}
<th scope="col">reasons</th><th scope="col">withheld</th>
</tr></thead><tbody>
{% for line in lines %}
<tr><th scope="row"><b>{{ line.key[0] or "–" }}</b>{% for part in line.key[1:] %} <small>{{ part }}</small>{% endfor %}
</th>
{% if view != "rule" %}<td class="n" data-name="orders">{{ orders(line) }}</td>{% endif %}
<td class="n" data-name="shown">{{ count(line.counts.shown) }}</td>
<td class="n" data-name="per 100">{{ number(line.burden) }}</td>
<td class="n" data-name="interrupting">{{ number(line.interruptions) }}</td>
{% for name in settled %}<td class="n" data-name="{{ name }}">{{ count(line.counts[name]) }}
{%- if line[name] %}<br><small>{{ rate(line[name]) }}</small>{% endif %}</td>
{% endfor %}
<td class="b">{% if line.accepted %}<div class="bar" aria-hidden="true">{% for name in settled %}
<i class="{{ name }}" style="width: {{ (100 * line[name].share) | round(1) }}%"></i>{% endfor %}</div>{% endif %}</td>
{% for name in more %}<td class="n" data-name="{{ headings[name] }}">{{ count(line.counts[name]) }}</td>{% endfor %}
<td class="w" data-name="reasons">{{ parts(line.reasons) }}</td>
<td class="w" data-name="withheld">{{ parts(line.withheld) }}</td></tr>
{% endfor %}
</tbody></table></div>{% endif %}
"""

SHORT = """<div class="wide" role="region" aria-label="rules that never fired" tabindex="0"><table><thead><tr><td></td>
<th scope="col" class="n">reached</th><th scope="col" class="n">undetermined</th></tr></thead><tbody>
{% for line in lines %}
<tr><th scope="row">{{ key(line) }}</th><td class="n" data-name="reached">{{ count(line.counts.evaluated) }}</td>
<td class="n" data-name="undetermined">{{ count(line.counts.undetermined) }}</td></tr>
{% endfor %}
</tbody></table></div>
"""


def tells(line: Line, name: str) -> bool:
    """Whether a count is worth a column: one that is hidden is, but where nobody has said anything that is no news."""
    return bool(line.counts[name]) if name in WAITING else line.counts[name] != 0


def write_page(report: Report) -> str:
    """The page. Every word that came from a client is escaped."""
    environment = Environment(autoescape=True, trim_blocks=True)
    shown = {
        "count": show_count,
        "parts": show_parts_of,
        "rate": show_rate,
        "number": show_number,
        "orders": show_orders,
        "number_of": number_of,
        "key": show_key,
        "headings": HEADINGS,
        "settled": SETTLED,
    }
    table, short = environment.from_string(TABLE), environment.from_string(SHORT)

    def draw(view: str, lines: Iterable[Line]) -> Markup:
        listed = [line for line in lines if view != "rule" or line.counts["fired"] != 0]
        more = [name for name in SOMETIMES if any(tells(line, name) for line in listed)]
        return Markup(table.render(view=view, lines=listed, more=more, **shown))  # escapes are on

    return environment.from_string(PAGE).render(
        span=show_span(report.span),
        overview=[*tell_overview(report.overview), *tell_hidden(report)],
        first=[*tell_what_comes_first(report)],
        helps=[*tell_what_helps(report)],
        views=report.views,
        titles=TITLES,
        silent=[line for line in report.views["rule"] if line.counts["fired"] == 0],
        unknowns=report.unknowns,
        notes=(*NOTES, explain_hidden(report.least)),
        table=draw,
        short=lambda lines: Markup(short.render(lines=lines, **shown)),  # escapes are on
        **shown,
    )
