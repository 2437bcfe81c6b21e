"""The one number that the models of a task are known by."""

# Target and metric: AUROC (mean over classes or labels), beside which AUPRC stands; mean Pearson correlation
# for regression. No task has the pair of another in its table of metrics.
HEADLINES = {
    "binary": ("all", "auroc"),
    "multiclass": ("macro", "auroc"),
    "multilabel": ("macro", "auroc"),
    "regression": ("macro", "pearson"),
}


def headline_metric(task):
    """Return (target, metric) of the headline of a task (binary, multiclass, multilabel, regression)."""
    return HEADLINES[task]


def headline_rows(metrics):
    """Return the rows of a table of metrics (target, metric, ...) that are a headline, whatever the task."""
    pairs = zip(metrics["target"], metrics["metric"], strict=True)
    return metrics[[pair in HEADLINES.values() for pair in pairs]]
