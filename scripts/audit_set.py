"""Look for what an extra set has in common with the examples of the dataset that a network was trained on."""

from motifloom.data.audit import audit_set
from motifloom.data.store import Dataset
from motifloom.io import read_table, write_table
from motifloom.job import job

files, options = snakemake.input, snakemake.params
with job(snakemake.log[0]), Dataset(files.dataset) as dataset, Dataset(files.set) as other:
    genomes = {"genomes": options.genomes, "other_genomes": options.set_genomes}
    table = audit_set(dataset, read_table(files.split), other, tested=options.tested, **genomes)
    write_table(table, snakemake.output[0])
