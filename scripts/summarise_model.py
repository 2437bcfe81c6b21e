"""Write down what a network is made of, as text, table and picture."""

from motifloom.data.store import Dataset
from motifloom.io import write_table, write_text
from motifloom.job import job
from motifloom.models.device import configure
from motifloom.models.spec import build_model
from motifloom.models.summary import as_text, summarise
from motifloom.plots.network import network
from motifloom.plots.style import save_figure

with job(snakemake.log[0]), Dataset(snakemake.input.dataset) as dataset:
    options, output = snakemake.params, snakemake.output
    configure(accelerator="cpu")
    model = build_model(
        options.spec or snakemake.input.spec[0],
        length=dataset.length,
        alphabet_size=dataset.alphabet.size,
        task=dataset.task,
        n_targets=len(dataset.target_names),
        where=options.where,
    )
    table, title = summarise(model), f"{snakemake.wildcards.experiment}: {options.model}"
    write_text(as_text(table, title), output.text)
    write_table(table, output.table)
    save_figure(network(table, title), output.figure)
