"""What the analyses of a seed's filters left in its folder `filters`: tables, and pictures of all filters."""

import re

from motifloom.io import read_table

# One table per analysis; what is not there is left out of the page.
TABLES = [
    "thresholds",
    "importance",
    "importance.iterations",
    "importance.groups",
    "enrichment",
    "class_activation",
    "kernel_score",
    "maxima",
    "profile",
    "positions",
    "sensitivity",
    "redundancy",
    "redundancy_groups",
    "clusters",
    "cluster_scores",
    "agreement",
]
# Groups are numbered, but may have other names.
NAMES = {"group": str}
# Titles of the pictures of all filters; those of other names are titled by their names.
PICTURES = {
    "importance": "Importance of the filters",
    "significance": "Thresholds of significant windows",
    "enrichment": "Enrichment by class",
    "class_activation": "Activation by class",
    "maxima": "Where the best windows lie",
    "profile": "Activation along the sequence",
    "clusters": "Clusters of filters by activation",
    "motif_clusters": "Clusters of filters by motif",
    "cluster_scores": "Silhouettes by number of clusters",
    "agreement": "Agreement of the clusterings",
    "sequences": "Clusters of filters and sequences",
    "redundancy": "Similarity of the filters",
    "sensitivity": "Sensitivity to single letters",
}
# The table of a picture that has another name.
DRAWN_FROM = {"significance": "thresholds"}


def read_tables(folder, files):
    """Read the tables of :data:`TABLES` in a folder that are among `files`: {name: data frame}."""
    tables = {}
    for name in TABLES:
        path = next(
            (folder / f"{name}{end}" for end in (".tsv", ".tsv.gz") if folder / f"{name}{end}" in files), None
        )
        if path is not None:
            tables[name] = read_table(path, dtype=NAMES)
    if "enrichment" in tables:
        # Tests are told apart by these two, which not every test has.
        keys = {"unit": object, "universe": object}
        tables["enrichment"] = tables["enrichment"].astype(keys).fillna(dict.fromkeys(keys, ""))
    return tables


def list_pictures(folder, files):
    """List the pictures of all filters in a folder, as (path, title, path of the table or None).

    The sheets of logos are left out: the page has the logos themselves.
    """
    found = []
    for path in sorted(files):
        if path.parent == folder and path.suffix == ".svg" and not path.name.endswith(".logos.svg"):
            key, _, more = path.stem.partition(".")
            title = PICTURES.get(key, key.replace("_", " ").capitalize())
            ends = (f"{stem}.tsv{gz}" for stem in (path.stem, DRAWN_FROM.get(key, key)) for gz in ("", ".gz"))
            table = next((folder / end for end in ends if folder / end in files), None)
            found.append((path, title + (f", {re.sub('[._]', ' ', more)}" if more else ""), table))
    order = list(PICTURES)
    return sorted(found, key=lambda item: _place(item[0].stem.partition(".")[0], order))


def _place(key, order):
    return order.index(key) if key in order else len(order)
