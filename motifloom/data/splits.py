"""Splits: which examples train, which choose the best weights, and which are kept for the test."""

import logging

import numpy as np
import pandas as pd

from motifloom.data.encode import DNA
from motifloom.data.grouping import assign_groups, fill_parts, group_examples, stratum_table
from motifloom.data.parts import parts_for
from motifloom.errors import UserError
from motifloom.files import read_text
from motifloom.randomness import generator

PARTS = ("train", "validation", "test")
UNUSED = "unused"
DEFAULT_RATIOS = (0.8, 0.1, 0.1)
SPELLINGS = {
    **dict.fromkeys(("train", "training"), "train"),
    **dict.fromkeys(("val", "valid", "validation"), "validation"),
    **dict.fromkeys(("test", "testing"), "test"),
}

log = logging.getLogger(__name__)


def split_dataset(dataset, config, seed, name, *, genomes=None, where=None):
    """Divide a dataset into parts; see :func:`split_examples`.

    Parameters
    ----------
    dataset : motifloom.data.store.Dataset
    config : motifloom.config.data.Split
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
        np.asarray(dataset.targets),
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

    By `random` and `folds`, whole groups (:func:`motifloom.data.grouping.group_examples`) are dealt out, so
    that no example has a copy of itself in another part; by `chromosome`, whole chromosomes, where an example
    without coordinates goes with its parent; by `column` and `file` parts are taken as given, and an example
    without one takes its parent's; with `validation_fraction` whole groups of train become validation. By
    `held_out` all are test.

    Parameters
    ----------
    regions : DataFrame
        Columns id, chrom, start, end, source, record, parent, and by `column` also part.
    tokens : array or HDF5 dataset, uint8 (N, L)
        Read in blocks.
    targets : ndarray, float (N, T)
    config : motifloom.config.data.Split
        Or any object with its attributes.
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
        Columns id, group (int, from 0) and part: train, validation or test; by folds fold0, fold1, ...;
        `unused` for examples on chromosomes in none of the lists, where there is a list for train
        (:func:`unused_rows` gives their rows of the ledger).

    Raises
    ------
    UserError
        Where a part is empty, a class has no example in train, a chromosome is in two lists or has no
        example, an example has no part or no chromosome, or the file of parts cannot be read.
    """
    regions = regions.reset_index(drop=True)
    groups = group_examples(
        regions,
        tokens,
        alphabet,
        copies=config.group_overlaps,
        similar=config.group_near_duplicates,
        genomes=genomes,
    )
    if config.by in ("random", "folds"):
        folds = [f"fold{fold}" for fold in range(config.folds)] if config.by == "folds" else None
        ratios = np.full(len(folds), 1 / len(folds)) if folds else _ratios(config, where)
        strata = stratum_table(targets, task if config.stratify else None)
        parts = np.array(folds or PARTS, object)[assign_groups(groups, strata, ratios, rng)]
    elif config.by == "chromosome":
        parts = _parts_by_chromosome(regions, config, where)
    elif config.by == "column":
        parts = _parts_by_column(regions, f"{where}.by")
    elif config.by == "held_out":
        parts = np.full(len(regions), "test", object)
    else:
        parts = _parts_by_file(regions, config.path, f"{where}.path")
    if config.validation_fraction:
        strata = stratum_table(targets, task if config.stratify else None)
        parts = _draw_validation(parts, groups, strata, config.validation_fraction, rng, where)
    table = pd.DataFrame({"id": regions["id"], "group": groups, "part": parts})
    if config.by != "held_out":
        _check_parts(table, config, where)
        _check_classes(table, targets, task, classes, where)
    for part, rows in table.groupby("part", sort=False):
        log.info("%s: %d examples in %d groups", part, len(rows), rows["group"].nunique())
    return table


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
    rows = regions[(table["part"] == UNUSED).to_numpy()].reset_index(drop=True)
    columns = {"source": rows["source"], "file": "", "line": rows["record"], "record": _locations(rows)}
    reason = "split: its chromosome is in none of the lists train, validation, test"
    return pd.DataFrame({**columns, "action": "dropped", "reason": reason})


def _ratios(config, where):
    """Return the wanted shares of the parts, float (3,), which sum to 1."""
    shares = np.array([getattr(config.ratios, part) for part in PARTS] if config.ratios else DEFAULT_RATIOS)
    for part, share in zip(PARTS, shares, strict=True):
        if not share > 0:
            raise UserError(f"{where}.ratios.{part}: {share:g} would leave it empty; give a number above 0")
    return shares / shares.sum()


def _or_of_parent(regions, values):
    """Return `values`, object (N,), with the parent's value where an example's own is empty."""
    values = pd.Series(values, dtype=object).fillna("").to_numpy(object, copy=True)
    empty = np.flatnonzero(values == "")
    parents = pd.Index(regions["id"]).get_indexer(regions["parent"].fillna("").iloc[empty])
    values[empty] = np.where(parents >= 0, values[parents], "")
    return values


def _locations(regions):
    """Return chrom:start-end of every window, "" without coordinates."""
    chrom = regions["chrom"].fillna("").astype(str)
    text = chrom + ":" + regions["start"].astype(str) + "-" + regions["end"].astype(str)
    return text.where(chrom != "", "")


def _parts_by_chromosome(regions, config, where):
    chromosomes = _or_of_parent(regions, regions["chrom"])
    homeless = regions["id"][chromosomes == ""]
    if len(homeless):
        raise UserError(
            f"{where}.by: {len(homeless)} examples have no chromosome (first: {homeless.iloc[0]}); "
            "use random, column or file"
        )
    # In the order of their names, so that the order of the examples does not matter.
    codes, names = pd.factorize(chromosomes, sort=True)
    lists = {part: list(getattr(config, part)) for part in PARTS}
    if any(lists.values()):
        return _parts_of_chromosomes(names, lists, where)[codes]
    if len(names) < len(PARTS):
        raise UserError(
            f"{where}.by: there are examples on {', '.join(names)} only, which cannot fill train, validation "
            "and test; use random"
        )
    return np.array(PARTS, object)[fill_parts(np.bincount(codes), _ratios(config, where))][codes]


def _parts_of_chromosomes(names, lists, where):
    """Return the part, object (n,), of each chromosome by the user's lists."""
    part_of = dict.fromkeys(names, UNUSED if lists["train"] else "train")
    listed = {}
    for part, chosen in lists.items():
        for name in chosen:
            if listed.setdefault(name, part) != part:
                raise UserError(f"{where}.{part}: {name} is in {listed[name]} too; keep it in one of them")
            if name not in part_of:
                known = ", ".join(names[:30]) + (", ..." if len(names) > 30 else "")
                raise UserError(f"{where}.{part}: no example is on {name}; there are examples on {known}")
            part_of[name] = part
    left = [name for name in names if part_of[name] == UNUSED]
    if left:
        log.info("in no part: the examples on %s, which no list names", ", ".join(left))
    return np.array(list(part_of.values()), object)


def _parts_by_column(regions, where):
    if "part" not in regions:
        raise UserError(f"{where}: column reads part: {{column: ..}} of the sources, and none has it; add it")
    given = _or_of_parent(regions, regions["part"])
    parts = pd.Series(given, dtype=object).str.strip().str.lower().map(SPELLINGS)
    wrong = np.flatnonzero(parts.isna())
    if len(wrong):
        raise UserError(
            f"{where}: {len(wrong)} examples have no known part (first: {regions['id'][wrong[0]]} with "
            f"{str(given[wrong[0]])!r}); write train, validation or test"
        )
    return parts


def _parts_by_file(regions, path, where):
    listed = _read_part_file(path)
    locations = _locations(regions)
    own = regions["id"].map(listed)
    parts = _or_of_parent(regions, own.where(own.notna(), locations.map(listed)))
    missing = np.flatnonzero(parts == "")
    if len(missing):
        place = f" at {locations[missing[0]]}" if locations[missing[0]] else ""
        raise UserError(
            f"{where}: {path} gives no part for {len(missing)} of {len(regions)} examples (first: "
            f"{regions['id'][missing[0]]}{place}); list each by id, or by chrom, start and end of its window"
        )
    return parts


def _draw_validation(parts, groups, strata, fraction, rng, where):
    """Return parts, object (n,), in which whole groups of train, drawn at random, have become validation."""
    parts = np.array(parts, object)
    if (parts == "validation").any():
        count = int((parts == "validation").sum())
        raise UserError(
            f"{where}.validation_fraction: {count} examples are in part validation already; remove the key"
        )
    train = np.flatnonzero(parts == "train")
    if not len(train):
        raise UserError(f"{where}.validation_fraction: no example is in train, of which it would be a share")
    members = np.unique(groups[train], return_inverse=True)[1]
    drawn = assign_groups(members, strata[train], np.array([1 - fraction, fraction]), rng)
    parts[train[drawn == 1]] = "validation"
    return parts


def _read_part_file(path):
    """Read lines `id<TAB>part` or `chrom<TAB>start<TAB>end<TAB>part` as a dict of id or location to part."""
    lines = read_text(path, "give lines of id<TAB>part").decode().split("\n")
    parts = {}
    for number, line in enumerate(lines, start=1):
        if not line.strip() or line.startswith("#"):
            continue
        fields = [field.strip() for field in line.split("\t")]
        if len(fields) not in (2, 4):
            raise UserError(
                f"{path}, line {number}: {len(fields)} columns separated by tabs; write id and part, "
                "or chrom, start, end and part"
            )
        key = fields[0] if len(fields) == 2 else f"{fields[0]}:{fields[1]}-{fields[2]}"
        part = SPELLINGS.get(fields[-1].lower())
        if part is None:
            if not parts and fields[-1].lower() == "part":
                continue  # the header line
            raise UserError(
                f"{path}, line {number}: {fields[-1]!r} is no part; write train, validation or test"
            )
        if parts.setdefault(key, part) != part:
            raise UserError(f"{path}, line {number}: {key} is in {parts[key]} and {part}; keep one of them")
    if not parts:
        raise UserError(f"{path}: the file gives no part; write lines of id<TAB>part")
    return parts


def _check_parts(table, config, where):
    """Raise UserError where a part is empty."""
    by_lists = config.by == "chromosome" and any(getattr(config, part) for part in PARTS)
    keys = {"column": "by", "file": "path", "folds": "folds", "chromosome": "{}" if by_lists else "ratios.{}"}
    key = keys.get(config.by, "ratios.{}")
    parts = [f"fold{fold}" for fold in range(config.folds)] if config.by == "folds" else PARTS
    for part in parts:
        if part not in table["part"].values:
            raise UserError(
                f"{where}.{key.format(part)}: no example is in {part} ({len(table)} examples in "
                f"{table['group'].nunique()} groups of linked ones); change the split or give more data"
            )


def _check_classes(table, targets, task, classes, where):
    """Raise UserError where no example of a class is in train, in any fold."""
    if task == "regression":
        return
    present = targets > 0.5
    if task == "binary":
        present = np.concatenate([~present, present], axis=1)
    folds = table["part"].nunique() if table["part"].str.startswith("fold").all() else 1
    for fold in range(folds):
        train = (parts_for(table, fold) == "train").to_numpy()
        for column in np.flatnonzero(~present[train].any(axis=0)):
            name = classes[column] if column < len(classes) else f"number {column}"
            place = f"train of fold {fold}" if folds > 1 else "train"
            raise UserError(
                f"{where}: no example of class {name} is in {place}; change the split or the data"
            )
