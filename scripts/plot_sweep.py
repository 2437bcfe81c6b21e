"""Draw what the trials of a sweep found."""

from motifloom.config.sweeps import Sweep
from motifloom.io import read_table
from motifloom.job import job
from motifloom.plots import sweeps as plots
from motifloom.plots.style import save_figure
from motifloom.sweeps.space import ticks_of
from motifloom.sweeps.trials import coordinates

with job(snakemake.log[0]):
    files, output = snakemake.input, snakemake.output
    sweep = Sweep.model_validate(snakemake.params.sweep)
    trials = read_table(files.trials, dtype=dict.fromkeys(sweep.parameters, str))
    varying = {key: item for key, item in sweep.parameters.items() if item.family != "constant"}
    metric, sign = sweep.metric.name, sweep.metric.sign
    ticks = {key: ticks_of(parameter) for key, parameter in varying.items()}
    shares = read_table(files.importance, dtype={"correlation": float})
    complete = int((trials["state"] == "complete").sum())
    save_figure(plots.importance(shares, metric, sign, complete), output.importance)
    save_figure(plots.history(trials, metric, sign), output.history)
    save_figure(
        plots.parallel_coordinates(trials, coordinates(trials, varying), ticks, metric, sign),
        output.coordinates,
    )
