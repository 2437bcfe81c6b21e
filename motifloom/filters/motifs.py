"""Sets of motifs, one per filter: access, transformations, files."""

import json
from collections.abc import Mapping
from pathlib import Path

import h5py
import numpy as np
import pandas as pd

from motifloom.data.encode import ALPHABETS, get_alphabet
from motifloom.errors import UserError
from motifloom.filters.information import consensus, information_content, informative_span
from motifloom.filters.jaspar import read_motifs, write_jaspar
from motifloom.filters.meme import write_meme
from motifloom.filters.site_table import (
    choose_sites,
    count_letters,
    filter_codes,
    listed,
    read_sites,
    reverse_complement_sites,
    site_widths,
)
from motifloom.io import atomic_hdf5

# What a file holds by filter; counts alone are in every set.
BY_FILTER = ("counts", "cutoffs", "kernels")


class MotifSet(Mapping):
    """The motifs of filters by one method: a mapping from filter name to its probabilities.

    ``motifs["conv_007"]`` is a data frame, rows position (0-based), columns letters, rows summing to 1.
    A position without any count, and so every position of a filter without sites, holds the background.

    Parameters
    ----------
    method : str
        How the motifs were made: top, softmax, positive, ...
    alphabet : Alphabet
        Letters of the columns.
    counts : dict of str to float (W, A)
        By filter, in order: occurrences in the sites; for methods without sites, probabilities.
    layers : list of str
        The layer of each filter.
    n_sites : int (F,) or None
        Number of sites by filter; None for methods that read the weights alone.
    thresholds : float (F,) or None
        Least activation of a site; NaN for a filter that never fires.
    background : float (A,)
        Letter frequencies of the scanned sequences, or as given.
    parameters : dict
        The settings of the method, for the record.
    cutoffs : dict of str to float32 (W + 1,), or None
        By filter: the least score of a site by the number of known letters of its window; inf where no
        window is a site. None for methods without sites.
    sites : DataFrame or None
        One row per site, in the columns of :data:`motifloom.filters.site_table.COLUMNS`.
    kernels : dict of str to float32 (W, A), or None
        The weights, for logos of them.
    """

    def __init__(
        self,
        method,
        alphabet,
        counts,
        layers,
        n_sites=None,
        thresholds=None,
        background=None,
        parameters=None,
        cutoffs=None,
        sites=None,
        kernels=None,
    ):
        self.method, self.alphabet, self.layers = method, alphabet, list(layers)
        self.counts = {name: np.asarray(array, float) for name, array in counts.items()}
        self.n_sites = None if n_sites is None else np.asarray(n_sites, np.int64)
        self.thresholds = None if thresholds is None else np.asarray(thresholds, float)
        uniform = np.full(alphabet.size, 1 / alphabet.size)
        self.background = uniform if background is None else np.asarray(background, float)
        self.parameters = dict(parameters or {})
        self.cutoffs, self.kernels = self._single(cutoffs), self._single(kernels)
        self.sites = sites

    def _single(self, arrays):
        return None if arrays is None else {name: np.asarray(arrays[name], np.float32) for name in self}

    def __getitem__(self, name):
        frame = pd.DataFrame(self.probabilities(name), columns=list(self.alphabet.letters))
        return frame.rename_axis(index="position")

    def __iter__(self):
        return iter(self.counts)

    def __len__(self):
        return len(self.counts)

    def __repr__(self):
        return f"MotifSet({self.method}, {len(self)} filters, {self.alphabet.name})"

    @property
    def filters(self):
        """Names of the filters, in order."""
        return list(self.counts)

    @property
    def silent(self):
        """Names of the filters without a single site; empty for methods without sites."""
        if self.n_sites is None:
            return []
        return [name for name, sites in zip(self, self.n_sites, strict=True) if sites == 0]

    def probabilities(self, name, pseudocount=0.0):
        """Return float (W, A), rows summing to 1.

        Parameters
        ----------
        name : str
            Filter.
        pseudocount : float
            Sites' worth of background added to each position; without effect on methods without sites.
        """
        counts = self.counts[name]
        if self.n_sites is not None:
            counts = counts + pseudocount * self.background
        total = counts.sum(axis=1, keepdims=True)
        background = np.broadcast_to(self.background, counts.shape)
        return np.divide(counts, total, out=background.copy(), where=total > 0)

    def information_content(self, name, relative_to="uniform"):
        """Return bits by position, float (W,), relative to `uniform` (as in logos) or the `background`."""
        background = {"uniform": None, "background": self.background}[relative_to]
        return information_content(self.probabilities(name), background)

    def consensus(self, name):
        """Return the consensus of one filter; see :func:`consensus`."""
        return consensus(self.probabilities(name), self.alphabet.letters)

    def _with(self, counts, **changes):
        """Return a set of these filters with these counts, and whatever else changes."""
        number = {name: i for i, name in enumerate(self.counts)}
        pick = [number[name] for name in counts]
        arguments = {
            "layers": [self.layers[i] for i in pick],
            "n_sites": None if self.n_sites is None else self.n_sites[pick],
            "thresholds": None if self.thresholds is None else self.thresholds[pick],
            "background": self.background,
            "parameters": self.parameters,
            "cutoffs": self.cutoffs,
            "sites": self.sites,
            "kernels": self.kernels,
        }
        return MotifSet(self.method, self.alphabet, counts, **(arguments | changes))

    def subset(self, names):
        """Return the motif set of these filters, in this order.

        Raises
        ------
        KeyError
            A name that is not in the set.
        """
        missing = [name for name in names if name not in self.counts]
        if missing:
            raise KeyError(f"no motif of filter {missing[0]}")
        sites = None if self.sites is None else self.sites[self.sites["filter"].isin(list(names))]
        return self._with({name: self.counts[name] for name in names}, sites=sites)

    def with_sites(self, sites):
        """Return the set with its sites, for :meth:`where`.

        Parameters
        ----------
        sites : DataFrame or path
            The sites, at least the columns filter and sequence; or the file to read them from.
        """
        sites = sites if isinstance(sites, pd.DataFrame) else read_sites(sites)
        absent = {"filter", "sequence"} - set(sites.columns)
        if absent:
            raise ValueError(f"sites need a column {min(absent)!r}")
        return self._with(self.counts, sites=sites)

    def where(self, q_value=None, targets=None, parts=None, filters=None):
        """Return the motif set made from some of the sites only.

        Counts, numbers of sites and thresholds (the least activation) are those of the sites chosen; a
        filter without any is silent. Cutoffs are left out: what is chosen is no matter of the score alone.
        A file of sites may hold more parts than the motifs were made from; `parts` chooses.

        Parameters
        ----------
        q_value : float or None
            Sites with a q-value of at most this.
        targets : list of str, str or None
            Sites in examples with one of these classes or labels.
        parts : list of str, str or None
            Sites in examples of one of these parts of the split.
        filters : list of str or None
            Motifs of these filters only, in this order; default all.

        Raises
        ------
        ValueError
            The set has no sites (see :meth:`with_sites`) or they lack what is asked for.
        KeyError
            A filter that is not in the set.
        """
        if self.sites is None:
            raise ValueError("the set has no sites; add them: motifs.with_sites('top.sites.bed.gz')")
        part = self if filters is None else self.subset(filters)
        sites = choose_sites(part.sites, q_value=q_value, targets=targets, parts=parts)
        counts, n_sites = count_letters(
            sites, {name: len(array) for name, array in part.counts.items()}, self.alphabet
        )
        conditions = {"q_value": q_value, "targets": listed(targets), "parts": listed(parts)}
        chosen = {key: value for key, value in conditions.items() if value is not None}
        return part._with(
            counts,
            n_sites=n_sites,
            thresholds=_least_scores(sites, part.filters),
            cutoffs=None,
            sites=sites,
            parameters=self.parameters | {"where": self.parameters.get("where", []) + [chosen]},
        )

    @classmethod
    def from_sites(cls, sites, alphabet, layers, method="sites", background=None, filters=None):
        """Build motifs from sites.

        Parameters
        ----------
        sites : DataFrame
            Columns filter and sequence (letters as the filter reads them; unknown ones count for none);
            with score, the least one is a filter's threshold.
        alphabet : Alphabet
            Letters of the sequences.
        layers : list of str or dict
            The layer of each filter, in the order of `filters`, or by name.
        method : str
            Name for the set.
        background : float (A,) or None
            Letter frequencies; default all equally likely.
        filters : list of str or None
            Names, in order; default those that have sites, in the order of their first site. A filter
            without sites has as many positions as the first one of its layer that has, or none.

        Raises
        ------
        ValueError
            Sites of one filter that are not equally long.
        """
        widths = site_widths(sites)
        filters = list(widths) if filters is None else list(filters)
        layers = [layers[name] for name in filters] if isinstance(layers, Mapping) else list(layers)
        of_layer = {}
        for name, layer in zip(filters, layers, strict=True):
            if name in widths:
                of_layer.setdefault(layer, widths[name])
        positions = {
            name: widths.get(name, of_layer.get(layer, 0))
            for name, layer in zip(filters, layers, strict=True)
        }
        counts, n_sites = count_letters(sites, positions, alphabet)
        thresholds = _least_scores(sites, filters)
        return cls(method, alphabet, counts, layers, n_sites, thresholds, background, sites=sites)

    def trim(self, minimum=0.25):
        """Return a motif set without flanking positions of less than `minimum` bits (uniform scale).

        A motif without any such position stays as it is. Cutoffs and sites remain those of whole windows.
        """
        spans = {name: slice(*informative_span(self.probabilities(name), minimum)) for name in self}
        return self._with(
            {name: counts[spans[name]] for name, counts in self.counts.items()},
            kernels=self.kernels and {name: self.kernels[name][spans[name]] for name in self},
        )

    def reverse_complement(self):
        """Return the motif set read on the other strand, its sites and weights as well."""
        order = self.alphabet.complement_table[: self.alphabet.size]
        return self._with(
            {name: counts[::-1, order] for name, counts in self.counts.items()},
            background=self.background[order],
            sites=None if self.sites is None else reverse_complement_sites(self.sites, self.alphabet),
            kernels=self.kernels and {name: self.kernels[name][::-1, order] for name in self},
        )

    def summary(self):
        """Return one row per filter.

        Columns method, filter, layer, n_sites, threshold (activation), information_content (bits, sum
        over positions, relative to equally likely letters), consensus. n_sites and threshold are missing
        for methods without sites.
        """
        table = pd.DataFrame(
            {
                "method": self.method,
                "filter": self.filters,
                "layer": self.layers,
                "n_sites": pd.array([None] * len(self) if self.n_sites is None else self.n_sites, "Int64"),
                "threshold": np.nan if self.thresholds is None else self.thresholds,
                "information_content": [self.information_content(name).sum() for name in self],
                "consensus": [self.consensus(name) for name in self],
            }
        )
        # Without filters there is nothing to tell the types of columns from.
        return table.astype({"filter": str, "layer": str, "consensus": str})

    def to_hdf5(self, path):
        """Write the set to an HDF5 file, the same bytes every time; sites stay in their BED file."""
        with atomic_hdf5(path) as file:
            file.attrs["method"], file.attrs["alphabet"] = self.method, self.alphabet.name
            file.attrs["parameters"] = json.dumps(self.parameters, sort_keys=True)
            arrays = {
                "filters": np.char.encode(np.array(self.filters, dtype=str), "utf-8"),
                "layers": np.char.encode(np.array(self.layers, dtype=str), "utf-8"),
                "background": self.background,
                "n_sites": self.n_sites,
                "thresholds": self.thresholds,
                **{
                    f"{kind}/{name}": array
                    for kind in BY_FILTER
                    for name, array in (getattr(self, kind) or {}).items()
                },
            }
            for name, array in arrays.items():
                if array is not None:
                    file.create_dataset(name, data=array, track_times=False)
            for kind in BY_FILTER:
                # A set without filters still says that its method has cutoffs.
                if getattr(self, kind) is not None:
                    file.require_group(kind)

    def to_meme(self, path):
        """Write the set in MEME format; see :func:`motifloom.filters.meme.write_meme`."""
        return write_meme(self, path)

    def to_jaspar(self, path):
        """Write the set in JASPAR format; see :func:`motifloom.filters.jaspar.write_jaspar`."""
        return write_jaspar(self, path)

    @classmethod
    def read(cls, path):
        """Read a set from a file in HDF5, MEME or JASPAR format, whichever it is.

        HDF5 alone holds everything. From the others come names, counts (in MEME format probabilities times
        `nsites`) and numbers of sites; if one motif has none, all are taken as made without sites. A set made
        without sites comes back with the number of them that its file pretends (MEME 20, JASPAR 1000). The
        method is then the name of the file, the layers are empty and the background is equal frequencies.

        Raises
        ------
        UserError
            The file is none of these, or its motifs are of different alphabets.
        """
        if h5py.is_hdf5(path):
            return cls.from_hdf5(path)
        motifs = read_motifs(path).values()
        letters = {motif.alphabet for motif in motifs}
        alphabet = [known for known in ALPHABETS.values() if letters == {known.letters}]
        if not alphabet:
            raise UserError(
                f"{path}: motifs of the letters {' and '.join(sorted(letters))}; give one alphabet"
            )
        if any(not motif.nsites for motif in motifs):
            counts, n_sites = {motif.id: motif.probabilities for motif in motifs}, None
        else:
            counts = {
                motif.id: motif.probabilities * motif.nsites if motif.counts is None else motif.counts
                for motif in motifs
            }
            n_sites = [round(motif.nsites) for motif in motifs]
        return cls(Path(path).name.split(".")[0], alphabet[0], counts, [""] * len(counts), n_sites)

    @classmethod
    def from_hdf5(cls, path):
        """Read a set written by :meth:`to_hdf5`."""
        try:
            with h5py.File(path, "r") as file:
                names = [name.decode() for name in file["filters"][()]]
                arrays = {
                    kind: {name: file[f"{kind}/{name}"][()] for name in names} if kind in file else None
                    for kind in BY_FILTER
                }
                return cls(
                    file.attrs["method"],
                    get_alphabet(file.attrs["alphabet"]),
                    arrays["counts"] or {},
                    [name.decode() for name in file["layers"][()]],
                    file["n_sites"][()] if "n_sites" in file else None,
                    file["thresholds"][()] if "thresholds" in file else None,
                    file["background"][()],
                    json.loads(file.attrs["parameters"]),
                    arrays["cutoffs"],
                    kernels=arrays["kernels"],
                )
        except (OSError, KeyError, ValueError, TypeError) as error:
            raise UserError(f"{path}: not a motif set ({error})") from error


def _least_scores(sites, filters):
    """Return the least score of each filter's sites, float (F,); NaN where there is none."""
    least = np.full(len(filters), np.inf)
    if "score" in sites:
        code = filter_codes(sites, filters)
        np.minimum.at(least, code[code >= 0], sites["score"].to_numpy(float)[code >= 0])
    return np.where(np.isfinite(least), least, np.nan)
