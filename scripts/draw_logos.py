"""Draw the logos of a motif set: one file each, and all of them in a grid."""

from motifloom.filters.motifs import MotifSet
from motifloom.io import atomic_folder
from motifloom.job import job
from motifloom.plots.logos import logo_figure, logo_grid
from motifloom.plots.style import save_figure

with job(snakemake.log[0]):
    motifs, kind = MotifSet.from_hdf5(snakemake.input.motifs), snakemake.params.kind
    with atomic_folder(snakemake.output.single) as folder:
        for name in motifs:
            save_figure(logo_figure(motifs, name, kind), folder / f"{name}.svg")
    save_figure(logo_grid(motifs, kind), snakemake.output.grid)
