"""What a position of a motif says: bits and consensus letters."""

import numpy as np

IUPAC = {
    "A": "A",
    "C": "C",
    "G": "G",
    "T": "T",
    "AG": "R",
    "CT": "Y",
    "CG": "S",
    "AT": "W",
    "GT": "K",
    "AC": "M",
}


def information_content(probabilities, background=None):
    """Return the information content of each position, float (W,), in bits.

    Parameters
    ----------
    probabilities : float (W, A)
        Rows sum to 1.
    background : float (A,) or None
        The distribution that carries no information; None: all letters equally likely, the usual
        scale of logos, on which a position holds 0 to log2(A) bits.
    """
    p = np.asarray(probabilities, float)
    b = np.full(p.shape[1], 1 / p.shape[1]) if background is None else np.asarray(background, float)
    ratio = np.divide(p, b, out=np.ones_like(p), where=(p > 0) & (b > 0))
    return (p * np.log2(ratio)).sum(axis=1)


def consensus(probabilities, letters):
    """Return the consensus string of probabilities (W, A) by the rules of Cavener (1987).

    A letter with more than half of the sites and more than twice the second; else, in DNA and RNA, the
    IUPAC code of the first two if they have more than three quarters; else N (X for proteins).
    """
    text, nucleotides = [], set(letters) <= set("ACGTU")
    for row in np.asarray(probabilities):
        # A stable sort: of equal letters the first in the alphabet comes first.
        first, second = np.argsort(-row, kind="stable")[:2]
        pair = "".join(sorted(letters[first] + letters[second])).replace("U", "T")
        if row[first] > 0.5 and row[first] > 2 * row[second]:
            text.append(letters[first])
        elif nucleotides and row[first] + row[second] > 0.75:
            text.append(IUPAC[pair])
        else:
            text.append("N" if nucleotides else "X")
    return "".join(text)


def informative_span(probabilities, minimum):
    """Return (first, end) of the positions left when flanks below `minimum` bits are cut off.

    A motif of which no position reaches `minimum` keeps all of them.
    """
    good = np.flatnonzero(information_content(probabilities) >= minimum)
    return (int(good[0]), int(good[-1]) + 1) if len(good) else (0, len(probabilities))
