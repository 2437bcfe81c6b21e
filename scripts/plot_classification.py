"""Draw how well classes are told apart, with the baselines in grey."""

from motifloom.evaluation.threshold import threshold_values
from motifloom.io import read_table
from motifloom.job import job
from motifloom.plots import evaluation
from motifloom.plots.style import save_figure

with job(snakemake.log[0]):
    options, files, output = snakemake.params, snakemake.input, snakemake.output
    predictions = read_table(files.predictions)
    baselines = {kind: read_table(files[kind]) for kind in options.baselines}
    labels = options.task, options.classes
    save_figure(evaluation.roc(predictions, *labels, baselines=baselines), output.roc)
    curve = evaluation.precision_recall(predictions, *labels, baselines=baselines)
    save_figure(curve, output.precision_recall)
    thresholds = threshold_values(read_table(files.threshold), *labels)
    figure = evaluation.confusion(predictions, *labels, thresholds=thresholds)
    save_figure(figure, output.confusion)
    save_figure(evaluation.score_distributions(predictions, *labels), output.scores)
    save_figure(evaluation.calibration(predictions, *labels), output.calibration)
