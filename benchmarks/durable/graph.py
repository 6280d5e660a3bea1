"""Draws figures over time as an SVG picture."""

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from html import escape

_WIDTH, _PANEL_HEIGHT, _TOP, _BOTTOM = 760, 150, 64, 44
_LEFT, _RIGHT, _TITLE_HEIGHT, _GAP = 76, 20, 26, 14
_PLOT_HEIGHT = _PANEL_HEIGHT - _TITLE_HEIGHT - _GAP
_PLOT_WIDTH = _WIDTH - _LEFT - _RIGHT
_TICKS = 4

_STYLE = """
text { font: 12px system-ui, sans-serif; fill: #57606a; }
.title { font-size: 14px; font-weight: 600; fill: #1f2328; }
.name { font-weight: 600; fill: #1f2328; }
.grid { stroke: #d8dee4; }
.axis { stroke: #8c959f; }
.line { fill: none; stroke: #0969da; stroke-width: 1.8; stroke-linejoin: round; }
.area { fill: #0969da; fill-opacity: 0.08; }
.reference { stroke: #bf8700; stroke-dasharray: 5 4; }
"""


@dataclass(frozen=True)
class Panel:
    """One curve with its own axis, which begins at 0.

    :ivar minutes: the x of each value.
    :ivar reference: a value to which the curve is compared.
    """

    title: str
    unit: str
    minutes: Sequence[float]
    values: Sequence[float]
    reference: float = 0.0


def draw(title: str, facts: str, panels: Sequence[Panel]) -> str:
    """Return a picture of panels below each other, with one time axis.

    :param facts: what was measured and where, below the title.
    """
    bottom = _TOP + len(panels) * _PANEL_HEIGHT
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {bottom + _BOTTOM}" role="img">',
        f"<title>{escape(title)}</title><style>{_STYLE}</style>",
        f'<rect width="{_WIDTH}" height="{bottom + _BOTTOM}" fill="#ffffff"/>',
        f'<text class="title" x="{_LEFT}" y="26">{escape(title)}</text>',
        f'<text x="{_LEFT}" y="46">{escape(facts)}</text>',
    ]
    longest = max(panel.minutes[-1] for panel in panels)
    for number, panel in enumerate(panels):
        parts += _panel(panel, _TOP + number * _PANEL_HEIGHT + _TITLE_HEIGHT, longest)
    parts += _time_axis(bottom - _GAP, longest)
    return "\n".join([*parts, "</svg>"]) + "\n"


def _panel(panel: Panel, top: float, longest: float) -> Iterator[str]:
    step = _nice_step(max(*panel.values, panel.reference, 1.0))
    highest = step * math.ceil(max(*panel.values, panel.reference, 1.0) / step)
    bottom, right = top + _PLOT_HEIGHT, _LEFT + _PLOT_WIDTH

    def y(value: float) -> float:
        return bottom - value / highest * _PLOT_HEIGHT

    points = [
        f"{_LEFT + minute / longest * _PLOT_WIDTH:.1f},{y(value):.1f}"
        for minute, value in zip(panel.minutes, panel.values, strict=True)
    ]
    first, last = points[0].split(",")[0], points[-1].split(",")[0]
    yield f'<text class="name" x="{_LEFT}" y="{top - 8}">{escape(panel.title)}, {escape(panel.unit)}</text>'
    for number in range(round(highest / step) + 1):
        at = y(number * step)
        kind = "grid" if number else "axis"
        yield f'<line class="{kind}" x1="{_LEFT}" x2="{right}" y1="{at:.1f}" y2="{at:.1f}"/>'
        yield f'<text x="{_LEFT - 8}" y="{at + 4:.1f}" text-anchor="end">{number * step:,g}</text>'
    yield f'<polygon class="area" points="{first},{bottom} {" ".join(points)} {last},{bottom}"/>'
    yield f'<polyline class="line" points="{" ".join(points)}"/>'
    if panel.reference:
        at = y(panel.reference)
        yield f'<line class="reference" x1="{_LEFT}" x2="{right}" y1="{at:.1f}" y2="{at:.1f}"/>'
        yield f'<text x="{right}" y="{top - 8}" text-anchor="end">offered: {panel.reference:,g}</text>'


def _time_axis(bottom: float, longest: float) -> Iterator[str]:
    step = _nice_step(longest * 2 / 3)
    for number in range(int(longest / step) + 1):
        x = _LEFT + number * step / longest * _PLOT_WIDTH
        yield f'<line class="axis" x1="{x:.1f}" x2="{x:.1f}" y1="{bottom}" y2="{bottom + 4}"/>'
        yield f'<text x="{x:.1f}" y="{bottom + 18}" text-anchor="middle">{number * step:g}</text>'
    yield f'<text x="{_LEFT + _PLOT_WIDTH / 2}" y="{bottom + 36}" text-anchor="middle">minutes</text>'


def _nice_step(highest: float) -> float:
    # 1, 2 or 5 times a power of ten, so that at most four lines are drawn above the axis.
    least = highest / _TICKS
    power = 10.0 ** math.floor(math.log10(least))
    return next(power * factor for factor in (1, 2, 5, 10) if power * factor >= least * 0.9999)
