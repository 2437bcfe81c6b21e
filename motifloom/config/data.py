"""Simulated genomes and datasets: where sequences and targets come from, and how they are split."""

from typing import Annotated, Literal

from pydantic import Field, model_validator

from motifloom.config.blocks import Block, Distinct, Fraction, Name, Part, Positive, Share


class Simulation(Block):
    """A simulated genome with binding sites planted at known places."""

    motifs: str = Field(description="File in MEME or JASPAR format with the motifs to plant.")
    planted: Distinct[str] = Field(description="Names of motifs in that file.", min_length=1)
    chromosomes: Positive = Field(5, description="Number of chromosomes.")
    chromosome_length: Annotated[int, Field(ge=10_000, le=1_000_000_000)] = Field(
        300_000, description="Mean length of a chromosome in bp."
    )
    sites_per_motif: Positive = Field(300, description="Sites planted per motif.")
    peak_width: Annotated[int, Field(ge=20)] = Field(200, description="Mean width of a peak in bp.")


class Column(Block):
    """Where in a table or interval file a value stands."""

    column: int | str = Field(description="Column number (from 1) or name in the header line.")


class Columns(Block):
    """Several columns, one per class."""

    columns: list[int | str] = Field(description="Column numbers (from 1) or names.", min_length=1)


class Source(Block):
    """One origin of examples: exactly one of intervals, fasta, table or negatives."""

    name: Name | None = Field(None, description="Name in tables; default: the file's.")
    intervals: str | None = Field(None, description="BED3 to BED12, narrowPeak or GFF/GTF; plain or gzip.")
    fasta: str | None = Field(None, description="FASTA of ready sequences; plain or gzip.")
    table: str | None = Field(
        None, description="TSV or CSV with a header and chrom, start, end, or with a sequence column."
    )
    labels: str | None = Field(
        None, description="Table with the targets of a fasta source; column id (or the first) names records."
    )
    negatives: Literal["gc_matched", "random", "dinucleotide_shuffled"] | None = Field(
        None, description="Make negatives for the positives of the sources above."
    )
    genome: str | None = Field(None, description="Genome of this source; default: the dataset's.")
    target: int | float | str | list[str] | Column | Columns | None = Field(
        None, description="A value, a class name, a list of labels, {column: n} or {columns: [..]}."
    )
    weight: Column | None = Field(
        None, description="{column: n}: how much each example counts in training; others count 1."
    )
    sequence: str | None = Field(None, description="Table: name of the column that holds the sequence.")
    part: Part | Column | None = Field(
        None, description="train, validation, test, or {column: n} that says so (split by column)."
    )
    repeated_ids: Literal["refuse", "number"] = Field(
        "refuse", description="fasta: a second record of the same name is refused, or named name.2."
    )
    ratio: Annotated[float, Field(ge=0.001, le=1000)] = Field(1.0, description="Negatives made per positive.")
    gc_tolerance: Fraction = Field(0.05, description="Largest difference in GC fraction of a matched pair.")
    exclude: Distinct[str] = Field([], description="Interval files that negatives must not overlap.")
    chromosome_names: Literal["ucsc", "ensembl"] | dict[str, str] | None = Field(
        None, description="Rename the file's chromosomes to the genome's: ucsc, ensembl or a mapping."
    )

    @property
    def kind(self):
        """Which of the four kinds of source this is."""
        return next(k for k in ("intervals", "fasta", "table", "negatives") if getattr(self, k))

    @property
    def file(self):
        """The source's own file, or None for negatives."""
        return self.intervals or self.fasta or self.table

    @model_validator(mode="after")
    def _one_kind(self):
        given = [k for k in ("intervals", "fasta", "table", "negatives") if getattr(self, k)]
        if len(given) != 1:
            raise ValueError(
                f"has {' and '.join(given) or 'none of its four kinds'}; "
                "give exactly one of intervals, fasta, table, negatives"
            )
        if self.sequence and not self.table:
            raise ValueError("has sequence:, which goes with table:")
        if self.labels and not self.fasta:
            raise ValueError("has labels:, which goes with fasta:")
        if self.labels and not isinstance(self.target, Column | Columns):
            raise ValueError("has labels:, which goes with target: {column: ..} or {columns: [..]}")
        if self.negatives and isinstance(self.target, Column | Columns):
            raise ValueError("has a column as target:, but negatives have no file; give a value or a class")
        for key in ("part", "weight"):
            if self.negatives and getattr(self, key):
                raise ValueError(f"has {key}:, which goes with intervals:, fasta: or table:")
        if self.repeated_ids != "refuse" and not self.fasta:
            raise ValueError("has repeated_ids:, which goes with fasta:")
        if self.repeated_ids != "refuse" and self.labels:
            raise ValueError("has repeated_ids: beside labels:, which goes by names; name each record once")
        for key, kinds in (
            ("ratio", ("gc_matched", "random", "dinucleotide_shuffled")),
            ("exclude", ("gc_matched", "random")),
            ("gc_tolerance", ("gc_matched",)),
        ):
            if getattr(self, key) != type(self).model_fields[key].default and self.negatives not in kinds:
                raise ValueError(f"has {key}:, which goes with negatives: {' or '.join(kinds)}")
        return self


class Window(Block):
    """How an interval becomes one window of fixed length, or several bins."""

    length: Positive | None = Field(
        None, description="Length in bp; default: the examples' own, or that of a bin with its flanks."
    )
    bin: Positive | None = Field(None, description="Cut every interval into bins of this length in bp.")
    step: Positive | None = Field(None, description="From the start of a bin to the next; default: bin.")
    flank: Annotated[int, Field(ge=0, le=10_000_000)] = Field(
        0, description="Sequence read on either side of a bin in bp."
    )
    centre: Literal["midpoint", "summit", "start"] = Field(
        "midpoint", description="What the window is centred on."
    )
    edge: Literal["drop", "shift", "pad"] = Field(
        "drop", description="A window that leaves its chromosome is dropped, shifted or padded with N."
    )

    @model_validator(mode="after")
    def _consistent(self):
        if self.bin is None:
            for key in ("step", "flank"):
                if getattr(self, key):
                    raise ValueError(f"has {key}:, which goes with bin:")
            if self.centre != "midpoint" and self.length is None:
                raise ValueError("has centre:, which goes with length:")
            return self
        self.step = self.step or self.bin
        width = self.bin + 2 * self.flank
        if self.length not in (None, width):
            raise ValueError(f"has length: beside bin:; a window is bin + 2 * flank = {width}; remove length")
        self.length = width
        if self.centre != "midpoint":
            raise ValueError("has centre:, which goes with length: and not with bin:")
        if self.edge == "shift":
            raise ValueError("has edge: shift, which would move a bin off its place; use drop or pad")
        return self


class Chromosomes(Block):
    """Which chromosomes to use."""

    include: Distinct[str] = Field([], description="Only these; empty: all.")
    exclude: Distinct[str] = Field([], description="Not these.")


class Unknown(Block):
    """What to do with bases that are not known (N)."""

    max_fraction: Fraction = Field(0.1, description="Drop examples with a larger fraction of unknown bases.")


class Ratios(Block):
    """Relative sizes of the parts; they need not sum to 1."""

    train: Share = Field(0.8, description="Share of the training part.")
    validation: Share = Field(0.1, description="Share of the validation part.")
    test: Share = Field(0.1, description="Share of the test part.")


class Split(Block):
    """How examples are divided into train, validation and test."""

    by: Literal["random", "chromosome", "column", "file", "folds", "held_out"] = Field(
        "random",
        description="random, chromosome, column (source key part), file, folds, or held_out: all of it is "
        "test, for experiments that name the dataset in also.",
    )
    ratios: Ratios | None = Field(None, description="Sizes of the parts (random; chromosome without lists).")
    train: Distinct[str] = Field([], description="Chromosomes of the training part; default: all others.")
    validation: Distinct[str] = Field([], description="Chromosomes of the validation part.")
    test: Distinct[str] = Field([], description="Chromosomes of the test part.")
    path: str | None = Field(None, description="TSV with id and part, or chrom, start, end and part.")
    validation_fraction: Annotated[float, Field(gt=0, lt=1)] | None = Field(
        None, description="Share of train that becomes the validation part (by: column or file without one)."
    )
    folds: Annotated[int, Field(ge=3, le=100)] = Field(
        5, description="Number of folds (by: folds); each is test, validation and training in turn."
    )
    group_overlaps: bool = Field(
        True, description="Keep overlapping, identical and reverse-complement examples in one part."
    )
    group_near_duplicates: bool = Field(
        False, description="Keep near-duplicate examples (8-mer Jaccard of 0.2 or more) in one part, too."
    )
    stratify: bool = Field(True, description="Keep the class proportions in every part.")

    @model_validator(mode="after")
    def _consistent(self):
        lists = [n for n in ("train", "validation", "test") if getattr(self, n)]
        if lists and self.by != "chromosome":
            raise ValueError(f"has {lists[0]}:, a list of chromosomes, which goes with by: chromosome")
        if self.by == "chromosome":
            if lists and self.ratios:
                raise ValueError("has lists of chromosomes and ratios; give one of them")
            if lists and not (self.validation and self.test):
                raise ValueError("has only some lists of chromosomes; give validation: [..] and test: [..]")
            owner = {}
            for part in lists:
                for chromosome in getattr(self, part):
                    if owner.setdefault(chromosome, part) != part:
                        raise ValueError(
                            f"has {chromosome} in both {owner[chromosome]} and {part}; remove it from one"
                        )
        if (self.path is not None) != (self.by == "file"):
            raise ValueError("needs path: with by: file, and only then")
        if self.validation_fraction and self.by not in ("column", "file"):
            raise ValueError("has validation_fraction:, which goes with by: column or by: file")
        if self.ratios and self.by not in ("random", "chromosome"):
            raise ValueError("has ratios:, which go with by: random or by: chromosome")
        for key in ("group_overlaps", "group_near_duplicates", "stratify"):
            default = type(self).model_fields[key].default
            drawn = self.by in ("random", "folds") or self.validation_fraction
            if getattr(self, key) != default and not drawn:
                raise ValueError(f"has {key}:, which goes with by: random or by: folds")
        if self.folds != 5 and self.by != "folds":
            raise ValueError("has folds:, which goes with by: folds")
        return self


class Dataset(Block):
    """One dataset: sources, windows and split."""

    task: Literal["binary", "multiclass", "multilabel", "regression"] = Field(
        description="What is predicted."
    )
    classes: list[Name] = Field(
        [], description="Names: [negative, positive] for binary, else of classes, labels or values."
    )
    alphabet: Literal["dna", "rna", "protein"] = Field("dna", description="The letters of the sequences.")
    genome: str | None = Field(None, description="FASTA of the genome: plain, gzip or bgzip.")
    sources: list[Source] = Field(description="Where the examples come from.", min_length=1)
    window: Window = Field(default_factory=Window, description="Windows of fixed length.")
    stranded: bool = Field(True, description="Read examples on the minus strand as their reverse complement.")
    chromosomes: Chromosomes = Field(default_factory=Chromosomes, description="Which chromosomes to use.")
    unknown: Unknown = Field(default_factory=Unknown, description="Policy for unknown bases.")
    duplicates: Literal["drop", "merge", "keep"] | None = Field(
        None,
        description="Identical windows: drop all but the first, and every one of them where their classes or "
        "labels contradict each other; merge their labels; or keep all. One without targets yields to one "
        "with targets. Default: merge for multilabel, else drop.",
    )
    split: Split = Field(default_factory=Split, description="Train, validation and test.")

    @model_validator(mode="after")
    def _consistent(self):
        self.classes = self.classes or self._default_classes()
        self.duplicates = self.duplicates or ("merge" if self.task == "multilabel" else "drop")
        if len(set(self.classes)) != len(self.classes):
            raise ValueError("has a class twice in classes")
        taken = {"all", "macro", "weighted"} & set(self.classes)
        if taken:
            raise ValueError(f"has a class named {min(taken)}, which tables of metrics use; rename it")
        if self.task == "binary" and len(self.classes) != 2:
            raise ValueError(f"has {len(self.classes)} classes; task binary takes [negative, positive]")
        if self.task == "multiclass" and len(self.classes) < 2:
            raise ValueError("has fewer than two classes; task multiclass needs two or more")
        if self.duplicates == "merge" and self.task != "multilabel":
            raise ValueError("has duplicates: merge, which goes with task: multilabel; use drop or keep")
        for number, source in enumerate(self.sources):
            self._check_source(number, source)
        ready = [bool(source.fasta or source.sequence) for source in self.sources]
        if self.window.bin and any(ready):
            raise ValueError(
                f"has window.bin:, which cuts intervals, but sources[{ready.index(True)}] is of ready "
                "sequences; give these a dataset of their own"
            )
        if all(known or source.negatives for known, source in zip(ready, self.sources, strict=True)):
            # Ready sequences are cut around their midpoints, and padded only to a length.
            if self.window.centre != "midpoint":
                raise ValueError("has window.centre:, which goes with intervals")
            if self.window.edge != "drop" and self.window.length is None:
                raise ValueError("has window.edge:, which goes with window.length or with intervals")
        return self

    @property
    def held_out(self):
        """Whether the dataset is only predicted, so that targets and classes may be missing."""
        return self.split.by == "held_out"

    @property
    def labelled(self):
        """Whether any example has a target."""
        return any(source.target is not None or source.negatives for source in self.sources)

    def _default_classes(self):
        if self.task == "binary":
            return ["negative", "positive"]
        if self.task == "regression":
            columns = next((s.target.columns for s in self.sources if isinstance(s.target, Columns)), None)
            return [str(c) for c in columns] if columns else ["value"]
        names = []
        for source in self.sources:
            target = source.target
            found = target if isinstance(target, list) else [target] if isinstance(target, str) else []
            if isinstance(target, Columns) and all(isinstance(c, str) for c in target.columns):
                found = target.columns
            names += [name for name in found if name not in names]
        if not names or any(isinstance(s.target, Column) for s in self.sources):
            raise ValueError(f"needs classes: [..], the names of the {self.task} targets, in order")
        return names

    def _check_source(self, number, source):
        key = f"sources[{number}]"
        if source.target is None and not source.negatives and not self.held_out:
            raise ValueError(f"{key} has no target; add target: (a value, a class name or {{column: n}})")
        if source.weight and self.held_out:
            raise ValueError(f"{key} has weight:, which counts in training; this dataset is held out")
        if source.intervals and not (source.genome or self.genome):
            raise ValueError(f"{key} has intervals but no genome; add genome: to the dataset or the source")
        if source.negatives:
            if number == 0:
                raise ValueError(f"{key}: negatives follow the sources that they are made for")
            if source.negatives != "dinucleotide_shuffled" and not (source.genome or self.genome):
                raise ValueError(f"{key}: {source.negatives} negatives need a genome; add genome:")
            if self.task == "regression" and source.target is None:
                raise ValueError(f"{key}: negatives of a regression need a target value")
        if source.part and self.split.by != "column":
            raise ValueError(f"{key} has part:, which goes with split: {{by: column}}")
        if self.split.by == "column" and not source.part and not source.negatives:
            raise ValueError(
                f"{key} has no part:, which split: {{by: column}} reads; add part: {{column: ..}}, or train, "
                "validation or test"
            )
        if self.alphabet == "protein" and source.negatives in ("gc_matched", "random"):
            raise ValueError(f"{key}: {source.negatives} negatives need a genome of nucleotides")


def simulation_of(path):
    """Return the name of the simulation that a path points into, or None."""
    parts = str(path).split("/")
    return parts[2] if parts[:2] == ["results", "simulations"] and len(parts) > 3 else None


def example_negatives(task):
    """Return a source of negatives as it is written for a task, for messages."""
    target = {"binary": ", target: 0", "multiclass": ", target: <name of a class>"}.get(task, "")
    return f"{{negatives: gc_matched{target}}}"
