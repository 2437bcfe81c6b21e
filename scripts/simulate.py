"""Simulate a genome with planted binding sites."""

from pathlib import Path

from motifloom.filters.jaspar import read_motifs
from motifloom.filters.meme import select_motifs
from motifloom.genome.simulate import simulate
from motifloom.job import job

with job(snakemake.log[0]):
    options = dict(snakemake.params.simulation)
    path = snakemake.input.motifs
    motifs = select_motifs(read_motifs(path), options.pop("planted"), path)
    planted = {motif.id: (motif.name, motif.probabilities) for motif in motifs}
    folder = Path(snakemake.output.truth).parent
    simulate(planted, folder, seed=snakemake.params.seed, name=snakemake.wildcards.simulation, **options)
