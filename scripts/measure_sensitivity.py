"""Tell how the activation of a filter's sites responds to every substitution."""

from motifloom.data.parts import read_rows_of
from motifloom.data.store import Dataset
from motifloom.errors import UserError
from motifloom.filters.bank import FilterBank
from motifloom.filters.motifs import MotifSet
from motifloom.filters.sensitivity import sensitivity_table
from motifloom.io import atomic_folder, write_table
from motifloom.job import job
from motifloom.plots.sensitivity import overview, sensitivity_figure
from motifloom.plots.style import save_figure

with job(snakemake.log[0]), Dataset(snakemake.input.dataset) as dataset:
    if not snakemake.input.motifs:
        raise UserError(
            "sensitivity looks at sites: add top or significant to interpretation.filters.methods"
        )
    params, output = snakemake.params, snakemake.output
    rows = read_rows_of(snakemake.input.split, params.fold, params.parts)
    bank = FilterBank.read(snakemake.input.filters, strands=params.strands)
    motifs = MotifSet.from_hdf5(snakemake.input.motifs[0])
    table = sensitivity_table(bank, dataset.tokens, motifs.cutoffs, rows, threads=snakemake.threads)
    write_table(table, output.table)
    with atomic_folder(output.single) as folder:
        for name, part in table.groupby("filter", sort=False):
            save_figure(sensitivity_figure(part, name), folder / f"{name}.svg")
    save_figure(overview(table), output.overview)
