"""Splits: which examples train, which choose the best weights, and which are kept for the test."""

import logging

import numpy as np
import pandas as pd
from scipy import sparse

from motifloom.data.assign import assign_groups, fill_parts
from motifloom.data.encode import DNA
from motifloom.data.similarity import hash_sequences, near_duplicate_pairs, overlap_clusters
from motifloom.errors import UserError
from motifloom.randomness import generator

PARTS = ("train", "validation", "test")
UNUSED = "unused"
SPELLINGS = {
    "train": "train",
    "training": "train",
    "val": "validation",
    "valid": "validation",
    "validation": "validation",
    "test": "test",
    "testing": "test",
}
QUANTILES = 10
COMMON = 10
KEYS = {"random": "ratios.{part}", "column": "by", "file": "path", "folds": "folds"}

log = logging.getLogger(__name__)


def split_dataset(dataset, config, seed, name, *, genomes=None, where=None):
    """Divide a dataset into parts; see :func:`split_examples`.

    Parameters
    ----------
    dataset : motifloom.data.store.Dataset
    config : motifloom.config.Split
    seed : int
        The seed of the config.
    name : str
        The dataset's key in the config; draws derive from (seed, "split", name).
    genomes : dict of str to str, optional
        The genome of each source. Default: all sources have the same genome.
    where : str, optional
        Key path for messages. Default: ``datasets.{name}.split``.

    Returns
    -------
    DataFrame
        Columns id, group and part; one row per example, in the order of the dataset.
    """
    return split_examples(
        dataset.regions,
        dataset.tokens,
        dataset.targets[:],
        config,
        generator(seed, "split", name),
        task=dataset.task,
        classes=dataset.classes,
        alphabet=dataset.alphabet,
        genomes=genomes,
        where=where or f"datasets.{name}.split",
    )


def split_examples(
    regions, tokens, targets, config, rng, *, task, classes=(), alphabet=DNA, genomes=None, where="split"
):
    """Divide examples into parts.

    `random` and `folds` assign whole groups (:func:`group_examples`), so that no example has a copy of itself
    in another part; `chromosome` assigns whole chromosomes (an example without coordinates goes with its
    parent); `column` and `file` take the parts as given, and an example made for another one (its parent)
    that has none of its own takes that of its parent.

    Parameters
    ----------
    regions : DataFrame
        Columns id, chrom, start, end, source, record, parent, and for `column` also part.
    tokens : array or HDF5 dataset, uint8 (N, L)
    targets : ndarray, float (N, T)
    config : motifloom.config.Split
        Any object with its attributes.
    rng : numpy.random.Generator
    task : str
        binary, multiclass, multilabel or regression.
    classes : sequence of str
        The dataset's class names, for messages.
    alphabet : motifloom.data.encode.Alphabet
    genomes : dict of str to str, optional
        The genome of each source. Default: all sources have the same genome.
    where : str
        Key path of the split in the config, for messages.

    Returns
    -------
    DataFrame
        Columns id, group (int, from 0) and part: train, validation or test; fold0, fold1, ... by folds;
        unused for examples on chromosomes that no list names, if all three lists are given
        (:func:`unused_rows` gives their rows of the ledger).

    Raises
    ------
    UserError
        Where a part is empty, a class has no example in train, a chromosome is in two lists or has no
        example, an example has no part or no chromosome, or the file of parts cannot be read.
    """
    groups = group_examples(
        regions,
        tokens,
        alphabet,
        copies=config.group_overlaps,
        similar=getattr(config, "group_near_duplicates", False),
        genomes=genomes,
    )
    if config.by in ("random", "folds"):
        names = PARTS if config.by == "random" else [f"fold{fold}" for fold in range(config.folds)]
        ratios = _ratios(config, where) if config.by == "random" else np.full(len(names), 1 / len(names))
        strata = stratum_table(targets, task) if config.stratify else stratum_table(targets, None)
        parts = np.array(names, object)[assign_groups(groups, strata, ratios, rng)]
    elif config.by == "chromosome":
        parts = _parts_by_chromosome(regions, config, where)
    elif config.by == "column":
        parts = _parts_by_column(regions, where)
    else:
        parts = _parts_by_file(regions, config.path, f"{where}.path")
    table = pd.DataFrame({"id": regions["id"].to_numpy(), "group": groups, "part": parts})
    _check_parts(table, targets, config, task, classes, where)
    for part, count in table["part"].value_counts(sort=False).items():
        log.info("%s: %d examples in %d groups", part, count, table["group"][table["part"] == part].nunique())
    return table


def parts_for(table, fold=0):
    """Return the part of every example, with one fold as the test part.

    Parameters
    ----------
    table : DataFrame
        A table of :func:`split_dataset`.
    fold : int
        For a split by k folds: fold `fold` is the test part, the next one (after the last, the first)
        the validation part, and the rest train. Without folds it must be 0.

    Returns
    -------
    Series of str
        train, validation, test or unused; index and order of `table`.

    Raises
    ------
    UserError
        If there is no such fold.
    """
    parts = table["part"]
    numbers = pd.to_numeric(parts.str.extract(r"^fold(\d+)$")[0])
    folds = 0 if numbers.isna().any() else int(numbers.max()) + 1
    if not 0 <= fold < max(folds, 1):
        raise UserError(f"fold {fold}: the split has {folds or 'no'} folds, numbered from 0; use one of them")
    if not folds:
        return parts
    named = {fold: "test", (fold + 1) % folds: "validation"}
    return numbers.astype(int).map(lambda number: named.get(number, "train")).rename("part")


def unused_rows(regions, table):
    """Return the ledger's rows for the examples that are in no part.

    Parameters
    ----------
    regions, table : DataFrame
        The examples and their split, in the same order.

    Returns
    -------
    DataFrame
        Columns source, file (empty), line, record (chrom:start-end of the window), action and reason.
    """
    rows = regions[(table["part"] == UNUSED).to_numpy()]
    return pd.DataFrame(
        {
            "source": rows["source"],
            "file": "",
            "line": rows["record"],
            "record": _locations(rows),
            "action": "dropped",
            "reason": "split: its chromosome is in none of the lists train, validation, test",
        }
    ).reset_index(drop=True)


def group_examples(regions, tokens, alphabet=DNA, *, copies=True, similar=False, genomes=None):
    """Number the groups of examples that must not be divided.

    Examples are linked if they share at least one base of the same genome, if their sequences are equal or
    each other's reverse complement, or if one was made for the other (regions.parent); groups are the
    connected components.

    Parameters
    ----------
    regions : DataFrame
        Columns id, chrom, start, end, source, parent.
    tokens : array or HDF5 dataset, uint8 (N, L)
    alphabet : motifloom.data.encode.Alphabet
    copies : bool
        Link overlapping, equal and reverse-complement examples; otherwise only examples and their parents.
    similar : bool
        Link near duplicates too (:func:`motifloom.data.similarity.near_duplicate_pairs`).
    genomes : dict of str to str, optional
        The genome of each source. Default: all sources have the same genome.

    Returns
    -------
    ndarray, int64 (N,)
        Numbers from 0 in the order of the first examples.
    """
    size = len(regions)
    child = np.flatnonzero((regions["parent"].fillna("") != "").to_numpy())
    names = pd.factorize(np.concatenate([regions["id"], regions["parent"].iloc[child]]))[0]
    links = [(np.arange(size), names[:size]), (child, names[size:])]
    if copies:
        canonical = np.minimum(*hash_sequences(tokens, alphabet))
        for labels in (overlap_clusters(regions, genomes), canonical):
            links.append((np.arange(size), pd.factorize(labels)[0]))
    # Every label is a node beside the examples, so a link costs one edge however many examples share it.
    edges, nodes = [], size
    for rows, labels in links:
        edges.append(np.stack([rows, labels + nodes]))
        nodes += int(labels.max(initial=-1)) + 1
    if similar:
        edges.append(near_duplicate_pairs(tokens, alphabet).T)
    a, b = np.concatenate(edges, axis=1)
    graph = sparse.coo_array((np.ones(len(a), np.int8), (a, b)), shape=(nodes, nodes))
    components = sparse.csgraph.connected_components(graph, directed=False)[1]
    return pd.factorize(components[:size])[0].astype(np.int64)


def stratum_table(targets, task):
    """Return which strata every example belongs to.

    Parameters
    ----------
    targets : ndarray, float (N, T)
    task : str or None
        None: one stratum for all.

    Returns
    -------
    scipy.sparse.csr_array, float (N, K)
        1 where example n is in stratum k. Classes; for multilabel the labels and every combination of labels
        that at least 10 examples have; for regression the deciles of each value.
    """
    size, columns = targets.shape
    if task is None:
        codes = np.zeros((size, 1), np.int64)
    elif task == "regression":
        ranks = pd.DataFrame(targets).rank(method="average", pct=True).to_numpy()
        codes = np.ceil(np.nan_to_num(ranks) * QUANTILES).astype(np.int64)
    else:
        weights = generator(0, "stratum_table").integers(0, 2**64, columns, dtype=np.uint64)
        codes = pd.factorize((targets > 0.5) @ weights)[0][:, None]
    tables = [_indicator(code) for code in codes.T]
    if task == "multilabel":
        combinations = tables[0][:, tables[0].sum(axis=0) >= COMMON]
        tables = [sparse.csr_array((targets > 0.5).astype(float)), combinations]
    table = sparse.csr_array(sparse.hstack(tables))
    return table[:, np.flatnonzero(table.sum(axis=0))]


def _indicator(codes):
    rows = np.arange(len(codes))
    return sparse.csr_array((np.ones(len(codes)), (rows, codes)), shape=(len(codes), codes.max(initial=0) + 1))


def _ratios(config, where):
    """Return the wanted shares of the parts, float (3,), which sum to 1."""
    given = config.ratios
    shares = np.array([getattr(given, p) for p in PARTS] if given is not None else [0.8, 0.1, 0.1], float)
    for part, share in zip(PARTS, shares, strict=True):
        if not share > 0:
            raise UserError(f"{where}.ratios.{part}: {share:g} would leave it empty; give a number above 0")
    return shares / shares.sum()


def _of_parent(regions, values):
    """Fill the empty ones of `values` (N,) with the value of the example's parent."""
    values = np.asarray(values, object).copy()
    empty = np.flatnonzero(pd.isna(values) | (values == ""))
    rows = pd.Index(regions["id"]).get_indexer(regions["parent"].fillna("").iloc[empty])
    values[empty] = np.where(rows >= 0, values[rows], "")
    return values


def _parts_by_chromosome(regions, config, where):
    chromosomes = _of_parent(regions, regions["chrom"].fillna(""))
    homeless = regions["id"][chromosomes == ""]
    if len(homeless):
        raise UserError(
            f"{where}.by: {len(homeless)} examples have no chromosome (first: {homeless.iloc[0]}); "
            "use by: random, column or file"
        )
    codes, names = pd.factorize(chromosomes)
    lists = {part: list(getattr(config, part) or []) for part in PARTS}
    if not any(lists.values()):
        if len(names) < len(PARTS):
            raise UserError(
                f"{where}.by: {len(names)} chromosomes ({', '.join(names)}) cannot fill "
                "train, validation and test; use by: random"
            )
        # In the order of their names, so that the order of the examples does not matter.
        order = np.argsort(names)
        filled = np.empty(len(names), np.int64)
        filled[order] = fill_parts(np.bincount(codes)[order], _ratios(config, where))
        return np.array(PARTS, object)[filled[codes]]
    part_of = dict.fromkeys(names, UNUSED if lists["train"] else "train")
    listed = {}
    for part, chosen in lists.items():
        for name in chosen:
            if listed.setdefault(name, part) != part:
                raise UserError(f"{where}.{part}: {name} is in {listed[name]} too; keep it in one of them")
            if name not in part_of:
                raise UserError(
                    f"{where}.{part}: no example is on {name}; the chromosomes with examples are "
                    f"{', '.join(sorted(names)[:30])}"
                )
            part_of[name] = part
    left = [name for name in names if part_of[name] == UNUSED]
    if left:
        log.info("in no part: examples on %s, which no list names", ", ".join(sorted(left)))
    return np.array([part_of[name] for name in names], object)[codes]


def _parts_by_column(regions, where):
    if "part" not in regions:
        raise UserError(f"{where}.by: column needs part: {{column: ..}} in a source")
    given = _of_parent(regions, regions["part"].fillna(""))
    parts = pd.Series(given, dtype=object).str.strip().str.lower().map(SPELLINGS)
    wrong = np.flatnonzero(parts.isna())
    if len(wrong):
        raise UserError(
            f"{where}.by: {len(wrong)} examples have no valid part (first: {regions['id'].iloc[wrong[0]]} "
            f"with {str(given[wrong[0]])!r}); write train, validation or test"
        )
    return parts.to_numpy(object)


def _parts_by_file(regions, path, where):
    from motifloom.data.partfile import read_part_file

    listed = read_part_file(path)
    parts = regions["id"].map(listed)
    parts = parts.where(parts.notna(), _locations(regions).map(listed))
    parts = _of_parent(regions, parts)
    missing = regions["id"][parts == ""]
    if len(missing):
        first = missing.index[0]
        location = _locations(regions.loc[[first]]).iloc[0]
        raise UserError(
            f"{where}: {path} gives no part for {len(missing)} of {len(regions)} examples (first: "
            f"{missing.iloc[0]}{f' at {location}' if location else ''}); add them by id or by chrom, start, end"
        )
    return parts


def _locations(regions):
    """Return chrom:start-end of every window, "" without coordinates."""
    text = regions["chrom"].astype(str) + ":" + regions["start"].astype(str) + "-" + regions["end"].astype(str)
    return text.where(regions["chrom"].fillna("") != "", "")


def _check_parts(table, targets, config, task, classes, where):
    """Raise UserError where a part is empty or a class cannot be learnt."""
    by_lists = config.by == "chromosome" and (config.train or config.validation or config.test)
    key = "{part}" if by_lists else KEYS.get(config.by, "ratios.{part}")
    folds = config.folds if config.by == "folds" else 0
    counts = table["part"].value_counts()
    for part in [f"fold{fold}" for fold in range(folds)] if folds else PARTS:
        if not counts.get(part):
            raise UserError(
                f"{where}.{key.format(part=part)}: no example is left for {part}: {len(table)} examples in "
                f"{table['group'].nunique()} linked groups; change the split or give more data"
            )
    if task == "regression":
        return
    present = targets > 0.5
    if task == "binary":
        present = np.concatenate([~present, present], axis=1)
    for fold in range(max(folds, 1)):
        train = (parts_for(table, fold) == "train").to_numpy()
        for column in np.flatnonzero(~present[train].any(axis=0)):
            name = classes[column] if len(classes) > column else str(column)
            of_fold = f" of fold {fold}" if folds else ""
            raise UserError(f"{where}: no example of class {name} is in train{of_fold}; change the split or the data")
