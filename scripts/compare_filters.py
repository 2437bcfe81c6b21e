"""Compare all filters with each other, by their weights and by their motifs."""

import pandas as pd

from motifloom.filters.bank import FilterBank
from motifloom.filters.motifs import MotifSet
from motifloom.filters.redundancy import kernel_similarity, motif_similarity, redundancy_table
from motifloom.io import write_table
from motifloom.job import job
from motifloom.plots.redundancy import redundancy_clustermap, redundancy_map
from motifloom.plots.style import save_figure

with job(snakemake.log[0]):
    motifs, output = MotifSet.from_hdf5(snakemake.input.motifs), snakemake.output
    compared = {
        "kernel": kernel_similarity(FilterBank.read(snakemake.input.filters)),
        motifs.method: motif_similarity(motifs),
    }
    table = pd.concat([redundancy_table(name, found) for name, found in compared.items()], ignore_index=True)
    write_table(table, output.table)
    threshold = snakemake.params.similarity
    save_figure(redundancy_map(table, motifs.method, motifs.filters, threshold), output.heatmap)
    save_figure(redundancy_clustermap(table, motifs.method, motifs.filters, threshold), output.clustermap)
