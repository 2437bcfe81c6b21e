"""Where attention layers look: the position with the most weight, the mean along the window, known sites."""

import logging

import numpy as np
import pandas as pd
from scipy.stats import binom, binomtest

log = logging.getLogger(__name__)

ALL, NO_LABEL, NAMELESS = "all", "no label", "site"
MOTIF = "motif_name"
PROFILE = ["layer", "target", "position_bp", "mean", "relative", "n"]
NOWHERE = pd.DataFrame({"example": [], "motif": [], "start": [], "end": []}).astype(
    {"example": np.int64, "motif": str, "start": np.int64, "end": np.int64}
)
SITES = [
    "layer", "motif", "n", "inside", "fraction", "ci_low", "ci_high", "chance", "enrichment", "p_value"
]  # fmt: skip


def attention_tables(blocks, fields, length, groups):
    """Return where every example has the most weight, and the mean weights along the window.

    Parameters
    ----------
    blocks : iterable of (slice, dict of str to float (rows, positions))
        Weights of the examples by layer, from :func:`motifloom.models.attention.attention_blocks`.
    fields : dict of str to (Field, int)
        What each position of a layer sees, in bases, and how many positions there are; from
        :func:`motifloom.models.attention.attention_fields`.
    length : int
        Of the window, in bases.
    groups : dict of str to bool (N,)
        The examples that each mean is of.

    Returns
    -------
    maxima : pandas.DataFrame
        A row per example and layer, example by example: example (number), layer, and the columns of
        :func:`maxima`.
    profile : pandas.DataFrame
        layer, target (the group), position_bp (of the centre), mean (weight), relative (to even weights),
        n (examples of the group). Groups without an example, and layers whose positions stand for no place,
        have no rows.
    """
    members = np.array(list(groups.values()), np.float64)
    tables, sums = [], {layer: np.zeros((len(groups), count)) for layer, (_, count) in fields.items()}
    for rows, weights in blocks:
        for layer, values in weights.items():
            found = maxima(values, fields[layer][0], length)
            found.insert(0, "layer", layer)
            found.insert(0, "example", np.arange(rows.start, rows.stop))
            tables.append(found)
            sums[layer] += members[:, rows] @ values
    for layer, (field, _) in fields.items():
        if not field.stride:
            log.warning("%s: each of its positions sees the whole window, so they have no place", layer)
    profiles = [
        pd.DataFrame(
            {
                "layer": layer,
                "target": name,
                "position_bp": centres(np.arange(count), field, length),
                "mean": total / n,
                "relative": total / n * count,
                "n": n,
            }
        )
        for layer, (field, count) in fields.items()
        for name, total, n in zip(groups, sums[layer], members.sum(axis=1).astype(int), strict=True)
        if n and field.stride
    ]
    profile = pd.concat(profiles, ignore_index=True) if profiles else pd.DataFrame(columns=PROFILE)
    return pd.concat(tables).sort_values("example", kind="stable", ignore_index=True), profile


def describe_maxima(found, dataset, parts):
    """Put the maxima of :func:`attention_tables` behind id, part and targets of their examples.

    Examples that are in none of train, validation and test are left out.
    """
    examples = pd.DataFrame({"id": dataset.regions["id"], "part": np.asarray(parts, object)})
    examples[[f"target.{name}" for name in dataset.target_names]] = dataset.targets
    examples = examples[examples["part"].isin(["train", "validation", "test"])]
    return examples.merge(found, left_index=True, right_on="example").drop(columns="example")


def maxima(weights, field, length):
    """Return the position with the most weight in every row, and the bases that it sees.

    Parameters
    ----------
    weights : float (n, positions)
        Each row sums to 1.
    field : motifloom.models.outputs.Field
        width, stride and offset in bases: position i sees those from offset + i * stride on.
    length : int
        Of the window, in bases.

    Returns
    -------
    pandas.DataFrame
        position (index from 0; of several with the same weight the first); start, end (bp in the window,
        half-open: what the position sees, cut at the ends of the window); centre (bp: its middle base, see
        :func:`centres`; missing where every position sees the whole window); weight; expected (of even
        weights, 1 / positions); evenness (entropy of the weights over that of even ones, from 0 to 1; Pielou
        1966).
    """
    weights = np.asarray(weights, np.float64)
    count, position = weights.shape[1], weights.argmax(axis=1)
    first = field.offset + position * field.stride
    middle = centres(position, field, length) if field.stride else np.full(len(weights), pd.NA)
    entropy = -(weights * np.log(np.where(weights > 0, weights, 1))).sum(axis=1)
    return pd.DataFrame(
        {
            "position": position,
            "start": np.clip(first, 0, length),
            "end": np.clip(first + field.width, 0, length),
            "centre": pd.array(middle, "Int64"),
            "weight": weights.max(axis=1),
            "expected": 1 / count,
            "evenness": entropy / np.log(count) if count > 1 else 1.0,
        }
    )


def centres(positions, field, length):
    """Return the middle base of what positions see, int (n,): of an even width the one left of the middle.

    That is the base that a position stands for where padding is same.
    """
    middle = field.offset + np.asarray(positions) * field.stride + (field.width - 1) // 2
    return np.clip(middle, 0, length - 1)


def class_groups(targets, task, classes):
    """Return the examples of every class.

    Parameters
    ----------
    targets : float (N, T)
        NaN where unknown.
    task : str
        binary, multiclass, multilabel (an example counts for each of its labels; those without one are a
        group of their own) or regression (all examples together).
    classes : list of str

    Returns
    -------
    dict of str to bool (N,)
        ALL examples where no target is known, too.
    """
    targets = np.asarray(targets, np.float64)
    if task == "regression" or np.isnan(targets).all():
        return {ALL: np.ones(len(targets), bool)}
    if task == "binary":
        return dict(zip(classes, (targets[:, 0] < 0.5, targets[:, 0] > 0.5), strict=True))
    groups = dict(zip(classes, targets.T > 0.5, strict=True))
    return groups | ({NO_LABEL: (targets < 0.5).all(axis=1)} if task == "multilabel" else {})


def locate_sites(sites, regions, length):
    """Find the sites that lie whole in the window of an example.

    Parameters
    ----------
    sites : list of pandas.DataFrame
        Tables of :func:`motifloom.genome.intervals.read_intervals`; chrom, start, end and name (the motif)
        are used, or instead of the name a column motif_name, which the truth.tsv of a simulation has. For
        examples without coordinates `chrom` is an example's id, or its name where no other example has that,
        and start and end count in its window.
    regions : pandas.DataFrame
        id, chrom, start, end, strand, name of the examples.
    length : int
        Of the windows, in bases.

    Returns
    -------
    pandas.DataFrame
        example (number), motif, start, end in the window as it is read: of an example on the minus strand
        they run back from its end. The strand of a site does not count.
    """
    found, located = [NOWHERE], (regions["chrom"] != "").to_numpy()
    for table in sites:
        header = table.attrs.get("header") or []
        named = f"column_{header.index(MOTIF) + 1}" if MOTIF in header else "name"
        table = table[["chrom", "start", "end"]].assign(motif=table[named].replace("", NAMELESS))
        found += [_by_name(table, regions[~located]), *_by_place(table, regions[located], length)]
    found = pd.concat(found, ignore_index=True)
    found = found[(found["start"] >= 0) & (found["end"] <= length)].reset_index(drop=True)
    if sites and not len(found):
        log.warning(
            "no site lies whole in an example: the first site is on %r, the first example on %r",
            sites[0]["chrom"].iloc[0],
            regions["chrom"].iloc[0] or regions["name"].iloc[0] or regions["id"].iloc[0],
        )
    return found


def _by_name(sites, regions):
    """Return the sites of examples without coordinates."""
    names = regions["name"][(regions["name"] != "") & ~regions["name"].duplicated(keep=False)]
    known = pd.concat([regions["id"], names[~names.isin(regions["id"])]])
    keys = pd.DataFrame({"chrom": known.to_numpy(), "example": known.index})
    return sites.merge(keys, on="chrom")[["example", "motif", "start", "end"]]


def _by_place(sites, regions, length):
    """Yield the sites in windows on a genome, those that begin at most length - width before them."""
    windows = dict(iter(regions.sort_values("start").groupby("chrom")))
    for chrom, rows in sites[sites["chrom"].isin(list(windows))].groupby("chrom"):
        ordered = windows[chrom]
        first = ordered["start"].searchsorted(rows["end"] - length, "left")
        count = np.maximum(ordered["start"].searchsorted(rows["start"], "right") - first, 0)
        number = np.arange(count.sum()) - np.repeat(np.cumsum(count) - count - first, count)
        pairs = rows.loc[rows.index.repeat(count), ["motif", "start", "end"]].reset_index(drop=True)
        window = ordered.iloc[number].rename_axis("example").reset_index()
        minus = window["strand"] == "-"
        first = (pairs["start"] - window["start"]).where(~minus, window["end"] - pairs["end"])
        last = first + pairs["end"] - pairs["start"]
        yield pd.DataFrame(
            {"example": window["example"], "motif": pairs["motif"], "start": first, "end": last}
        )


def compare_sites(found, located, chosen, fields, length, *, confidence=0.95):
    """Say how often a layer looks most at known sites.

    Parameters
    ----------
    found : pandas.DataFrame
        Of :func:`attention_tables`: example, layer, position.
    located : pandas.DataFrame
        Of :func:`locate_sites`.
    chosen : bool (N,)
        The examples that count.
    fields, length
        As for :func:`attention_tables`.
    confidence : float
        Level of the interval.

    Returns
    -------
    pandas.DataFrame
        A row per layer and motif that any example holds; none for a layer whose positions stand for no
        place. n: chosen examples that hold a site of the motif. inside: those of them where the centre of the
        position with the most weight lies in such a site; fraction, with Wilson's (1927) interval ci_low,
        ci_high. chance: mean over these examples of the share of positions whose centre lies in a site.
        enrichment: fraction / chance. p_value: upper tail of the number inside if every position of an
        example were as likely to have the most weight, by :func:`upper_tail`.
    """
    by_motif, rows = located.groupby("motif", sort=False), []
    for layer, (field, count) in fields.items():
        places = centres(np.arange(count), field, length)
        best = found[found["layer"] == layer].set_index("example")["position"]
        for motif, own in by_motif if field.stride else ():
            own = own[chosen[own["example"]]]
            examples, number = np.unique(own["example"], return_inverse=True)
            starts, ends = (own[name].to_numpy()[:, None] for name in ("start", "end"))
            inside = np.zeros((len(examples), count), bool)
            np.logical_or.at(inside, number, (places >= starts) & (places < ends))
            hits = inside[np.arange(len(examples)), best[examples]]
            rows.append(
                {"layer": layer, "motif": motif, **_against_chance(hits, inside.mean(axis=1), confidence)}
            )
    return pd.DataFrame(rows, columns=SITES)


def _against_chance(hits, shares, confidence):
    """Compare hits, bool (n,), with the probabilities that chance gives them."""
    n, inside = len(hits), int(hits.sum())
    if not n:
        return {"n": 0, "inside": 0}
    fraction, chance = inside / n, shares.mean()
    low, high = binomtest(inside, n).proportion_ci(confidence, "wilson")
    return {
        "n": n,
        "inside": inside,
        "fraction": fraction,
        "ci_low": low,
        "ci_high": high,
        "chance": chance,
        "enrichment": fraction / chance if chance else np.nan,
        "p_value": upper_tail(inside, shares),
    }


def upper_tail(hits, shares):
    """Return the exact upper tail of a Poisson binomial: of `hits` successes or more in independent trials.

    Trials of the same probability are one binomial, and the sum is the convolution of these. All its terms
    are positive, so that small probabilities keep their digits.

    Parameters
    ----------
    hits : int
    shares : float (n,)
        Probability of success in every trial.

    Returns
    -------
    float
        0 where it is below the smallest number there is.
    """
    sum_ = np.ones(1)
    for share, n in zip(*np.unique(shares, return_counts=True), strict=True):
        sum_ = np.convolve(sum_, binom.pmf(np.arange(n + 1), n, share))
    return float(min(sum_[hits:].sum(), 1.0))
