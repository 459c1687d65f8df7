"""A picture of a detector at work, as SVG: values in their band above, the score in nats below."""

import datetime as dt
import html
from collections.abc import Iterator, Sequence
from typing import NamedTuple

import numpy as np

WIDTH, LEFT, RIGHT = 760, 56, 44
UPPER, LOWER = (34, 190), (210, 290)  # top and bottom of the two panels
HEIGHT = 318
GRADES = ("IV", "III", "II", "I")
INK, MUTED, BAND, LINE, ALARM = "#1f2933", "#6b7785", "#d6e6f5", "#2563a8", "#c2410c"


class Picture(NamedTuple):
    """Times (epoch s); told: value, expected, lower, upper, score by window, NaN where unknown."""

    title: str
    times: np.ndarray
    told: np.ndarray
    cuts: Sequence[float]
    unit: str


def draw(picture: Picture) -> str:
    """Return the SVG."""
    return "\n".join(_elements(picture)) + "\n"


def _elements(picture: Picture) -> Iterator[str]:
    value, _, lower, upper, score = picture.told
    yield (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" '
        'font-family="sans-serif" font-size="11">'
    )
    yield f'<rect width="{WIDTH}" height="{HEIGHT}" fill="#ffffff"/>'
    yield f'<text x="{LEFT}" y="20" font-size="13" fill="{INK}">{html.escape(picture.title)}</text>'
    x = LEFT + (WIDTH - LEFT - RIGHT) * np.arange(len(value)) / max(len(value) - 1, 1)
    low, high = _range(value, lower, upper)
    y = [_scaled(one, low, high, UPPER) for one in picture.told[:4]]
    yield from _alarms(x, score, picture.cuts[0])
    yield from _band(x, y[2], y[3])
    yield from _path(x, y[1], MUTED, "1", ' stroke-dasharray="3 3"')
    yield from _path(x, y[0], LINE, "1.3")
    for edge in (low, high):
        at = _scaled(np.array([edge]), low, high, UPPER)[0]
        yield _label(LEFT - 6, at + 4, f"{_digits(edge)}{' ' + picture.unit if picture.unit else ''}", "end")
    top = max(float(np.nanmax(score)), picture.cuts[-1]) * 1.05
    yield from _cuts(picture.cuts, top)
    yield from _path(x, _scaled(score, 0, top, LOWER), ALARM, "1.3")
    yield _label(LEFT - 6, LOWER[1] + 4, "0", "end")
    yield _label(LEFT - 6, LOWER[0] + 4, f"{top / 1.05:.0f} nats", "end")
    yield from _days(x, picture.times)
    yield "</svg>"


def _cuts(cuts: Sequence[float], top: float) -> Iterator[str]:
    heights = [_scaled(np.array([cut]), 0, top, LOWER)[0] for cut in cuts]
    for name, at in zip(GRADES, heights, strict=True):
        yield _line(LEFT, at, WIDTH - RIGHT, at, "#d3d9e0")
        if name == "IV" or abs(at - heights[0]) > 14:
            yield _label(WIDTH - RIGHT + 6, at + 4, name, "start")


def _days(x: np.ndarray, times: np.ndarray) -> Iterator[str]:
    """Mark midnights, at most eight of them with their date."""
    day = times // 86_400
    starts = np.flatnonzero(np.diff(day) > 0) + 1
    every = max(1, -(-len(starts) // 8))
    yield _line(LEFT, LOWER[1], WIDTH - RIGHT, LOWER[1], MUTED)
    for at in starts[::every].tolist():
        yield _line(x[at], LOWER[1], x[at], LOWER[1] + 4, MUTED)
        date = dt.datetime.fromtimestamp(times[at], dt.UTC)
        yield _label(x[at], LOWER[1] + 18, f"{date:%a %d %b}", "middle")


def _alarms(x: np.ndarray, score: np.ndarray, cut: float) -> Iterator[str]:
    """Shade the windows at grade IV or worse."""
    step = x[1] - x[0]
    edges = np.flatnonzero(np.diff(np.concatenate([[0], np.nan_to_num(score) >= cut, [0]]).astype(int)))
    for start, end in edges.reshape(-1, 2):
        width = max(step * (end - start), 1.5)
        yield (
            f'<rect x="{x[start]:.1f}" y="{UPPER[0]}" width="{width:.1f}" '
            f'height="{LOWER[1] - UPPER[0]}" fill="#fbe3d6"/>'
        )


def _band(x: np.ndarray, lower: np.ndarray, upper: np.ndarray) -> Iterator[str]:
    for at in _runs(np.isfinite(lower) & np.isfinite(upper)):
        along = [f"{px:.1f} {py:.1f}" for px, py in zip(x[at], upper[at], strict=True)]
        back = [f"{px:.1f} {py:.1f}" for px, py in zip(x[at][::-1], lower[at][::-1], strict=True)]
        yield f'<path d="M{"L".join(along + back)}Z" fill="{BAND}"/>'


def _path(x: np.ndarray, y: np.ndarray, colour: str, width: str, more: str = "") -> Iterator[str]:
    for at in _runs(np.isfinite(y)):
        points = "L".join(f"{px:.1f} {py:.1f}" for px, py in zip(x[at], y[at], strict=True))
        yield f'<path d="M{points}" fill="none" stroke="{colour}" stroke-width="{width}"{more}/>'


def _runs(known: np.ndarray) -> Iterator[slice]:
    edges = np.flatnonzero(np.diff(np.concatenate([[0], known.astype(int), [0]])))
    for start, end in edges.reshape(-1, 2):
        yield slice(int(start), int(end))


def _range(value: np.ndarray, lower: np.ndarray, upper: np.ndarray) -> tuple[float, float]:
    """Return what the upper panel spans: all values, and the band as far as it does not dwarf them."""
    low, high = float(np.nanmin(value)), float(np.nanmax(value))
    reach = max(high - low, 1e-9) * 0.4
    edges = [edge[np.isfinite(edge)] for edge in (lower, upper)]
    low = min([low, *np.maximum(edges[0], low - reach)]) if len(edges[0]) else low
    high = max([high, *np.minimum(edges[1], high + reach)]) if len(edges[1]) else high
    return float(low), float(high)


def _scaled(values: np.ndarray, low: float, high: float, panel: tuple[int, int]) -> np.ndarray:
    share = np.clip((values - low) / max(high - low, 1e-9), 0, 1)
    return panel[1] - share * (panel[1] - panel[0])


def _line(x1: float, y1: float, x2: float, y2: float, colour: str) -> str:
    return f'<line x1="{x1:.1f}" y1="{y1:.1f}" x2="{x2:.1f}" y2="{y2:.1f}" stroke="{colour}"/>'


def _label(x: float, y: float, text: str, anchor: str) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" fill="{MUTED}">{html.escape(text)}</text>'


def _digits(value: float) -> str:
    if abs(value) >= 1e6:
        return f"{value / 1e6:.1f} M"
    return f"{value:,.0f}" if abs(value) >= 10 else f"{value:.2g}"
