"""Build the page of an experiment."""

from pathlib import Path

from motifloom.data.parts import parts_for
from motifloom.data.store import Dataset
from motifloom.filters.importance import HEADLINE
from motifloom.filters.jaspar import read_motifs
from motifloom.filters.motifs import MotifSet
from motifloom.io import read_table
from motifloom.job import job
from motifloom.report.page import build_experiment_page, load_experiment

with job(snakemake.log[0]):
    files, folder = snakemake.input, Path(snakemake.output[0]).parent
    options = {name: value for name, value in snakemake.params.items() if name not in ("library", "contents")}
    methods = options.pop("methods")
    motifs = {
        seed: {m: MotifSet.from_hdf5(folder / f"seed{seed}/filters/{m}.h5") for m in methods}
        for seed in options["seeds"]
    }
    with Dataset(files.dataset) as dataset:
        checksums = dataset.sources
    split = read_table(files.split)
    fold = options.pop("fold")
    parts = None if fold is None else parts_for(split, fold).set_axis(split["id"])
    report = load_experiment(
        folder.parent,
        snakemake.wildcards.experiment,
        files=files,
        motifs=motifs,
        parts=parts,
        checksums=checksums,
        database={key: motif for path in files.database for key, motif in read_motifs(path).items()},
        truth=next(iter(files.truth), None),
        perturbation=HEADLINE[0],
        importance_metric=HEADLINE[1],
        **options,
    )
    build_experiment_page(report, snakemake.output[0])
