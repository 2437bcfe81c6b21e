"""Say what a run would find here."""

from motifloom.doctor import as_text, examine
from motifloom.job import job
from motifloom.models.device import describe

with job(snakemake.log[0]):
    options = snakemake.params
    text = as_text(examine(options.project, options.folders, describe(), options.networks))
    print(text)
print(text)
