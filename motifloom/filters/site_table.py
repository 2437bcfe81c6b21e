"""Sites as a data frame: read from their BED file, chosen by column, counted by letter."""

import csv
import gzip
import io
import logging
import zlib
from pathlib import Path

import numpy as np
import pandas as pd

from motifloom.errors import UserError

COLUMNS = [
    "chrom",
    "start",
    "end",
    "filter",
    "score",
    "strand",
    "id",
    "offset",
    "part",
    "targets",
    "sequence",
    "p_value",
    "q_value",
]
# Few different values in many rows: a code each instead of a text each.
TYPES = {
    **dict.fromkeys(["chrom", "filter", "strand", "part", "targets"], "category"),
    **dict.fromkeys(["id", "sequence"], str),
    **dict.fromkeys(["start", "end", "offset"], np.int64),
    **dict.fromkeys(["score", "p_value", "q_value"], float),
}
SITES_AT_ONCE = 2**17
LOG = logging.getLogger(__name__)


def read_sites(path):
    """Read the sites of a method, `{method}.sites.bed.gz`.

    Parameters
    ----------
    path : path
        Plain, gzip or bgzip.

    Returns
    -------
    DataFrame
        One row per site in the order of the file. Columns chrom, start, end (0-based half-open), filter,
        score (activation), strand, id, offset (0-based, of the window in the example as it was read), part,
        targets (labels joined by commas), sequence (as the filter reads it), p_value, q_value (NaN where
        the method has none). chrom, filter, strand, part and targets are categories.

    Raises
    ------
    UserError
        The file is not there, cut off, or not a file of sites.
    """
    try:
        content = Path(path).read_bytes()
        content = gzip.decompress(content) if content[:2] == b"\x1f\x8b" else content
        head = content[: content.find(b"\n")].decode().rstrip("\r")
    except (OSError, EOFError, zlib.error, UnicodeDecodeError) as error:
        raise UserError(f"{path}: cannot be read as a file of sites ({error})") from error
    if head != "#" + "\t".join(COLUMNS):
        raise UserError(f"{path}: not a file of sites; give the {{method}}.sites.bed.gz of a motif set")
    try:
        return pd.read_csv(
            io.BytesIO(content),
            sep="\t",
            skiprows=1,
            names=COLUMNS,
            index_col=False,
            dtype=TYPES,
            keep_default_na=False,
            na_values={"p_value": ["."], "q_value": ["."]},
            quoting=csv.QUOTE_NONE,
        )
    except (ValueError, pd.errors.ParserError) as error:
        raise UserError(f"{path}: not a complete file of sites ({error})") from error


def choose_sites(sites, *, q_value=None, targets=None, parts=None):
    """Return the rows of sites that fulfil every condition given.

    Parameters
    ----------
    sites : DataFrame
        With the columns that the conditions are about.
    q_value : float or None
        The largest q-value.
    targets : list of str, str or None
        At least one of these classes or labels.
    parts : list of str, str or None
        One of these parts of the split.

    Raises
    ------
    ValueError
        A condition on a column that these sites do not have.
    """
    keep = np.ones(len(sites), bool)
    if q_value is not None:
        values = _column(sites, "q_value").to_numpy(float)
        if len(values) and np.isnan(values).all():
            raise ValueError("these sites have no q-values; choose by them those of the method 'significant'")
        keep &= values <= q_value
    if parts is not None:
        keep &= _column(sites, "part").isin(listed(parts)).to_numpy()
    if targets is not None:
        keep &= _has_target(_column(sites, "targets"), listed(targets))
    return sites[keep]


def listed(names):
    """Return a list of names, of one name or several; None stays None."""
    return names if names is None else [names] if isinstance(names, str) else list(names)


def _column(sites, name):
    if name not in sites:
        raise ValueError(f"these sites have no column {name!r}")
    return sites[name]


def _has_target(column, wanted):
    """Return bool (n,): does a site's list of labels hold one of those wanted?"""
    code, values = pd.factorize(column)
    labels = [set(str(value).split(",")) for value in values]
    for name in set(wanted) - set().union(*labels):
        LOG.warning("no site has the target %s", name)
    # Missing values have code -1: the last entry.
    return np.array([not label.isdisjoint(wanted) for label in labels] + [False])[code]


def site_widths(sites):
    """Return {filter: number of letters of its sites}, filters in order of their first site."""
    first = sites[["filter", "sequence"]].drop_duplicates("filter")
    return dict(zip(first["filter"].tolist(), first["sequence"].str.len().tolist(), strict=True))


def filter_codes(sites, filters):
    """Return the place of each site's filter in a list of names, int (n,); -1 for other filters."""
    code, names = pd.factorize(sites["filter"])
    # Missing names have code -1: the last entry.
    return np.append(pd.Index(filters, dtype=object).get_indexer(np.asarray(names, object)), -1)[code]


def count_letters(sites, widths, alphabet):
    """Count letters in sites by filter and position.

    Parameters
    ----------
    sites : DataFrame
        Columns filter and sequence; sites of other filters are left out.
    widths : dict of str to int
        Number of positions of each filter.
    alphabet : Alphabet
        Letters that count; all others (N, X) count for none.

    Returns
    -------
    counts : dict of str to float (W, A)
        In the order of `widths`.
    n_sites : int64 (F,)
        Number of sites; one that is all unknown counts as well.

    Raises
    ------
    ValueError
        A site is not as long as its filter.
    """
    names = list(widths)
    code = filter_codes(sites, names)
    n_sites = np.bincount(code[code >= 0], minlength=len(names))
    counts = {name: np.zeros((width, alphabet.size)) for name, width in widths.items()}
    for width in set(widths.values()):
        of_width = np.array([widths[name] == width for name in names])
        place = np.cumsum(of_width) - 1
        rows = np.flatnonzero((code >= 0) & of_width[code])
        total = np.zeros(of_width.sum() * width * (alphabet.size + 1), np.int64)
        for first in range(0, len(rows), SITES_AT_ONCE):
            block = rows[first : first + SITES_AT_ONCE]
            tokens = _tokens(sites["sequence"].iloc[block], names, code[block], width, alphabet)
            cell = place[code[block]][:, None] * width + np.arange(width)
            total += np.bincount((cell * (alphabet.size + 1) + tokens).ravel(), minlength=len(total))
        known = total.reshape(of_width.sum(), width, alphabet.size + 1)[:, :, : alphabet.size]
        for name, array in zip(np.array(names, object)[of_width], known, strict=True):
            counts[name] = array.astype(float)
    return counts, n_sites


def _tokens(sequences, names, code, width, alphabet):
    """Return the tokens, uint8 (n, W), of sequences of one width."""
    texts = sequences.tolist()
    length = np.fromiter(map(len, texts), int, len(texts))
    if (length != width).any():
        wrong = int(np.argmax(length != width))
        raise ValueError(
            f"filter {names[code[wrong]]}: a site of {length[wrong]} letters, but a motif of {width} "
            "positions; choose sites before motifs are trimmed"
        )
    return alphabet.encode("".join(texts)).reshape(len(texts), width)


def reverse_complement_sites(sites, alphabet):
    """Return the sites as the filters' reverse complements read them: other strand, other letters.

    Sequences are written in upper case, unknown letters as N (X for proteins).
    """
    strand = sites["strand"].astype(object).map({"+": "-", "-": "+"}).astype(sites["strand"].dtype)
    every = bytes(range(256))
    complement = bytearray(alphabet.decode(alphabet.complement_table[alphabet.encode(every)]).encode())
    complement[ord("\n")] = ord("\n")
    # One long text turned round has the sequences in reverse order.
    text = "\n".join(sites["sequence"].tolist()).encode().translate(bytes(complement))
    turned = text[::-1].decode().split("\n")[::-1] if len(sites) else []
    sequence = pd.Series(turned, sites.index, dtype=sites["sequence"].dtype)
    return sites.assign(strand=strand, sequence=sequence)
