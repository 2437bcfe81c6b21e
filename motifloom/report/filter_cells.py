"""The small pictures in the rows of the filters: importance, enrichment, position."""

import numpy as np

from motifloom.report.format import is_missing, number, p_value

BAR = (104, 22)
SPARK = (104, 30)
DOT_ROW = 30
# Sizes of effects that fill a dot: AUC 0 or 1, correlation 1, an odds ratio of 16.
FULL = {"auc": 0.5, "correlation": 1.0, "log2_odds_ratio": 4.0}
NEUTRAL = {"auc": 0.5}
LABELS = {"auc": "AUC", "correlation": "Spearman ρ", "log2_odds_ratio": "log2 odds ratio"}


def importance_bar(value, low, high, bounds):
    """Draw an importance from zero with its interval, on an axis that all filters share.

    Parameters
    ----------
    value, low, high : float
        Missing: nothing is drawn.
    bounds : (float, float)
        Ends of the axis; it holds 0.

    Returns
    -------
    str
        The inside of an SVG of size :data:`BAR`; grey where the interval holds 0.
    """
    if is_missing(value):
        return ""
    width, height = BAR
    zero, end = _place(0, bounds, width), _place(value, bounds, width)
    known = not (is_missing(low) or is_missing(high))
    unsure = known and low <= 0 <= high
    text = f'<path class="cell-axis" d="M{zero} 1v{height - 2}"/>'
    text += (
        f'<path class="cell-bar{" cell-unsure" if unsure else ""}" d="M{zero} 6H{end}V{height - 6}H{zero}z"/>'
    )
    if known:
        left, right = _place(low, bounds, width), _place(high, bounds, width)
        text += f'<path class="cell-whisker" d="M{left} {height / 2:g}H{right}M{left} 8v6M{right} 8v6"/>'
    return text


def effect_size(value, effect):
    """Return an effect as a share of a full dot, -1 to 1; NaN where it is missing."""
    return float(np.clip((value - NEUTRAL.get(effect, 0)) / FULL[effect], -1, 1))


def dot_width(count):
    """Return the width of a target's column of dots, in pixels, for so many targets."""
    return 26 if count <= 4 else 18 if count <= 10 else 13


def enrichment_dots(sizes, significant):
    """Draw one dot per target.

    Parameters
    ----------
    sizes : float (T,)
        From :func:`effect_size`; NaN leaves a gap. The area of a dot is the size; enriched ones are filled,
        depleted ones are rings.
    significant : bool (T,)
        Those with a star.

    Returns
    -------
    str
        The inside of an SVG, T times :func:`dot_width` wide and :data:`DOT_ROW` high.
    """
    text, width = "", dot_width(len(sizes))
    for i, (size, starred) in enumerate(zip(sizes, significant, strict=True)):
        if np.isnan(size):
            continue
        x, radius = width * (i + 0.5), 1 + 4.6 * np.sqrt(abs(size))
        radius -= 0.6 * (size < 0)
        kind = ("up" if size >= 0 else "down") + ("" if starred else " weak")
        text += f'<circle class="{kind}" cx="{x:g}" cy="19" r="{radius:.2g}"/>'
        if starred:
            text += f'<text class="cell-star" x="{x:g}" y="11">*</text>'
    return text


def sparkline(behind, front):
    """Draw one profile as an area from 0 and another as a line, on one scale.

    Parameters
    ----------
    behind, front : float (P,)
        Along the sequence, 0 or more.

    Returns
    -------
    str
        The inside of an SVG of size :data:`SPARK`; empty where all is 0.
    """
    top = max(behind.max(initial=0), front.max(initial=0))
    if top <= 0 or len(behind) < 2:
        return ""
    width, height = SPARK
    x = np.linspace(1, width - 1, len(behind))
    area, line = (_points(x, height - 2 - (height - 4) * values / top) for values in (behind, front))
    floor = height - 2
    return f'<path class="cell-area" d="M1 {floor}L{area}V{floor}z"/><path class="cell-line" d="M{line}"/>'


def enrichment_text(targets, values, q_values, effect, cutoff):
    """Say which targets a filter is enriched in, strongest first, at most three."""
    order = np.argsort(
        [-effect_size(value, effect) if value == value else 9 for value in values], kind="stable"
    )
    found = [i for i in order if q_values[i] < cutoff and effect_size(values[i], effect) > 0][:3]
    texts = [
        f"{targets[i]} ({LABELS[effect]} {number(values[i], 2)}, q {p_value(q_values[i])})" for i in found
    ]
    return "enriched in " + ", ".join(texts) if texts else "enriched in none"


def _points(x, y):
    return " ".join(f"{a:.4g} {b:.3g}" for a, b in zip(x, y, strict=True))


def _place(value, bounds, width):
    low, high = bounds
    share = (min(max(value, low), high) - low) / ((high - low) or 1)
    return f"{2 + share * (width - 4):.4g}"
