"""From regions to a dataset: encoding, storage, splits, negatives."""
