"""A small map that needs no map service: the shop, which way is north, how far things are."""

import math
from html import escape

from .location import Location, Point, bearing_deg, distance_m

WIDTH, HEIGHT = 640, 360
_POINTS = ("N", "NE", "E", "SE", "S", "SW", "W", "NW")
_ARROWS = "↑↗→↘↓↙←↖"

_STYLE = """
.ground{fill:#f4efe6}.ring{fill:none;stroke:#cfc4b2;stroke-width:1;stroke-dasharray:4 5}
.grid{stroke:#e6ddcd;stroke-width:1}.ink{fill:#4a4238;font:14px system-ui,sans-serif}
.soft{fill:#8a7f6f;font:12px system-ui,sans-serif}.line{stroke:#4a4238;stroke-width:2}
.pin{fill:#c2410c}.hole{fill:#fff}.you{fill:#2563eb;stroke:#fff;stroke-width:3}
.way{stroke:#2563eb;stroke-width:2;stroke-dasharray:6 5}.halo{fill:#c2410c;opacity:.12}
@media (prefers-color-scheme:dark){.ground{fill:#1f1c18}.ring{stroke:#4a4339}.grid{stroke:#2b2722}
.ink{fill:#e9e1d4}.soft{fill:#a59a89}.line{stroke:#e9e1d4}.pin{fill:#fb923c}.hole{fill:#1f1c18}}
""".strip()


def draw(location: Location, name: str, *, visitor: Point | None = None) -> str:
    """An SVG of 640 by 360: pin, rings, scale bar and north; with a `visitor`, the way to go."""
    shop = location.point
    away_m = distance_m(visitor, shop) if visitor else 0.0
    view_m = max(500.0, (location.accuracy_m or 0) * 4.0, away_m * 2.4)
    per_m = HEIGHT / view_m
    x, y = WIDTH / 2, HEIGHT / 2
    step_m = _round_number(view_m / 4)
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" role="img" '
        f'aria-label="{escape(_label(name, visitor, shop, away_m))}">',
        f"<style>{_STYLE}</style>",
        f'<rect class="ground" width="{WIDTH}" height="{HEIGHT}"/>',
    ]
    for line in range(-8, 9):
        at = line * step_m * per_m
        if abs(at) < WIDTH / 2:
            parts.append(f'<path class="grid" d="M{x + at:.1f} 0V{HEIGHT}"/>')
        if abs(at) < HEIGHT / 2:
            parts.append(f'<path class="grid" d="M0 {y + at:.1f}H{WIDTH}"/>')
    for ring in range(1, 5):
        radius = ring * step_m * per_m
        parts.append(f'<circle class="ring" cx="{x}" cy="{y}" r="{radius:.1f}"/>')
    if location.accuracy_m:
        radius = location.accuracy_m * per_m
        parts.append(f'<circle class="halo" cx="{x}" cy="{y}" r="{radius:.1f}"/>')
    if visitor:
        turn = math.radians(bearing_deg(shop, visitor))
        you_x = x + math.sin(turn) * away_m * per_m
        you_y = y - math.cos(turn) * away_m * per_m
        parts.append(f'<path class="way" d="M{you_x:.1f} {you_y:.1f}L{x} {y}"/>')
        parts.append(f'<circle class="you" cx="{you_x:.1f}" cy="{you_y:.1f}" r="8"/>')
        arrow = _ARROWS[round(bearing_deg(visitor, shop) / 45) % 8]
        parts.append(f'<text class="ink" x="16" y="30">{arrow} {_distance(away_m)}</text>')
    parts.append(
        f'<path class="pin" d="M{x} {y}c-5-12-16-18-16-31a16 16 0 0 1 32 0c0 13-11 19-16 31z"/>'
        f'<circle class="hole" cx="{x}" cy="{y - 31}" r="6"/>'
    )
    bar = step_m * per_m
    parts += [
        f'<path class="line" fill="none" d="M16 {HEIGHT - 22}v6h{bar:.1f}v-6"/>',
        f'<text class="soft" x="16" y="{HEIGHT - 28}">{_distance(step_m)}</text>',
        f'<path class="line" fill="none" d="M{WIDTH - 28} 50V20m-6 9l6-9l6 9"/>',
        f'<text class="soft" x="{WIDTH - 28}" y="66" text-anchor="middle">N</text>',
        "</svg>",
    ]
    return "".join(parts)


def _label(name: str, visitor: Point | None, shop: Point, away_m: float) -> str:
    if visitor is None:
        return name
    side = _POINTS[round(bearing_deg(visitor, shop) / 45) % 8]
    return f"{name}: {_distance(away_m)} {side}"


def _round_number(value: float) -> float:
    """1, 2 or 5 times a power of ten, at most `value`."""
    power = 10.0 ** math.floor(math.log10(value))
    return max(factor * power for factor in (1, 2, 5) if factor * power <= value)


def _distance(meters: float) -> str:
    if meters < 1000:
        return f"{round(meters / 10) * 10 if meters >= 100 else round(meters)} m"
    return f"{meters / 1000:.1f} km" if meters < 10_000 else f"{meters / 1000:.0f} km"
