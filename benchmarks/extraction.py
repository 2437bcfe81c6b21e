"""Windows of a genome as tokens, in memory and on disk, against the usual ways of cutting them out."""

import time
import zlib
from pathlib import Path

from benchmarks.measure import compare, run_fresh

LENGTH = 300


def run(folder, *, windows=50_000, chromosome=10_000_000, repeats=3):
    """Return the tables of this benchmark.

    Parameters
    ----------
    folder : Path
        For the data.
    windows, chromosome : int
        Number of windows, on five chromosomes of this many bases.
    repeats : int
    """
    data = {"folder": str(folder), "windows": windows, "chromosome": chromosome}
    run_fresh("benchmarks.extraction:make_data", data)
    steps = [
        run_fresh("benchmarks.extraction:steps", {"folder": str(folder)})["laps"] for _ in range(repeats)
    ]
    rows = []
    for name, others in {
        "genome.fa": ("whole_chromosomes", "pysam_loop", "pyfaidx_loop"),
        "genome.fa.gz": ("whole_chromosomes", "pysam_loop"),
    }.items():
        arguments = {"folder": str(folder), "genome": name}
        functions = ("motifloom_tokens", "motifloom_dataset", "motifloom_prepare", *others)
        contenders = {LABELS[f]: (f"benchmarks.extraction:{f}", arguments) for f in functions}
        rows += compare(contenders, repeats, genome="bgzip" if name.endswith("gz") else "plain")
    least = [min(laps, key=lambda lap: lap["cpu_s"]) for laps in zip(*steps, strict=True)]
    total = sum(lap["cpu_s"] for lap in least)
    return [
        ("extraction", rows),
        ("extraction, where the time goes", [{**lap, "share": lap["cpu_s"] / total} for lap in least]),
    ]


LABELS = {
    "motifloom_tokens": "Motifloom, tokens in memory",
    "motifloom_dataset": "Motifloom, dataset.h5 on disk",
    "motifloom_prepare": "Motifloom, BED and checks to dataset.h5",
    "whole_chromosomes": "NumPy, whole chromosomes",
    "pysam_loop": "pysam loop",
    "pyfaidx_loop": "pyfaidx loop",
}


def make_data(folder, windows, chromosome):
    """Write genome.fa, genome.fa.gz (bgzip), their indexes, and windows.bed with 0 or 1 in column 4."""
    import numpy as np
    import pysam

    from motifloom.genome.fasta import index_genome

    yield
    folder, rng = Path(folder), np.random.default_rng(1)
    letters = np.frombuffer(b"ACGT", np.uint8)
    with open(folder / "genome.fa", "wb") as fasta, open(folder / "windows.bed", "w") as bed:
        for number in range(1, 6):
            lines = np.full((chromosome // 60, 61), ord("\n"), np.uint8)
            lines[:, :60] = letters[rng.integers(0, 4, (len(lines), 60))]
            fasta.write(b">chr%d\n" % number + lines.tobytes())
            starts = np.sort(rng.choice(len(lines) * 60 - LENGTH, windows // 5, replace=False))
            bed.writelines(
                f"chr{number}\t{s}\t{s + LENGTH}\t{i % 2}\n" for i, s in enumerate(starts.tolist())
            )
    pysam.tabix_compress(str(folder / "genome.fa"), str(folder / "genome.fa.gz"), force=True)
    for name in ("genome.fa", "genome.fa.gz"):
        pysam.faidx(str(folder / name))
        index_genome(folder / name, folder / f"{name}.index")
    yield


def motifloom_tokens(folder, genome):
    """Genome.fetch_windows, chromosome by chromosome."""
    import numpy as np

    from motifloom.genome.fasta import Genome

    places = read_windows(folder)
    yield
    with Genome(f"{folder}/{genome}", f"{folder}/{genome}.index") as sequences:
        tokens = np.concatenate([sequences.fetch_windows(c, s, LENGTH) for c, s in places.items()])
    yield
    yield {"result": zlib.crc32(tokens)}


def motifloom_dataset(folder, genome):
    """The work of the rule extract, the table of regions being read."""
    from motifloom.data.extract import extract

    regions = read_regions(folder)
    dataset, genomes = open_dataset(folder, genome)
    yield
    extract(regions, dataset, genomes, 1, f"{folder}/dataset.h5")
    yield
    yield {"result": digest_dataset(folder)}


def motifloom_prepare(folder, genome):
    """The work of the rules prepare_regions and extract: BED and FASTA to a checked dataset."""
    from motifloom.data.extract import extract
    from motifloom.data.regions import prepare_regions

    dataset, genomes = open_dataset(folder, genome)
    yield
    regions, _ = prepare_regions(dataset, genomes, 1)
    extract(regions, dataset, genomes, 1, f"{folder}/dataset.h5")
    yield
    yield {"result": digest_dataset(folder)}


def whole_chromosomes(folder, genome):
    """Read and translate the whole file, then look all windows of a chromosome up at once."""
    import gzip

    import numpy as np

    places, table = read_windows(folder), token_table().tobytes()
    yield
    with (gzip.open if genome.endswith("gz") else open)(f"{folder}/{genome}", "rb") as file:
        records = file.read().split(b">")[1:]
    blocks = []
    for record in records:
        name, _, lines = record.partition(b"\n")
        tokens = np.frombuffer(lines.translate(table, b"\n"), np.uint8)
        blocks.append(np.lib.stride_tricks.sliding_window_view(tokens, LENGTH)[places[name.decode()]])
    tokens = np.concatenate(blocks)
    yield
    yield {"result": zlib.crc32(tokens)}


def pysam_loop(folder, genome):
    """One call of pysam.FastaFile.fetch per window."""
    import numpy as np
    import pysam

    places, table = read_windows(folder), token_table()
    yield
    with pysam.FastaFile(f"{folder}/{genome}") as fasta:
        texts = [fasta.fetch(c, s, s + LENGTH) for c, starts in places.items() for s in starts.tolist()]
    tokens = table[np.frombuffer("".join(texts).encode(), np.uint8)].reshape(-1, LENGTH)
    yield
    yield {"result": zlib.crc32(tokens)}


def pyfaidx_loop(folder, genome):
    """One slice of a pyfaidx.Fasta per window."""
    import numpy as np
    import pyfaidx

    places, table = read_windows(folder), token_table()
    yield
    with pyfaidx.Fasta(f"{folder}/{genome}", as_raw=True) as fasta:
        texts = [fasta[c][s : s + LENGTH] for c, starts in places.items() for s in starts.tolist()]
    tokens = table[np.frombuffer("".join(texts).encode(), np.uint8)].reshape(-1, LENGTH)
    yield
    yield {"result": zlib.crc32(tokens)}


def steps(folder):
    """Time the steps from BED and plain FASTA to the dataset one by one; leave regions.tsv.gz behind."""
    from motifloom.data.extract import file_digest, token_blocks
    from motifloom.data.regions import prepare_regions
    from motifloom.data.store import write_dataset
    from motifloom.io import write_table

    laps = []

    def lap(step, work, *arguments, **options):
        cpu, wall = time.process_time(), time.perf_counter()
        result = work(*arguments, **options)
        seconds = {"cpu_s": time.process_time() - cpu, "wall_s": time.perf_counter() - wall}
        laps.append({"step": step, **seconds})
        return result

    dataset, genomes = open_dataset(folder, "genome.fa")
    yield
    regions, _ = lap("read and check the intervals", prepare_regions, dataset, genomes, 1)
    lap("write regions.tsv.gz", write_table, regions, f"{folder}/regions.tsv.gz")
    regions = lap("read regions.tsv.gz", read_regions, folder)
    dataset, genomes = open_dataset(folder, "genome.fa")
    blocks = lap("cut out the windows", lambda: [*token_blocks(regions, dataset, genomes, 1)])
    lap("SHA-256 of the sources", lambda: [*map(file_digest, (dataset.genome, dataset.sources[0].file))])
    options = {"alphabet": "dna", "task": dataset.task, "classes": dataset.classes}
    lap("write dataset.h5", write_dataset, f"{folder}/steps.h5", regions, blocks, **options)
    yield
    yield {"laps": laps}


def read_regions(folder):
    """Read the table of regions, as the rule extract does."""
    from motifloom.io import read_table

    text = ["chrom", "strand", "name", "parent", "source", "part"]
    return read_table(f"{folder}/regions.tsv.gz", dtype=dict.fromkeys(text, str))


def open_dataset(folder, genome):
    """Return the config of the dataset, and its genome, freshly opened, by its path."""
    from motifloom.config.data import Dataset
    from motifloom.genome.fasta import Genome

    path = f"{folder}/{genome}"
    source = {"intervals": f"{folder}/windows.bed", "target": {"column": 4}}
    config = {"task": "binary", "genome": path, "sources": [source], "window": {"length": LENGTH}}
    return Dataset.model_validate({**config, "duplicates": "keep"}), {path: Genome(path, f"{path}.index")}


def digest_dataset(folder):
    from motifloom.data.store import Dataset

    with Dataset(f"{folder}/dataset.h5") as dataset:
        return zlib.crc32(dataset.tokens[:])


def read_windows(folder):
    """Return {chromosome: starts, int64} of windows.bed."""
    import numpy as np

    places = {}
    for line in Path(folder, "windows.bed").read_text().splitlines():
        chrom, start, *_ = line.split("\t")
        places.setdefault(chrom, []).append(int(start))
    return {chrom: np.array(starts) for chrom, starts in places.items()}


def token_table():
    """uint8 (256,): the token of each letter."""
    import numpy as np

    table = np.full(256, 4, np.uint8)
    for token, letters in enumerate(("Aa", "Cc", "Gg", "Tt")):
        table[[ord(letter) for letter in letters]] = token
    return table
