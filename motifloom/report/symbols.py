"""Pictures that a page holds once and shows in many places."""

import hashlib
import re

import numpy as np
from markupsafe import Markup

from motifloom.plots.logos import logo_svg


class SymbolStore:
    """Draws each logo or small picture once as an SVG symbol, which rows then refer to."""

    def __init__(self):
        self._symbols = {}

    def add(self, motif, letters="ACGT"):
        """Return {"id", "width"} of the symbol of a motif, drawn if it is new; None for None.

        Parameters
        ----------
        motif : pandas.DataFrame, array or None
            Probabilities (W, A); a data frame's columns are the letters.
        letters : str
            Letters of an array's columns.
        """
        if motif is None:
            return None
        letters = "".join(motif.columns) if hasattr(motif, "columns") else letters
        values = np.round(np.asarray(motif, dtype=np.float64), 4)
        name = "logo-" + _digest(letters.encode() + values.tobytes())
        if name not in self._symbols:
            self._symbols[name] = _symbol(logo_svg(values, letters), name)
        return {"id": name, "width": len(values)}

    def picture(self, width, height, inner):
        """Return {"id", "width", "height"} of a picture given as the inside of an SVG, sizes in pixels."""
        name = "cell-" + _digest(f"{width} {height} {inner}".encode())
        self._symbols[name] = f'<symbol id="{name}" viewBox="0 0 {width} {height}">{inner}</symbol>'
        return {"id": name, "width": width, "height": height}

    def symbols(self):
        """Return all symbols as markup."""
        return Markup("".join(self._symbols.values()))


def _digest(content):
    return hashlib.sha256(content).hexdigest()[:10]


def _symbol(text, name):
    box, inner = re.fullmatch(r'<svg[^>]*? viewBox="([^"]+)"[^>]*>(.*)</svg>', text, re.DOTALL).groups()
    return f'<symbol id="{name}" viewBox="{box}" preserveAspectRatio="none">{inner}</symbol>'
