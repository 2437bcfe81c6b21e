"""Write the single responses of a sample of each filter's sites to every substitution."""

from motifloom.data.parts import read_rows_of
from motifloom.data.store import Dataset
from motifloom.errors import UserError
from motifloom.filters.bank import FilterBank
from motifloom.filters.motifs import MotifSet
from motifloom.filters.sensitivity import sensitivity_sample
from motifloom.io import write_table
from motifloom.job import job

with job(snakemake.log[0]), Dataset(snakemake.input.dataset) as dataset:
    if not snakemake.input.motifs:
        raise UserError(
            "sensitivity looks at sites: add top or significant to interpretation.filters.methods"
        )
    params = snakemake.params
    rows = read_rows_of(snakemake.input.split, params.fold, params.parts)
    bank = FilterBank.read(snakemake.input.filters, strands=params.strands)
    cutoffs = MotifSet.from_hdf5(snakemake.input.motifs[0]).cutoffs
    table = sensitivity_sample(
        bank, dataset.tokens, cutoffs, rows, sites=params.sites, seed=params.seed, threads=snakemake.threads
    )
    table.insert(1, "id", dataset.regions["id"].to_numpy()[table.pop("row")])
    write_table(table, snakemake.output[0])
