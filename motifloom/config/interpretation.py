"""What is read out of a trained network."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from motifloom.config.blocks import Block, Distinct, Fraction, Part, Positive
from motifloom.config.methods import METHODS, WITH_CUTOFFS, WITH_SITES

ANALYSES = ("importance", "redundancy", "clustering", "enrichment", "classes", "sensitivity", "stability")
# What the importance of a filter can be measured by beside the loss, by task.
CLASS_METRICS = ("auroc", "auprc", "accuracy", "precision", "recall", "f1", "mcc", "log_loss")
VALUE_METRICS = ("pearson", "spearman", "r2", "mse", "mae")
METRICS = CLASS_METRICS + VALUE_METRICS
Level = Annotated[float, Field(gt=0, le=1)]


class Filters(Block):
    """Motifs of the first-layer filters."""

    methods: Distinct[Literal[tuple(METHODS)]] = Field(
        list(METHODS), description="How motifs are read off a filter.", min_length=1
    )
    sites: Literal[tuple(WITH_CUTOFFS)] | None = Field(
        None,
        description="Method whose sites enrichment (odds ratio) and sensitivity look at; none: "
        "`top` if it is among the methods, else `significant`.",
    )
    percentile: Annotated[float, Field(ge=0, lt=100)] = Field(
        90.0, description="top: windows at or above this percentile of a filter's positive activations."
    )
    include_all_positive: bool = Field(False, description="top: all windows with a positive activation.")
    most_sites: Positive = Field(
        750, description="class_max: best windows used of each filter, those with the highest activation."
    )
    strands: Literal["forward", "both"] = Field(
        "forward", description="Strands of the examples on which filters are looked for."
    )
    parts: Distinct[Part] = Field(
        ["train", "validation", "test"],
        description="Parts whose sequences are scanned; enrichment and importance have their own.",
        min_length=1,
    )
    logos: Literal["information", "probability", "counts", "weights"] = Field(
        "information", description="What the height of letters in logos shows."
    )

    @model_validator(mode="after")
    def _consistent(self):
        for method, keys in {name: METHODS[name].options for name in METHODS}.items():
            for key in keys:
                if _changed(self, key) and method not in self.methods:
                    raise ValueError(f"has {key}:, which goes with methods: [{method}]")
        if self.sites and self.sites not in self.methods:
            raise ValueError(f"has sites: {self.sites}, which is not among its methods; add it there")
        siteless = [name for name in self.methods if name not in WITH_SITES]
        if self.logos == "counts" and siteless:
            raise ValueError(
                f"has logos: counts, but {siteless[0]} has no sites to count; write probability, or leave "
                f"{siteless[0]} out of methods"
            )
        if self.include_all_positive and _changed(self, "percentile"):
            raise ValueError("has percentile: beside include_all_positive:, which needs none; remove one")
        return self

    @property
    def site_methods(self):
        """Those of the methods whose motifs are made of windows."""
        return [name for name in self.methods if name in WITH_SITES]

    @property
    def sites_of(self):
        """The method whose sites analyses look at, or None."""
        known = [name for name in ("top", "significant") if name in self.methods]
        return self.sites or next(iter(known), None)

    @property
    def compared(self):
        """The method whose motifs are compared with each other, within and between seeds."""
        known = [name for name in ("top", "significant", "class_max") if name in self.methods]
        return next(iter(known), self.methods[0])


class Significance(Block):
    """Which windows activate a filter more than its weights in random order would."""

    q_value: Level = Field(0.05, description="Windows up to this false discovery rate are sites.")
    null_model: Literal["shuffle", "permutation", "background"] = Field(
        "shuffle",
        description="Null distribution of a window's score: shuffled weights, exact; the same by random "
        "draws; or random sequence with the letter frequencies of the examples.",
    )
    universe: Literal["positive", "all"] = Field(
        "positive", description="Windows that are tested: those with a positive activation, or all."
    )
    conditional: bool = Field(
        True, description="universe positive: p given that the activation is positive (else as Cnnamon)."
    )
    permutations: Annotated[int, Field(ge=10, le=100_000)] = Field(
        1000, description="null_model permutation: draws per filter."
    )
    correct_over: Literal["filter", "all_filters"] = Field(
        "filter", description="Benjamini-Hochberg over the windows of a filter, or of all filters at once."
    )

    @model_validator(mode="after")
    def _consistent(self):
        if _changed(self, "permutations") and self.null_model != "permutation":
            raise ValueError("has permutations:, which goes with null_model: permutation")
        if not self.conditional and self.universe != "positive":
            raise ValueError("has conditional:, which goes with universe: positive")
        return self


class Importance(Block):
    """What a filter is worth to the network: the loss without it."""

    iterations: Annotated[int, Field(ge=2, le=100_000)] = Field(10, description="Shuffles of each filter.")
    summary: Literal["mean", "median"] = Field("mean", description="Over shuffles.")
    metrics: Distinct[Literal[METRICS]] = Field(
        [],
        description="Beside the loss, where the task has them; none: auroc and auprc, or pearson and r2.",
    )
    part: Part = Field("test", description="Part whose examples are predicted.")
    most_examples: Positive = Field(2000, description="A larger part is sampled down to this, by groups.")
    groups: bool = Field(True, description="Perturb groups of redundant filters together, too.")


class Redundancy(Block):
    """Which filters resemble each other."""

    similarity: Annotated[float, Field(gt=0, le=1)] = Field(
        0.7, description="Filters at least as similar as this are a redundant group."
    )


class Clustering(Block):
    """Groups of filters by what activates them, and by their motifs."""

    linkage: Literal["ward", "average", "complete", "single", "weighted", "centroid", "median"] = Field(
        "ward", description="SciPy linkage of the activation fingerprints."
    )
    clusters: Positive | None = Field(None, description="Number of clusters; none: the best silhouette.")
    max_clusters: Annotated[int, Field(ge=2, le=1000)] = Field(10, description="Largest number tried.")
    sequences_shown: Positive = Field(
        500, description="Sequences of the heat map of sequences and filters, sampled evenly over classes."
    )

    @model_validator(mode="after")
    def _consistent(self):
        if self.clusters and _changed(self, "max_clusters"):
            raise ValueError("has max_clusters: beside clusters:, which says how many; remove one")
        return self


class Enrichment(Block):
    """Which filters tell the classes apart."""

    parts: Distinct[Part] = Field(
        ["test"],
        description="Parts that are tested; on what a network trained on, filters fit even random labels.",
        min_length=1,
    )
    unit: Distinct[Literal["sequence", "window"]] = Field(
        ["sequence"], description="Units of the odds ratio.", min_length=1
    )
    universe: Distinct[Literal["global", "activated"]] = Field(
        ["global"],
        description="Units that are counted: all, or those that are a site of any filter.",
        min_length=1,
    )
    q_value: Level = Field(0.05, description="Starred in figures up to this.")


class Sensitivity(Block):
    """Which base of a site matters."""

    sample: Positive = Field(
        200, description="Sites per filter in sensitivity.sample.tsv.gz, made when asked for by name."
    )


class Stability(Block):
    """Which motifs other seeds find, too."""

    similarity: Annotated[float, Field(gt=0, le=1)] = Field(
        0.8, description="Motifs of different seeds at least as similar as this are the same."
    )


class Match(Block):
    """Comparison of motifs with a database (Tomtom)."""

    database: str | None = Field(None, description="MEME file; none: no comparison.")
    q_value: Fraction = Field(0.1, description="Matches above this are shown as none.")


class Attention(Block):
    """Where attention layers look, made when asked for by name."""

    sites: str | None = Field(
        None,
        description="BED file of known sites that the attention is compared with, the motif in its column "
        "name; on a genome, or first the id or name of an example without coordinates; or a simulation's "
        "truth.tsv; none: no comparison.",
    )


class Interpretation(Block):
    """What is read out of a trained network."""

    filters: Filters = Field(default_factory=Filters, description="Motifs of the first-layer filters.")
    analyses: Distinct[Literal[ANALYSES]] = Field(
        list(ANALYSES), description="What is made for the page; the others when asked for by name."
    )
    significance: Significance = Field(default_factory=Significance, description="Significant windows.")
    importance: Importance = Field(default_factory=Importance, description="Importance of filters.")
    redundancy: Redundancy = Field(default_factory=Redundancy, description="Similar filters.")
    clustering: Clustering = Field(default_factory=Clustering, description="Clusters of filters.")
    enrichment: Enrichment = Field(default_factory=Enrichment, description="Classes of filters.")
    sensitivity: Sensitivity = Field(default_factory=Sensitivity, description="Bases that matter.")
    stability: Stability = Field(default_factory=Stability, description="Motifs across seeds.")
    match: Match = Field(default_factory=Match, description="Comparison with a motif database.")
    attention: Attention = Field(default_factory=Attention, description="Attention along the examples.")

    @model_validator(mode="after")
    def _consistent(self):
        changed = [key for key in Significance.model_fields if _changed(self.significance, key)]
        if changed and "significant" not in self.filters.methods:
            raise ValueError(
                f"has significance.{changed[0]}:, which goes with filters.methods: [significant]"
            )
        counted = [key for key in ("unit", "universe") if _changed(self.enrichment, key)]
        if counted and not self.filters.sites_of:
            raise ValueError(
                f"has enrichment.{counted[0]}:, which needs sites; add top or significant to filters.methods"
            )
        if "sensitivity" in self.analyses and not self.filters.sites_of:
            if "analyses" in self.model_fields_set:
                raise ValueError(
                    "has analyses: [sensitivity], which needs sites; add top or significant to "
                    "filters.methods, or leave it out of analyses"
                )
            self.analyses = [name for name in self.analyses if name != "sensitivity"]
        return self


def _changed(block, key):
    """Tell whether a key has another value than its default."""
    return getattr(block, key) != type(block).model_fields[key].default
