"""Plots as SVG text, so that a report is one file that opens anywhere."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from html import escape
from math import ceil, floor, log10
from typing import Any

WIDTH, HEIGHT = 460, 360
LEFT, RIGHT, TOP, BOTTOM = 58, 14, 14, 46
COLOURS = ("#0b5394", "#b45f06", "#38761d", "#741b47", "#666666")


@dataclass(frozen=True, slots=True)
class Frame:
    """The plane of one plot: what the axes span and how they are called."""

    x: tuple[float, float]
    y: tuple[float, float]
    x_label: str
    y_label: str

    def across(self, value: float) -> float:
        low, high = self.x
        return LEFT + (value - low) / (high - low) * (WIDTH - LEFT - RIGHT)

    def down(self, value: float) -> float:
        low, high = self.y
        return HEIGHT - BOTTOM - (value - low) / (high - low) * (HEIGHT - TOP - BOTTOM)

    def line(self, points: Sequence[tuple[float, float]], colour: str, dashes: str = "") -> str:
        at = " ".join(f"{self.across(x):.1f},{self.down(y):.1f}" for x, y in points)
        dashed = f' stroke-dasharray="{dashes}"' if dashes else ""
        return f'<polyline points="{at}" fill="none" stroke="{colour}" stroke-width="2"{dashed}/>'

    def draw(self, *parts: str, title: str) -> str:
        """The whole SVG: axes, ticks, labels and the parts inside."""
        return (
            f'<svg role="img" aria-label="{escape(title)}" viewBox="0 0 {WIDTH} {HEIGHT}" '
            f'xmlns="http://www.w3.org/2000/svg"><title>{escape(title)}</title>{"".join(self.axes())}'
            f"{''.join(parts)}</svg>"
        )

    def axes(self) -> Iterator[str]:
        base, side = HEIGHT - BOTTOM, LEFT
        yield f'<path d="M{side} {TOP}V{base}H{WIDTH - RIGHT}" fill="none" stroke="#444"/>'
        for value in steps(*self.x):
            at = self.across(value)
            yield f'<path d="M{at:.1f} {base}v5" stroke="#444"/>'
            yield f'<text x="{at:.1f}" y="{base + 18}" text-anchor="middle">{value:g}</text>'
        for value in steps(*self.y):
            at = self.down(value)
            yield f'<path d="M{side} {at:.1f}h-5" stroke="#444"/>'
            yield f'<text x="{side - 8}" y="{at + 4:.1f}" text-anchor="end">{value:g}</text>'
        middle, centre = (TOP + base) / 2, (side + WIDTH - RIGHT) / 2
        yield f'<text x="{centre}" y="{HEIGHT - 8}" text-anchor="middle">{escape(self.x_label)}</text>'
        yield f'<text transform="translate(14 {middle}) rotate(-90)" text-anchor="middle">{escape(self.y_label)}</text>'


def steps(low: float, high: float) -> list[float]:
    """Round values for about five ticks."""
    rough = (high - low) / 5
    size = 10.0 ** floor(log10(rough))
    step = next(size * factor for factor in (1, 2, 5, 10) if size * factor >= rough)
    first = ceil(low / step - 1e-9) * step
    return [round(first + step * number, 10) for number in range(int((high - first) / step + 1e-9) + 1)]


def plot_calibration(report: Mapping[str, Any]) -> str:
    """The flexible curve with its band against the diagonal, and how the predictions are spread below."""
    curve = report["curve"]
    top = max(max(point["high"] for point in curve), curve[-1]["predicted"]) * 1.05
    frame = Frame((0.0, top), (0.0, top), "predicted risk", "observed risk")
    band = [(point["predicted"], point["high"]) for point in curve]
    band += [(point["predicted"], point["low"]) for point in reversed(curve)]
    at = " ".join(f"{frame.across(x):.1f},{frame.down(max(y, 0.0)):.1f}" for x, y in band)
    return frame.draw(
        f'<polygon points="{at}" fill="{COLOURS[0]}" opacity="0.18"/>',
        frame.line([(0.0, 0.0), (top, top)], "#888", "5 4"),
        frame.line([(point["predicted"], point["observed"]) for point in curve], COLOURS[0]),
        "".join(bars(report["distribution"], frame)),
        title="Calibration: observed against predicted risk, with a 95 % band; predictions as bars",
    )


def bars(distribution: Mapping[str, Any], frame: Frame) -> Iterator[str]:
    """A histogram along the horizontal axis, a fifth of the plot high."""
    edges, counts = distribution["edges"], distribution["counts"]
    room = (HEIGHT - TOP - BOTTOM) / 5
    for left, right, count in zip(edges, edges[1:], counts, strict=False):
        if right <= frame.x[1]:
            high = room * count / max(counts)
            wide = frame.across(right) - frame.across(left)
            yield (
                f'<rect x="{frame.across(left):.1f}" y="{HEIGHT - BOTTOM - high:.1f}" width="{wide:.1f}" '
                f'height="{high:.1f}" fill="#999" opacity="0.5"/>'
            )


def plot_benefit(report: Mapping[str, Any]) -> str:
    """Net benefit of every model, of treating all, and of treating none (the line at 0)."""
    curve = {float(threshold): benefits for threshold, benefits in report["decision_curve"].items()}
    names = list(next(iter(curve.values())))
    values = [value for benefits in curve.values() for value in benefits.values()]
    top, bottom = max(values), max(min(values), -max(values) / 2)
    frame = Frame((min(curve), max(curve)), (bottom, top * 1.05), "threshold of risk", "net benefit")
    lines = []
    for number, name in enumerate(names):
        points = [(threshold, benefits[name]) for threshold, benefits in sorted(curve.items())]
        lines.append(frame.line([(x, y) for x, y in points if y >= bottom], COLOURS[number % len(COLOURS)]))
        lines.append(
            f'<text x="{WIDTH - RIGHT}" y="{TOP + 14 + 16 * number}" text-anchor="end" '
            f'fill="{COLOURS[number % len(COLOURS)]}">{escape(name)}</text>'
        )
    return frame.draw(
        frame.line([(frame.x[0], 0.0), (frame.x[1], 0.0)], "#888", "5 4"), *lines, title="Decision curve: net benefit"
    )


def plot_groups(report: Mapping[str, Any]) -> str:
    """Calibration-in-the-large of every subgroup with its interval; 0 is right, above 0 means risk is understated."""
    groups = [group for group in report["subgroups"] if "citl" in group]
    height = 22 * len(groups) + 46
    widest = max((abs(group["citl"]) + 1.96 * group["citl_se"] for group in groups), default=0.1)

    def across(value: float) -> float:
        return 385 + value / widest * 165

    rows = [f'<path d="M{across(0.0)} 4V{height - 40}" stroke="#888" stroke-dasharray="5 4"/>']
    for number, group in enumerate(groups):
        at = 18 + 22 * number
        low, high = (across(group["citl"] + sign * 1.96 * group["citl_se"]) for sign in (-1, 1))
        label = f"{group['group']}: {group['label']} ({group['events']} events)"
        rows.append(f'<text x="4" y="{at + 4}">{escape(label)}</text>')
        rows.append(f'<path d="M{low:.1f} {at}H{high:.1f}" stroke="{COLOURS[0]}" stroke-width="2"/>')
        rows.append(f'<circle cx="{across(group["citl"]):.1f}" cy="{at}" r="4" fill="{COLOURS[0]}"/>')
    rows.extend(
        f'<text x="{across(value):.1f}" y="{height - 22}" text-anchor="middle">{value:g}</text>'
        for value in steps(-widest, widest)
    )
    title = "Calibration-in-the-large by subgroup, log odds"
    rows.append(f'<text x="{across(0.0)}" y="{height - 4}" text-anchor="middle">{title}</text>')
    return (
        f'<svg role="img" aria-label="{title}" viewBox="0 0 560 {height}" xmlns="http://www.w3.org/2000/svg">'
        f"<title>{title}</title>{''.join(rows)}</svg>"
    )
