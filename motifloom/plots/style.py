"""One look for all figures: colours, fonts, and SVG files that are the same bytes every time."""

import logging
import re

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
from matplotlib.ticker import LogFormatterSciNotation

from motifloom.io import atomic_path

NUCLEOTIDE_COLOURS = {
    "A": "#109648",
    "C": "#255C99",
    "G": "#E69F00",
    "T": "#D62839",
    "U": "#D62839",
}

# Okabe and Ito's palette, safe for all common forms of colour blindness; black last.
CLASS_COLOURS = [
    "#0072B2",
    "#D55E00",
    "#009E73",
    "#CC79A7",
    "#E69F00",
    "#56B4E9",
    "#F0E442",
    "#000000",
]
GREY = "#8A8A8A"

STYLE = {
    "font.family": "sans-serif",
    "font.sans-serif": ["DejaVu Sans"],
    "font.size": 9,
    "axes.titlesize": 10,
    "axes.labelsize": 9,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.prop_cycle": matplotlib.cycler(color=CLASS_COLOURS),
    "legend.frameon": False,
    "legend.fontsize": 8,
    "figure.constrained_layout.use": True,
    "savefig.facecolor": "white",
    "svg.fonttype": "none",
    # A dollar sign in a name is a dollar sign.
    "text.parse_math": False,
    # Without a fixed salt the identifiers inside an SVG differ from run to run.
    "svg.hashsalt": "motifloom",
}

SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")


class _Powers(LogFormatterSciNotation):
    """Labels of a logarithmic axis without the language of formulas, which is off."""

    def __call__(self, x, pos=None):
        label = super().__call__(x, pos).replace(r"\mathdefault", "").replace(r"\times", "×")
        return re.sub(r"\^\{(-?\d+)\}", lambda m: m[1].translate(SUPERSCRIPTS), label).strip("${}")


def _label_powers(figure):
    """Let the logarithmic axes of a figure have plain labels."""
    for axis in (axis for axes in figure.axes for axis in (axes.xaxis, axes.yaxis)):
        if type(axis.get_major_formatter()) is LogFormatterSciNotation:
            axis.set_major_formatter(_Powers())
        if type(axis.get_minor_formatter()) is LogFormatterSciNotation:
            axis.set_minor_formatter(_Powers(labelOnlyBase=False))


def apply_style():
    """Make Motifloom's style matplotlib's own for this process."""
    logging.getLogger("matplotlib.font_manager").setLevel(logging.ERROR)
    plt.rcParams.update(STYLE)


def save_figure(figure, path):
    """Save a figure (SVG or PNG by suffix) whole or not at all, without a date, and close it."""
    _label_powers(figure)
    with atomic_path(path) as temporary:
        options = {"metadata": {"Date": None}} if str(path).endswith(".svg") else {"dpi": 150}
        figure.savefig(temporary, **options)
    plt.close(figure)


apply_style()
