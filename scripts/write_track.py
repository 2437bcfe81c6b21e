"""Write the predictions of one target as tracks: BigWig, and BED with an index."""

from motifloom.genome.index import read_index
from motifloom.genome.tracks import read_bins, write_bed, write_bigwig
from motifloom.job import job

with job(snakemake.log[0]):
    options = snakemake.params
    sizes = {name: numbers[0] for name, numbers in read_index(snakemake.input.index).items()}
    bins = read_bins(snakemake.input.predictions, f"score.{snakemake.wildcards.target}", options.flank)
    write_bigwig(snakemake.output.bigwig, sizes, bins)
    write_bed(snakemake.output.bed, sizes, bins)
