"""One look for all figures: colours, fonts, and SVG files that are the same bytes every time."""

import logging

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt

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
    # Without a fixed salt the identifiers inside an SVG differ from run to run.
    "svg.hashsalt": "motifloom",
}


def apply_style():
    """Make Motifloom's style matplotlib's own for this process."""
    logging.getLogger("matplotlib.font_manager").setLevel(logging.ERROR)
    plt.rcParams.update(STYLE)


def save_figure(figure, path):
    """Save a figure (SVG or PNG by suffix) whole or not at all, without a date, and close it."""
    with atomic_path(path) as temporary:
        options = {"metadata": {"Date": None}} if str(path).endswith(".svg") else {"dpi": 150}
        figure.savefig(temporary, **options)
    plt.close(figure)


apply_style()
