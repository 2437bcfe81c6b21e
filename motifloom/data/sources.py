"""Sources of examples: every kind of file read into one common frame."""

from hashlib import blake2b

import numpy as np
import pandas as pd

from motifloom.data.encode import get_alphabet
from motifloom.data.inputs import (
    LOCATION,
    composition,
    find_header,
    fit_windows,
    no_column,
    read_delimited,
    sequence_blocks,
    sequence_column,
)
from motifloom.data.store import target_names
from motifloom.data.targets import constant_targets, join_columns, parse_targets
from motifloom.errors import UserError
from motifloom.genome.fasta import parse_coordinates
from motifloom.genome.intervals import read_intervals, rename_chromosome

HEAD_LINES = 1000  # of a table, to find its first row behind blank lines
FIELDS = ["chrom", "start", "end", "name", "score", "strand", "signalvalue", "pvalue", "qvalue", "peak"]


def read_source(item, dataset):
    """Read a source that is not negatives.

    Parameters
    ----------
    item : Input
    dataset : motifloom.config.data.Dataset

    Returns
    -------
    DataFrame
        One row per example in the order of the file: source; file; record (line of an interval file or
        table, number of a FASTA record, from 1); genome (path or ""); chrom, raw_start, raw_end (0-based
        half-open; "", -1, -1 without coordinates); strand; name; summit (position or -1); size (length of a
        sequence, -1 where it comes from the genome); part and weight (where the source has them) and the
        targets (NaN without any). For sequences also, of the window cut from them by :func:`fit_windows`, gc
        (fraction of the known bases), unknown (fraction) and digest (text that is equal for equal sequences).

    Raises
    ------
    UserError
        At the first line that cannot be read, and where a column is missing.
    """
    source = item.config
    table = read_delimited(source.table) if source.table else None
    if source.intervals:
        frame, column = _read_interval_file(source)
    elif source.table and not sequence_column(table, source):
        frame, column = _read_interval_table(source, table)
    else:
        frame, column = _read_sequences(source, dataset, table)
    frame = frame.assign(source=item.name, file=source.file, genome=item.genome)
    if isinstance(source.part, str):
        frame["part"] = source.part
    elif source.part is not None:
        frame["part"] = column(source.part.column, f"{item.key}.part").str.strip()
    if source.weight is not None:
        frame["weight"] = _weights(item, frame, column)
    names = [f"target.{name}" for name in target_names(dataset.task, dataset.classes)]
    return frame.join(pd.DataFrame(_targets(item, dataset, frame, column), columns=names))


def first_length(source, alphabet):
    """Return the length of the first example in a source's file; of a long file little more is read.

    Parameters
    ----------
    source : motifloom.config.data.Source
        A source that is not negatives.
    alphabet : Alphabet

    Returns
    -------
    int

    Raises
    ------
    UserError
        If the file cannot be read that far.
    """
    if source.intervals:
        first = read_intervals(source.intervals).iloc[0]
        return int(first["end"] - first["start"])
    table = read_delimited(source.table, HEAD_LINES).iloc[:1] if source.table else None
    if source.table and not sequence_column(table, source):
        first = _read_interval_table(source, table)[0].iloc[0]
        return int(first["raw_end"] - first["raw_start"])
    _, _, sequences = next(sequence_blocks(source, alphabet, table, rows=1))
    return len(sequences[0])


def _read_interval_file(source):
    raw = read_intervals(source.intervals, chromosome_names=source.chromosome_names)
    frame = raw.rename(columns={"start": "raw_start", "end": "raw_end", "line": "record"})
    frame = frame[["record", "chrom", "raw_start", "raw_end", "strand", "name", "summit"]].assign(size=-1)
    count = sum(name.startswith("column_") for name in raw.columns)
    header = raw.attrs.get("header") or FIELDS[:count]
    lower = [name.lower() for name in header]

    def column(wanted, key):
        number = wanted
        if isinstance(wanted, str):
            number = lower.index(wanted.lower()) + 1 if wanted.lower() in lower else 0
        if not 1 <= number <= count:
            numbers = header if isinstance(wanted, str) else [str(n + 1) for n in range(count)]
            raise UserError(no_column(source.intervals, wanted, numbers, key))
        return raw[f"column_{number}"]

    return frame, column


def _read_interval_table(source, table):
    frame = _coordinates(table, source)
    if frame is None:
        raise UserError(
            f"{source.table}: a table needs columns chrom, start and end, or one with sequences; name it by "
            f"sequence: (columns here: {', '.join(table.columns[:30])})"
        )
    return frame.assign(summit=-1, size=-1), _table_column(table, source.table)


def _coordinates(table, source):
    """Return the common columns of a table, or None where it holds no coordinates."""
    roles = {role: find_header(table, role) for role in ("chrom", "start", "end", "strand", "name")}
    if not all(roles[role] for role in LOCATION):
        return None
    frame = pd.DataFrame({"record": table.index})
    names = table[roles["chrom"]].str.strip().to_numpy()
    frame["chrom"] = _renamed(names, source)
    for role in ("start", "end"):
        text = table[roles[role]].str.strip()
        good = text.str.fullmatch(r"[0-9]{1,18}").to_numpy(bool)
        if not good.all():
            bad = text[~good]
            raise UserError(
                f"{source.table}, line {bad.index[0]}: {role} is {bad.iloc[0]!r}, not a whole number from 0"
            )
        frame[f"raw_{role}"] = text.astype(np.int64).to_numpy()
    wrong = frame[frame["raw_end"] <= frame["raw_start"]]
    if len(wrong):
        record, _, start, end = wrong.iloc[0]
        raise UserError(f"{source.table}, line {record}: end {end} is not after start {start}")
    strand = table[roles["strand"]].str.strip() if roles["strand"] else pd.Series(".", table.index)
    frame["strand"] = strand.where(strand.isin(["+", "-"]), ".").to_numpy()
    frame["name"] = table[roles["name"]].to_numpy() if roles["name"] else ""
    return frame


def _renamed(names, source):
    """Return chromosome names as the config has them renamed."""
    codes, unique = pd.factorize(names)
    renamed = [rename_chromosome(name, source.chromosome_names) for name in unique]
    return np.array(renamed, object)[codes]


def _label_column(source, records):
    """Return the reader of the columns of a FASTA file's table of labels, in the order of its records."""
    table = read_delimited(source.labels)
    ids = table[find_header(table, "id") or table.columns[0]]
    repeated = ids[ids.duplicated()]
    if len(repeated):
        line = repeated.index[0]
        raise UserError(
            f"{source.labels}, line {line}: {repeated.iloc[0]} stands here again; keep one row each"
        )
    rows = pd.Index(ids).get_indexer(records)
    absent = records[rows < 0]
    if len(absent):
        raise UserError(
            f"{source.labels}: no row for {len(absent)} of the {len(records)} records of {source.fasta}, "
            f"the first {absent.iloc[0]}; add them, or remove the records"
        )
    return _table_column(table.iloc[rows], source.labels)


def _table_column(table, path):
    names = list(table.columns)

    def column(wanted, key):
        number = names.index(wanted) + 1 if wanted in names else wanted
        if not isinstance(number, int) or not 1 <= number <= len(names):
            raise UserError(no_column(path, wanted, names, key))
        return table.iloc[:, number - 1].reset_index(drop=True)

    return column


def _read_sequences(source, dataset, table):
    """Read sequences in one pass, keeping of each only what its row needs."""
    alphabet, length = get_alphabet(dataset.alphabet), dataset.window.length
    parts, headers = [], []
    for records, block_headers, sequences in sequence_blocks(source, alphabet, table):
        size = np.array([len(tokens) for tokens in sequences])
        # Unequal sizes without window.length end in an error later, which tells all of them.
        windows = fit_windows(sequences, length or int(size[0]), alphabet.unknown)
        gc, unknown = composition(windows, alphabet)
        digest = [blake2b(row.tobytes(), digest_size=16).hexdigest() for row in windows]
        columns = {"record": records, "size": size, "gc": gc, "unknown": unknown, "digest": digest}
        parts.append(pd.DataFrame(columns))
        headers += block_headers
    frame = pd.concat(parts, ignore_index=True).assign(summit=-1)
    if source.table:
        name = find_header(table, "name") or find_header(table, "id")
        frame["name"] = table[name].to_numpy() if name else ""
        return _locate(frame, _coordinates(table, source)), _table_column(table, source.table)
    words = pd.Series(headers).str.split()
    frame["name"] = _numbered(words.str[0])
    found, located = [parse_coordinates(header) for header in headers], None
    if all(found):
        located = pd.DataFrame(found, columns=["chrom", "raw_start", "raw_end", "strand"])
        located["chrom"] = _renamed(located["chrom"].to_numpy(), source)

    if source.labels:
        return _locate(frame, located), _label_column(source, frame["name"])

    def column(wanted, key):
        if not isinstance(wanted, int) or wanted < 1:
            raise UserError(
                f"{source.fasta}: {key}: give the number of a word of the headers, not {wanted!r}"
            )
        return words.str[wanted - 1].fillna("")

    return _locate(frame, located), column


def _numbered(names):
    """Return names, the second of one name as name.2 and so on."""
    number = names.groupby(names, sort=False).cumcount() + 1
    return names.where(number == 1, names + "." + number.astype(str))


def _locate(frame, located):
    """Add coordinates where all sequences have them and they have the sequences' lengths."""
    if located is not None:
        excess = located["raw_end"] - located["raw_start"] - frame["size"]
        one_based = (excess == -1).all()  # chr1:101-200 for 100 bases, as samtools faidx writes it
        if one_based or (excess == 0).all():
            located["raw_start"] -= int(one_based)
            return frame.assign(**located[["chrom", "raw_start", "raw_end", "strand"]])
    return frame.assign(chrom="", raw_start=-1, raw_end=-1, strand=".")


def _targets(item, dataset, frame, column):
    source, task, classes = item.config, dataset.task, dataset.classes
    target, key = source.target, f"{item.key}.target"
    if target is None and dataset.held_out:
        return np.full((len(frame), len(target_names(task, classes))), np.nan, np.float32)
    if hasattr(target, "column"):
        values = column(target.column, key)
    elif hasattr(target, "columns"):
        columns = [column(name, key) for name in target.columns]
        values = join_columns(columns, target.columns, task, classes, f"{source.file}: {key}")
    else:
        return np.tile(constant_targets(target, task, classes, item.key), (len(frame), 1))
    return parse_targets(values, task, classes, lambda row: _place(source, frame, row))


def _weights(item, frame, column):
    """Return the weights of a source's examples, float64 (n,)."""
    key = f"{item.key}.weight"
    text = column(item.config.weight.column, key)
    weights = pd.to_numeric(text, errors="coerce").to_numpy(np.float64)
    wrong = ~((weights >= 0) & (weights <= np.finfo(np.float32).max))  # what a dataset holds
    if wrong.any():
        row = int(wrong.argmax())
        raise UserError(
            f"{_place(item.config, frame, row)}: {key} is {text.iloc[row]!r}, not a number from 0"
        )
    return weights


def _place(source, frame, row):
    return f"{source.file}, {'record' if source.fasta else 'line'} {frame['record'].iloc[row]}"
