"""What those who compute metrics and those who draw them have in common."""

# Areas under the curves that a training measures over all scores of the validation part, where it is asked to
# or somebody watches them: val_auroc, val_auprc.
EXACT = ("auroc", "auprc")

# Bins of equal width that the calibration error and the reliability diagram look at.
CALIBRATION_BINS = 10
