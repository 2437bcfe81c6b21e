"""Draw the motif of every filter above its best match, aligned."""

from motifloom.filters.jaspar import read_motifs
from motifloom.filters.motifs import MotifSet
from motifloom.io import atomic_folder, read_table
from motifloom.job import job
from motifloom.plots.logos import match_figure
from motifloom.plots.style import save_figure

with job(snakemake.log[0]):
    motifs, table = MotifSet.from_hdf5(snakemake.input.motifs), read_table(snakemake.input.matches)
    chosen = table[(table["method"] == snakemake.wildcards.method) & (table["rank"] == 1)]
    chosen = chosen[chosen["q_value"] <= snakemake.params.q_value]
    database = {key: motif for path in snakemake.input.database for key, motif in read_motifs(path).items()}
    with atomic_folder(snakemake.output[0]) as folder:
        for row in chosen.to_dict("records"):
            figure = match_figure(motifs[row["filter"]], database[row["motif_id"]], row)
            save_figure(figure, folder / f"{row['filter']}.svg")
