"""What reads each format: functions from a path to a small value that tells what was read."""

import yaml

from motifloom.checks import check_config
from motifloom.config.data import Dataset as DatasetConfig
from motifloom.config.parse import check_file, parse_config
from motifloom.data import inputs
from motifloom.data.encode import DNA, PROTEIN
from motifloom.data.regions import prepare_regions
from motifloom.data.splits import _read_part_file
from motifloom.data.store import Dataset
from motifloom.files import read_text
from motifloom.filters.bank import FilterBank
from motifloom.filters.jaspar import read_motifs
from motifloom.genome.fasta import Genome, read_fasta
from motifloom.genome.intervals import read_intervals

GENOME = ">chr1\n" + "ACGTTGCATC" * 20 + "\n>chr2\n" + "GATTACACCA" * 20 + "\n"


def intervals(path):
    columns = ["chrom", "start", "end", "name", "strand", "summit", "line"]
    return [" ".join(map(str, row)) for row in read_intervals(path)[columns].itertuples(index=False)]


def fasta(path, alphabet=DNA):
    return [f"{header}: {alphabet.decode(tokens)}" for _, header, tokens in read_fasta(path, alphabet)]


def protein(path):
    return fasta(path, PROTEIN)


def genome(path):
    with Genome(path, path.with_name("index")) as found:
        return [f"{chrom}: {DNA.decode(found.tokens(chrom))}" for chrom in found.sizes]


def table(path):
    found = inputs.read_delimited(path)
    return [" ".join(found), *(f"{line}: {' '.join(row)}" for line, *row in found.itertuples())]


def dataset_of(source, **keys):
    """Return what becomes of a source: its examples, then what was dropped or changed."""
    config = DatasetConfig.model_validate(
        {"task": "regression", "sources": [source], "split": {"by": "held_out"}, **keys}
    )
    genomes = {}
    if config.genome:
        genomes[config.genome] = Genome(config.genome, "index")
    try:
        regions, ledger = prepare_regions(config, genomes, 1)
    finally:
        for opened in genomes.values():
            opened.close()
    names = [name for name in ("weight", "target.value") if name in regions]
    rows = regions[["id", "start", "end", *names]].itertuples(index=False)
    return [" ".join(map(str, row)) for row in rows] + ledger["reason"].tolist()


def sequences(path):
    """A table of sequences, with a value to predict."""
    return dataset_of({"table": str(path), "target": {"column": 2}})


def weighted(path):
    return dataset_of(
        {"table": str(path), "target": {"column": 3}, "weight": {"column": 2}}, split={"by": "random"}
    )


def located(path):
    """A table of places on a genome."""
    (path.parent / "genome.fa").write_text(GENOME)
    return dataset_of({"table": str(path), "target": 1}, genome="genome.fa", window={"length": 10})


def windows(path):
    """Intervals as they are, padded where they leave the chromosome."""
    (path.parent / "genome.fa").write_text(GENOME)
    return dataset_of({"intervals": str(path), "target": 1}, genome="genome.fa", window={"edge": "pad"})


def bins(path):
    """Intervals cut into bins."""
    (path.parent / "genome.fa").write_text(GENOME)
    window = {"bin": 10, "step": 5, "flank": 0}
    return dataset_of({"intervals": str(path), "target": 1}, genome="genome.fa", window=window)


def places(path):
    """A FASTA file whose headers may say where its sequences come from."""
    return dataset_of({"fasta": str(path), "target": 1})


def parts(path):
    return _read_part_file(path)


def motifs(path):
    return [
        f"{motif.id} {motif.name}: {motif.alphabet} "
        + " ".join("/".join(f"{share:.3g}" for share in row) for row in motif.probabilities)
        for motif in read_motifs(path).values()
    ]


def config(path):
    """A config as the workflow reads it, without the rest of the workflow."""
    check_file(path)
    content = yaml.load(read_text(path, "a config is YAML"), Loader=yaml.FullLoader)
    check_config(parse_config(content, path), path, exists=lambda path: True)
    return ["valid"]


def spec(path):
    from motifloom.models.spec import read_spec

    return sorted(read_spec(path)["model"])


def network(path):
    from motifloom.models.predict import load_model

    return [layer.name for layer in load_model(path).layers]


def dataset(path):
    with Dataset(path) as found:
        return [len(found), len(found.targets), len(found.regions)]


def filters(path):
    return FilterBank.read(path).filters


READERS = {
    function.__name__: function
    for function in (
        intervals,
        fasta,
        protein,
        genome,
        table,
        sequences,
        weighted,
        located,
        windows,
        bins,
        places,
    )
    + (parts, motifs, config, spec, network, dataset, filters)
}
