"""Cluster filters by what activates them and by their motifs, and see how far the two agree."""

from motifloom.data.parts import read_rows_of
from motifloom.filters import clustering
from motifloom.filters.motifs import MotifSet
from motifloom.filters.redundancy import motif_similarity
from motifloom.filters.summaries import read_summary
from motifloom.io import read_table, write_table, write_text
from motifloom.job import job
from motifloom.plots import clustering as plots
from motifloom.plots.style import save_figure

with job(snakemake.log[0]):
    output, params, options = snakemake.output, snakemake.params, snakemake.params.options
    rows = read_rows_of(snakemake.input.split, params.fold, params.parts)
    summary = read_summary(snakemake.input.activations, rows)
    similarity = motif_similarity(MotifSet.from_hdf5(snakemake.input.motifs))
    number = {"clusters": options["clusters"], "max_k": options["max_clusters"]}
    activation = clustering.cluster_activations(
        summary.filters, summary.mean, method=options["linkage"], **number
    )
    motif = clustering.cluster_motifs(similarity, **number)
    groups = read_table(snakemake.input.groups, dtype={"redundancy_group": "Int64"})
    groups = groups.set_index("filter")["redundancy_group"]
    clusters = clustering.clusters_table(activation, motif, groups)
    scores, agreement = clustering.scores_table(activation, motif), clustering.agreement(activation, motif)
    for name, table in {"clusters": clusters, "scores": scores, "agreement": agreement}.items():
        write_table(table, output[name])
    for kind, tree in {"activation": activation, "motif": motif}.items():
        write_text(tree.newick() + "\n", output[f"{kind}_newick"])
        save_figure(plots.circular_tree(tree.newick(), clusters, kind), output[f"{kind}_tree"])
    correlation = clustering.activation_correlation(summary.mean)
    save_figure(plots.correlations(correlation, activation.linkage, clusters), output.heatmap)
    save_figure(plots.silhouettes(scores), output.silhouettes)
    save_figure(plots.agreement(clusters, agreement), output.agreement_figure)
