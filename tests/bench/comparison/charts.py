# SPDX-License-Identifier: MIT
"""Charts as SVG, written by hand: lines on two logarithmic scales, and bars on one."""
import html
import math

WIDTH, HEIGHT = 640, 400
LEFT, RIGHT, TOP, BOTTOM = 80, 150, 40, 50
COLOURS = ("#1f6feb", "#444444", "#d29922", "#2da44e", "#bf3989", "#8250df", "#cf222e")


class Scale:
    """Logarithmic, from values to pixels; whole powers of ten at its ends."""

    def __init__(self, values, start, end):
        self.low = math.floor(math.log10(min(values)))
        self.high = max(self.low + 1, math.ceil(math.log10(max(values))))
        self.start, self.end = start, end

    def __call__(self, value):
        share = (math.log10(value) - self.low) / (self.high - self.low)
        return self.start + share * (self.end - self.start)

    def powers(self):
        return [10.0 ** power for power in range(self.low, self.high + 1)]


def number(value):
    for limit, unit in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if value >= limit:
            return f"{value / limit:g} {unit}"
    return f"{value:g}"


def text(x, y, said, anchor="middle", size=12):
    return (f'<text x="{x:.1f}" y="{y:.1f}" font-size="{size}" text-anchor="{anchor}">'
            f'{html.escape(said)}</text>')


def line(x1, y1, x2, y2, colour="#d0d7de"):
    return (f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}"'
            f' stroke="{colour}"/>')


def document(title, parts, height=HEIGHT):
    return "\n".join([
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {height}" width="{WIDTH}"'
        f' height="{height}" font-family="sans-serif" fill="#1f2328">',
        f'<rect width="{WIDTH}" height="{height}" fill="#ffffff"/>',
        text(LEFT, 24, title, "start", 15), *parts, "</svg>", ""])


def line_chart(title, x_name, y_name, series):
    """`series`: {name: {x: y}}. Without any value there is no chart: an empty string."""
    points = [point for row in series.values() for point in row.items() if point[1] > 0]
    if not points:
        return ""
    x_scale = Scale([x for x, _ in points], LEFT, WIDTH - RIGHT)
    y_scale = Scale([y for _, y in points], HEIGHT - BOTTOM, TOP)
    parts = []
    for value in y_scale.powers():
        parts += [line(LEFT, y_scale(value), WIDTH - RIGHT, y_scale(value)),
                  text(LEFT - 6, y_scale(value) + 4, number(value), "end")]
    for x in sorted({x for x, _ in points}):
        parts += [line(x_scale(x), HEIGHT - BOTTOM, x_scale(x), HEIGHT - BOTTOM + 4, "#1f2328"),
                  text(x_scale(x), HEIGHT - BOTTOM + 18, number(x) if x < 1024 else f"{x // 1024} Ki")]
    parts += [text((LEFT + WIDTH - RIGHT) / 2, HEIGHT - 10, x_name),
              f'<g transform="rotate(-90)">{text(-HEIGHT / 2, 16, y_name)}</g>']
    for place, (name, row) in enumerate(series.items()):
        colour = COLOURS[place % len(COLOURS)]
        row = sorted((x, y) for x, y in row.items() if y > 0)
        path = " ".join(f"{x_scale(x):.1f},{y_scale(y):.1f}" for x, y in row)
        parts.append(f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>')
        parts += [f'<circle cx="{x_scale(x):.1f}" cy="{y_scale(y):.1f}" r="3" fill="{colour}"/>'
                  for x, y in row]
        y = TOP + 10 + 20 * place
        parts += [line(WIDTH - RIGHT + 12, y, WIDTH - RIGHT + 32, y, colour),
                  text(WIDTH - RIGHT + 38, y + 4, name, "start")]
    return document(title, parts)


def bar_chart(title, x_name, bars):
    """`bars`: {name: value}, longest first, on a logarithmic scale."""
    bars = {name: value for name, value in bars.items() if value and value > 0}
    if not bars:
        return ""
    scale = Scale(list(bars.values()), LEFT + 20, WIDTH - RIGHT + 60)
    height = TOP + 30 * len(bars) + BOTTOM
    parts = []
    for value in scale.powers():
        parts += [line(scale(value), TOP, scale(value), height - BOTTOM),
                  text(scale(value), height - BOTTOM + 16, number(value))]
    rows = sorted(bars.items(), key=lambda pair: -pair[1])
    for place, (name, value) in enumerate(rows):
        y = TOP + 30 * place + 6
        colour = COLOURS[0] if name == "wsbridged" else "#8c959f"
        length = max(1.0, scale(value) - scale.start)
        parts += [f'<rect x="{scale.start}" y="{y}" width="{length:.1f}" height="18"'
                  f' fill="{colour}"/>',
                  text(scale.start - 6, y + 14, name, "end"),
                  text(scale.start + length + 6, y + 14, number(float(f"{value:.3g}")), "start")]
    parts.append(text((scale.start + scale.end) / 2, height - 10, x_name))
    return document(title, parts, height)
