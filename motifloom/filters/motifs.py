"""Sets of motifs, one per filter: access, transformations, files."""

import json
from collections.abc import Mapping

import h5py
import numpy as np
import pandas as pd

from motifloom.data.encode import get_alphabet
from motifloom.errors import UserError
from motifloom.filters.information import consensus, information_content, informative_span
from motifloom.io import atomic_path


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
    ):
        self.method, self.alphabet, self.layers = method, alphabet, list(layers)
        self.counts = {name: np.asarray(array, float) for name, array in counts.items()}
        self.n_sites = None if n_sites is None else np.asarray(n_sites, np.int64)
        self.thresholds = None if thresholds is None else np.asarray(thresholds, float)
        uniform = np.full(alphabet.size, 1 / alphabet.size)
        self.background = uniform if background is None else np.asarray(background, float)
        self.parameters = dict(parameters or {})

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

    def _with(self, counts, background=None):
        """Return a set of these filters with these counts."""
        number = {name: i for i, name in enumerate(self.counts)}
        pick = [number[name] for name in counts]
        return MotifSet(
            self.method,
            self.alphabet,
            counts,
            [self.layers[i] for i in pick],
            None if self.n_sites is None else self.n_sites[pick],
            None if self.thresholds is None else self.thresholds[pick],
            self.background if background is None else background,
            self.parameters,
        )

    def subset(self, names):
        """Return the motif set of these filters, in this order."""
        missing = [name for name in names if name not in self.counts]
        if missing:
            raise KeyError(f"no motif of filter {missing[0]}")
        return self._with({name: self.counts[name] for name in names})

    def trim(self, minimum=0.25):
        """Return a motif set without flanking positions of less than `minimum` bits (uniform scale).

        A motif without any such position stays as it is.
        """
        return self._with(
            {
                name: counts[slice(*informative_span(self.probabilities(name), minimum))]
                for name, counts in self.counts.items()
            }
        )

    def reverse_complement(self):
        """Return the motif set read on the other strand."""
        order = self.alphabet.complement_table[: self.alphabet.size]
        counts = {name: counts[::-1, order] for name, counts in self.counts.items()}
        return self._with(counts, self.background[order])

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
        """Write the set to an HDF5 file, the same bytes every time."""
        with atomic_path(path) as temporary, h5py.File(temporary, "w") as file:
            file.attrs["method"], file.attrs["alphabet"] = self.method, self.alphabet.name
            file.attrs["parameters"] = json.dumps(self.parameters, sort_keys=True)
            arrays = {
                "filters": np.char.encode(np.array(self.filters, dtype=str), "utf-8"),
                "layers": np.char.encode(np.array(self.layers, dtype=str), "utf-8"),
                "background": self.background,
                "n_sites": self.n_sites,
                "thresholds": self.thresholds,
                **{f"counts/{name}": counts for name, counts in self.counts.items()},
            }
            for name, array in arrays.items():
                if array is not None:
                    file.create_dataset(name, data=array, track_times=False)

    @classmethod
    def from_hdf5(cls, path):
        """Read a set written by :meth:`to_hdf5`."""
        try:
            with h5py.File(path, "r") as file:
                names = [name.decode() for name in file["filters"][()]]
                return cls(
                    file.attrs["method"],
                    get_alphabet(file.attrs["alphabet"]),
                    {name: file[f"counts/{name}"][()] for name in names},
                    [name.decode() for name in file["layers"][()]],
                    file["n_sites"][()] if "n_sites" in file else None,
                    file["thresholds"][()] if "thresholds" in file else None,
                    file["background"][()],
                    json.loads(file.attrs["parameters"]),
                )
        except (OSError, KeyError) as error:
            raise UserError(f"{path}: not a motif set ({error})") from error
