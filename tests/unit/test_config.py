"""The config's models: defaults, and one clear line for every mistake."""

import copy
import re

import pytest
import yaml
from samples import BASE

from motifloom.checks import MAX_KMERS, check_config
from motifloom.config.data import Dataset
from motifloom.config.interpretation import ANALYSES, CLASS_METRICS, METRICS, Filters, Interpretation
from motifloom.config.methods import METHODS, WITH_CUTOFFS, WITH_SITES
from motifloom.config.parse import parse_config
from motifloom.errors import UserError


def edited(path, value):
    """Return BASE with the key at a dotted path set to a value (or removed, for None)."""
    config = copy.deepcopy(BASE)
    *parents, last = [int(step) if step.isdigit() else step for step in path.split(".")]
    block = config
    for step in parents:
        block = block[step]
    if value is None:
        del block[last]
    else:
        block[last] = value
    return config


def message(config):
    with pytest.raises(UserError) as caught:
        check_config(parse_config(config, "my.yaml"), "my.yaml", exists=lambda path: path != "absent.bed")
    return str(caught.value)


def test_defaults_are_filled_in():
    config = parse_config(BASE, "my.yaml")
    assert config.datasets["reb1"].classes == ["negative", "positive"]
    assert config.experiments["first"].seeds == [1]
    assert config.interpretation.filters.percentile == 90
    check_config(config, "my.yaml", exists=lambda path: True)


def test_classes_are_named_by_the_sources_in_order():
    config = edited("datasets.reb1.task", "multiclass")
    config["datasets"]["reb1"]["sources"] = [
        {"fasta": "b.fa", "target": "PU1"},
        {"fasta": "a.fa", "target": "CTCF"},
        {"fasta": "c.fa", "target": "PU1"},
    ]
    assert parse_config(config, "my.yaml").datasets["reb1"].classes == ["PU1", "CTCF"]


@pytest.mark.parametrize(
    ("path", "value", "expected"),
    [
        ("datasets.reb1.windw", {}, "my.yaml: datasets.reb1.windw: unknown key; did you mean 'window'?"),
        (
            "datasets.reb1.window.lenght",
            200,
            "my.yaml: datasets.reb1.window.lenght: unknown key; did you mean 'length'?",
        ),
        (
            "datasets.reb1.window.length",
            "200",
            "my.yaml: datasets.reb1.window.length: '200' should be a valid integer",
        ),
        (
            "datasets.reb1.window.centre",
            "sumit",
            "my.yaml: datasets.reb1.window.centre: 'sumit' is not one of 'midpoint', 'summit' or 'start'; "
            "did you mean 'summit'?",
        ),
        ("datasets.reb1.task", None, "my.yaml: datasets.reb1.task: missing; add it"),
        (
            "datasets.reb1.sources.0.target",
            {"colum": 4},
            "my.yaml: datasets.reb1.sources[0].target: takes something else: "
            "A value, a class name, a list of labels, {column: n} or {columns: [..]}.",
        ),
        (
            "datasets.reb1.sources.0.fasta",
            "x.fa",
            "my.yaml: datasets.reb1.sources[0] has intervals and fasta; "
            "give exactly one of intervals, fasta, table, negatives",
        ),
        (
            "datasets.reb1.split.test",
            ["chrX", "chrIV"],
            "my.yaml: datasets.reb1.split has chrIV in both validation and test; remove it from one",
        ),
        (
            "datasets.reb1.genome",
            None,
            "my.yaml: datasets.reb1 sources[0] has intervals but no genome; "
            "add genome: to the dataset or the source",
        ),
        (
            "experiments.a/b",
            {},
            "my.yaml: experiments.a/b: 'a/b' is no valid name; use letters, digits, _ and - only",
        ),
        (
            "experiments.first.model",
            "shalow",
            "my.yaml: experiments.first.model: no 'shalow' under models; did you mean 'shallow'?",
        ),
        (
            "experiments.first.fold",
            1,
            "my.yaml: experiments.first.fold: dataset reb1 has no folds; "
            "set datasets.reb1.split.by: folds, or remove fold",
        ),
        (
            "datasets.reb1.sources.0.intervals",
            "absent.bed",
            "my.yaml: datasets.reb1.sources[0].intervals: file absent.bed does not exist; "
            "paths are relative to the folder the workflow runs in",
        ),
        (
            "datasets.reb1.sources.1.target",
            1,
            "my.yaml: datasets.reb1.sources: all examples have target 1; "
            "add a source of another class, for example {negatives: gc_matched, target: 0}",
        ),
        (
            "datasets.reb1.sources.0.target",
            "bound",
            "my.yaml: datasets.reb1.sources[0].target: 'bound' is not one of datasets.reb1.classes "
            "(negative, positive); known: negative, positive",
        ),
        (
            "experiments.logs",
            {"dataset": "reb1", "model": "shallow"},
            "my.yaml: experiments.logs: results/logs has another use; choose another name",
        ),
        (
            "datasets.reb1.sources.1.target",
            {"column": 4},
            "my.yaml: datasets.reb1.sources[1] has a column as target:, but negatives have no file; "
            "give a value or a class",
        ),
        (
            "datasets.reb1.sources.0.target",
            ["positive"],
            "my.yaml: datasets.reb1.sources[0].target: is a list, which goes with task: multilabel; "
            "give one value",
        ),
        (
            "datasets.reb1.sources.1",
            {"negatives": "random", "gc_tolerance": 0.1},
            "my.yaml: datasets.reb1.sources[1] has gc_tolerance:, which goes with negatives: gc_matched",
        ),
        (
            "datasets.reb1.sources.1",
            {"negatives": "dinucleotide_shuffled", "exclude": ["x.bed"]},
            "my.yaml: datasets.reb1.sources[1] has exclude:, which goes with negatives: gc_matched or random",
        ),
        (
            "datasets.reb1.window",
            {"centre": "summit"},
            "my.yaml: datasets.reb1.window has centre:, which goes with length:",
        ),
        (
            "datasets.reb1.chromosomes",
            {"exclude": ["chrM", "chrY", "chrM"]},
            "my.yaml: datasets.reb1.chromosomes.exclude has chrM twice; give each once",
        ),
        (
            "interpretation",
            {"filters": {"methods": []}},
            "my.yaml: interpretation.filters.methods: is empty; give at least one",
        ),
        (
            "interpretation",
            {"filters": {"methods": ["top", "top"], "parts": ["test", "train", "test"]}},
            "my.yaml: interpretation.filters.parts has test twice; give each once",
        ),
        (
            "interpretation",
            {"filters": {"methods": ["softmax"], "percentile": 50.0}},
            "my.yaml: interpretation.filters has percentile:, which goes with methods: [top]",
        ),
        (
            "evaluation",
            {"baselines": ["gc", "gc"]},
            "my.yaml: evaluation.baselines has gc twice; give each once",
        ),
        (
            "evaluation",
            {"baselines": ["gc"], "kmer": 4},
            "my.yaml: evaluation has kmer:, which goes with baselines: [kmer]",
        ),
        (
            "datasets.reb1.window.length",
            5,
            "my.yaml: evaluation.kmer: 6 is too large for datasets.reb1 (windows of 5); "
            "the largest k that fits is 5",
        ),
    ],
)
def test_a_mistake_gives_its_line(path, value, expected):
    assert expected in message(edited(path, value)).splitlines()


def test_every_mistake_is_reported_at_once():
    config = edited("datasets.reb1.windw", {})
    config["seed"] = "one"
    assert len(message(config).splitlines()) == 2


def test_a_path_into_a_simulation_counts_as_present(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("peaks.bed", "shallow.json", "known.meme"):
        (tmp_path / name).write_text("x")
    config = edited("datasets.reb1.genome", "results/simulations/demo/genome.fa.gz")
    with pytest.raises(UserError, match=r"datasets.reb1.genome: file results/simulations/demo"):
        check_config(parse_config(config, "my.yaml"), "my.yaml")
    config["simulations"] = {"demo": {"motifs": "known.meme", "planted": ["CTCF"]}}
    check_config(parse_config(config, "my.yaml"), "my.yaml")


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (None, "the config is empty; it needs datasets, models and experiments"),
        ({}, "the config is empty; it needs datasets, models and experiments"),
        (["datasets"], "the config is a list, not a mapping; it needs the keys datasets, models and"),
        ("datasets", "the config is a str, not a mapping; it needs the keys datasets, models and"),
    ],
)
def test_a_config_that_is_no_mapping_is_one_line(content, expected):
    text = message(content)
    assert text.startswith(f"my.yaml: {expected}") and "\n" not in text


def multiclass(*negatives):
    config = edited("datasets.reb1.task", "multiclass")
    positives = [{"fasta": f"{name}.fa", "target": name} for name in ("CTCF", "PU1")]
    config["datasets"]["reb1"]["sources"] = [*positives, *negatives]
    return config


def test_multiclass_negatives_name_their_class():
    key = "my.yaml: datasets.reb1.sources[2].target"
    missing = f"{key}: missing; task multiclass takes the name of a class (CTCF, PU1)"
    assert message(multiclass({"negatives": "random"})) == missing
    for value in (0, 1):
        number = f"{key}: {value} is a number; task multiclass takes the name of a class (CTCF, PU1)"
        assert message(multiclass({"negatives": "random", "target": value})) == number
    config = parse_config(multiclass({"negatives": "random", "target": "none"}), "my.yaml")
    assert config.datasets["reb1"].classes == ["CTCF", "PU1", "none"]
    check_config(config, "my.yaml", exists=lambda path: True)


def test_the_hint_shows_negatives_of_the_task():
    config = multiclass()
    config["datasets"]["reb1"] |= {
        "classes": ["CTCF", "PU1"],
        "sources": [{"fasta": "a.fa", "target": "PU1"}],
    }
    assert message(config).endswith("for example {negatives: gc_matched, target: <name of a class>}")
    config["datasets"]["reb1"]["task"] = "multilabel"
    assert message(config).endswith("for example {negatives: gc_matched}")


def dataset(**keys):
    return Dataset.model_validate({"task": "binary", "sources": [{"fasta": "a.fa", "target": 1}], **keys})


def test_duplicates_are_merged_where_labels_may_be_several():
    assert dataset().duplicates == "drop"
    labels = dataset(task="multilabel", classes=["a", "b"])
    assert labels.duplicates == "merge"
    assert dataset(task="multilabel", classes=["a", "b"], duplicates="drop").duplicates == "drop"
    assert Dataset.model_validate(labels.model_dump()) == labels


def test_ready_sequences_have_no_centre_and_no_edge():
    for window, expected in (
        ({"length": 9, "centre": "start"}, "has window.centre:, which goes with intervals"),
        ({"edge": "pad"}, "has window.edge:, which goes with window.length or with intervals"),
    ):
        with pytest.raises(ValueError, match=expected):
            dataset(window=window)
    assert dataset(window={"length": 9, "edge": "pad"}).window.edge == "pad"
    sources = [{"intervals": "a.bed", "target": 1}]
    assert dataset(window={"edge": "shift"}, sources=sources, genome="g.fa").window.edge == "shift"


PROTEIN = yaml.safe_load("""
datasets:
  p:
    task: binary
    alphabet: protein
    sources: [{fasta: a.fa, target: 1}, {fasta: b.fa, target: 0}]
models: {net: {spec: net.json}}
experiments: {e: {dataset: p, model: net}}
""")


def test_a_protein_dataset_is_told_what_it_lacks():
    config = PROTEIN | {"evaluation": {"reverse_complement": True}}
    assert message(config).splitlines() == [
        "my.yaml: evaluation.baselines: protein has no GC content (datasets.p); "
        "set evaluation.baselines: [kmer, label_shuffle]",
        "my.yaml: evaluation.reverse_complement: proteins have none (datasets.p); set it to false",
        "my.yaml: evaluation.kmer: 6 is too large for datasets.p (protein); the largest k that fits is 4",
    ]
    good = PROTEIN | {"evaluation": {"baselines": ["kmer", "label_shuffle"], "kmer": 4}}
    check_config(parse_config(good, "my.yaml"), "my.yaml", exists=lambda path: True)


def test_a_baseline_that_cannot_be_on_protein():
    models = {"gc": {"baseline": "gc"}, "kmer": {"baseline": "kmer", "k": 5}}
    experiments = {name: {"dataset": "p", "model": name} for name in models}
    assert message(PROTEIN | {"models": models, "experiments": experiments}).splitlines() == [
        "my.yaml: models.gc.baseline: protein has no GC content (datasets.p); use baseline: kmer",
        "my.yaml: models.kmer.k: 5 is too large for datasets.p (protein); the largest k that fits is 4",
    ]


def test_the_limit_of_kmers_is_that_of_the_baseline():
    from motifloom.evaluation import baselines

    assert baselines._MAX_KMERS == MAX_KMERS


def test_a_baseline_has_no_training_and_no_replicates():
    config = edited("models.shallow", {"baseline": "kmer"})
    config["experiments"]["first"] |= {"seeds": [1, 2], "training": {"epochs": 3, "threads": 1}}
    assert message(config).splitlines() == [
        "my.yaml: experiments.first.training: has epochs:, which goes with a model that has a spec",
        "my.yaml: experiments.first.training: has threads:, which goes with a model that has a spec",
        "my.yaml: experiments.first.seeds: several seeds go with a model that has a spec; give one",
    ]
    config["experiments"]["first"] |= {"seeds": [7], "training": {"shuffle_labels": False, "threads": 2}}
    check_config(parse_config(config, "my.yaml"), "my.yaml", exists=lambda path: True)


def test_the_dump_of_a_config_is_a_config():
    config = parse_config(BASE, "my.yaml")
    assert parse_config(config.model_dump(), "my.yaml") == config


@pytest.mark.parametrize(
    ("path", "value"),
    [
        ("datasets.reb1.sources.1.ratio", float("inf")),
        ("datasets.reb1.sources.1.ratio", 1e12),
        ("datasets.reb1.window.length", 10**30),
        ("experiments.first.seeds", [10**30]),
        ("evaluation", {"bootstrap": 10**12}),
    ],
)
def test_numbers_out_of_all_proportion_are_refused(path, value):
    assert "should be" in message(edited(path, value))


def test_a_path_that_snakemake_would_read_as_a_pattern():
    expected = "my.yaml: datasets.reb1.sources[0].intervals: 'pe{a}ks.bed' has one of { } < > in it"
    assert message(edited("datasets.reb1.sources.0.intervals", "pe{a}ks.bed")).startswith(expected)


def interpretation(**blocks):
    return edited("interpretation", blocks)


def read_out(**blocks):
    """Return the interpretation of a config that is found good."""
    config = parse_config(interpretation(**blocks), "my.yaml")
    check_config(config, "my.yaml", exists=lambda path: True)
    return config.interpretation


def test_everything_is_read_out_by_default():
    found = read_out()
    assert (
        found.filters.methods == list(METHODS) == ["top", "significant", "class_max", "softmax", "positive"]
    )
    assert found.analyses == list(ANALYSES)
    assert set(ANALYSES) - {"classes"} < set(Interpretation.model_fields)
    assert (found.significance.q_value, found.significance.null_model) == (0.05, "shuffle")
    assert (found.filters.strands, found.filters.most_sites) == ("forward", 750)
    assert (found.importance.part, found.importance.iterations, found.importance.metrics) == ("test", 10, [])
    assert (found.clustering.linkage, found.clustering.clusters) == ("ward", None)
    assert (found.enrichment.unit, found.enrichment.universe) == (["sequence"], ["global"])
    assert parse_config(interpretation(**found.model_dump()), "my.yaml").interpretation == found


def interpretation_keys():
    """Return (block, key) of all keys below interpretation."""
    blocks = {name: field.annotation for name, field in Interpretation.model_fields.items()}
    return [
        (name, key)
        for name, block in blocks.items()
        for key in getattr(block, "model_fields", [None])  # analyses is a list
    ]


@pytest.mark.parametrize(("block", "key"), interpretation_keys())
def test_every_key_of_the_interpretation_has_a_type_and_a_meaning(block, key):
    wrong = {"no": "value"}
    path = f"my.yaml: interpretation.{block}" + (f".{key}: " if key else ": ")
    text = message(interpretation(**{block: {key: wrong} if key else wrong}))
    assert text.startswith(path) and ("should be" in text or "is not one of" in text)
    assert "\n" not in text
    field = Interpretation.model_fields[block]
    fields = [field, field.annotation.model_fields[key]] if key else [field]
    assert all(field.description.endswith(".") for field in fields)
    if key:
        unknown = message(interpretation(**{block: {f"{key}x": 1}}))
        assert unknown.startswith(
            f"my.yaml: interpretation.{block}.{key}x: unknown key; did you mean '{key}'"
        )


@pytest.mark.parametrize(
    ("block", "expected"),
    [
        (
            {"filters": {"methods": ["top", "best"]}},
            "filters.methods[1]: 'best' is not one of 'top', 'significant', 'class_max', 'softmax' or "
            "'positive'",
        ),
        (
            {"filters": {"methods": ["softmax"], "include_all_positive": True}},
            "filters has include_all_positive:, which goes with methods: [top]",
        ),
        (
            {"filters": {"methods": ["top", "softmax"], "most_sites": 100}},
            "filters has most_sites:, which goes with methods: [class_max]",
        ),
        (
            {"filters": {"methods": ["top"], "sites": "significant"}},
            "filters has sites: significant, which is not among its methods; add it there",
        ),
        (
            {"filters": {"sites": "class_max"}},
            "filters.sites: 'class_max' is not one of 'top' or 'significant'",
        ),
        ({"filters": {"strands": "reverse"}}, "filters.strands: 'reverse' is not one of 'forward' or 'both'"),
        ({"filters": {"percentile": 100}}, "filters.percentile: 100 should be less than 100"),
        ({"filters": {"parts": []}}, "filters.parts: is empty; give at least one"),
        (
            {"filters": {"methods": ["class_max", "softmax"]}, "analyses": ["sensitivity"]},
            " has analyses: [sensitivity], which needs sites; add top or significant to filters.methods, "
            "or leave it out of analyses",
        ),
        ({"analyses": ["classes", "classes"]}, "analyses has classes twice; give each once"),
        (
            {"analyses": ["importanc"]},
            "analyses[0]: 'importanc' is not one of 'importance', 'redundancy', 'clustering', 'enrichment', "
            "'classes', 'sensitivity' or 'stability'; did you mean 'importance'?",
        ),
        ({"significance": {"q_value": 0}}, "significance.q_value: 0 should be greater than 0"),
        ({"significance": {"q_value": 1.5}}, "significance.q_value: 1.5 should be less than or equal to 1"),
        (
            {"significance": {"null_model": "shufle"}},
            "significance.null_model: 'shufle' is not one of 'shuffle', 'permutation' or 'background'; "
            "did you mean 'shuffle'?",
        ),
        (
            {"significance": {"conditional": "yes"}},
            "significance.conditional: 'yes' should be a valid boolean",
        ),
        (
            {"significance": {"permutations": 5}},
            "significance.permutations: 5 should be greater than or equal to 10",
        ),
        (
            {"significance": {"correct_over": "all"}},
            "significance.correct_over: 'all' is not one of 'filter' or 'all_filters'",
        ),
        ({"importance": {"metrics": ["mse", "mse"]}}, "importance.metrics has mse twice; give each once"),
        ({"importance": {"iterations": 0}}, "importance.iterations: 0 should be greater than or equal to 2"),
        (
            {"importance": {"part": "all"}},
            "importance.part: 'all' is not one of 'train', 'validation' or 'test'",
        ),
        ({"redundancy": {"similarity": 0.0}}, "redundancy.similarity: 0.0 should be greater than 0"),
        (
            {"clustering": {"linkage": "wards"}},
            "clustering.linkage: 'wards' is not one of 'ward', 'average', 'complete', 'single', 'weighted', "
            "'centroid' or 'median'; did you mean 'ward'?",
        ),
        (
            {"clustering": {"max_clusters": 1}},
            "clustering.max_clusters: 1 should be greater than or equal to 2",
        ),
        ({"enrichment": {"unit": []}}, "enrichment.unit: is empty; give at least one"),
        ({"enrichment": {"unit": "sequence"}}, "enrichment.unit: 'sequence' is no list; write [sequence]"),
        (
            {"enrichment": {"universe": ["global", "global"]}},
            "enrichment.universe has global twice; give each once",
        ),
        ({"sensitivity": {"sample": 1.5}}, "sensitivity.sample: 1.5 should be a valid integer"),
        ({"stability": {"similarity": 2.0}}, "stability.similarity: 2.0 should be less than or equal to 1"),
        (
            {"match": {"database": "absent.bed"}},
            "match.database: file absent.bed does not exist; paths are relative to the folder the workflow "
            "runs in",
        ),
        (
            {"motifs": {}},
            "motifs: unknown key; known keys: filters, analyses, significance, importance, redundancy, "
            "clustering, enrichment, sensitivity, stability, match",
        ),
    ],
)
def test_a_mistake_in_the_interpretation_gives_its_line(block, expected):
    separator = "" if expected.startswith(" ") else "."
    assert message(interpretation(**block)) == f"my.yaml: interpretation{separator}{expected}"


def test_two_mistakes_in_the_interpretation_are_two_lines():
    text = message(interpretation(filters={"strands": "-"}, importance={"part": "x"}, stability={"s": 1}))
    assert [line.split(":")[1].split(".")[1] for line in text.splitlines()] == [
        "filters",
        "importance",
        "stability",
    ]


@pytest.mark.parametrize(
    ("filters", "site_methods", "sites_of", "compared"),
    [
        ({}, ["top", "significant", "class_max"], "top", "top"),
        ({"methods": ["positive", "significant", "top"]}, ["significant", "top"], "top", "top"),
        ({"sites": "significant"}, ["top", "significant", "class_max"], "significant", "top"),
        (
            {"methods": ["class_max", "significant"]},
            ["class_max", "significant"],
            "significant",
            "significant",
        ),
        ({"methods": ["softmax", "class_max"]}, ["class_max"], None, "class_max"),
        ({"methods": ["positive", "softmax"]}, [], None, "positive"),
    ],
)
def test_methods_that_analyses_look_at(filters, site_methods, sites_of, compared):
    analyses = [name for name in ANALYSES if name != "sensitivity"]
    found = read_out(filters=filters, analyses=analyses).filters
    assert (found.site_methods, found.sites_of, found.compared) == (site_methods, sites_of, compared)


def test_without_sensitivity_no_sites_are_needed():
    assert read_out(filters={"methods": ["softmax"]}, analyses=[]).analyses == []
    assert read_out(filters={"methods": ["significant"]}, analyses=["sensitivity"]).filters.sites_of


def test_an_option_that_is_given_as_its_default_needs_no_method():
    filters = {"methods": ["softmax"], "percentile": 90, "most_sites": 750, "include_all_positive": False}
    assert read_out(filters=filters, analyses=[]).filters.percentile == 90


def test_what_the_catalogue_of_methods_says_fits_the_config():
    for method in METHODS.values():
        assert set(method.options) <= set(Filters.model_fields)
        assert method.sites or not method.cutoffs
    assert (WITH_SITES, WITH_CUTOFFS) == (["top", "significant", "class_max"], ["top", "significant"])


def test_the_metrics_can_be_measured():
    from motifloom.filters.influence import metric_names

    assert set(METRICS) == {*metric_names("binary"), *metric_names("regression")}
    assert set(CLASS_METRICS) == set(metric_names("multilabel"))
    names = list(CLASS_METRICS)
    assert read_out(importance={"metrics": names}).importance.metrics == names
    with pytest.raises(UserError, match=r"metrics: pearson goes with no task of this config; use acc"):
        read_out(importance={"metrics": ["pearson"]})


def test_without_sites_sensitivity_is_no_default():
    assert "sensitivity" not in read_out(filters={"methods": ["class_max", "softmax"]}).analyses
    assert "sensitivity" in read_out().analyses


@pytest.mark.parametrize(
    ("blocks", "expected"),
    [
        ({"filters": {"logos": "counts"}}, "has logos: counts, but softmax has no sites to count"),
        (
            {"filters": {"percentile": 50.0, "include_all_positive": True}},
            "has percentile: beside include_all_positive:",
        ),
        (
            {"filters": {"methods": ["class_max"]}, "enrichment": {"unit": ["window"]}},
            "has enrichment.unit:, which needs sites",
        ),
        (
            {"significance": {"permutations": 50}},
            "has permutations:, which goes with null_model: permutation",
        ),
        (
            {"significance": {"conditional": False, "universe": "all"}},
            "has conditional:, which goes with universe: positive",
        ),
        (
            {"clustering": {"clusters": 3, "max_clusters": 4}},
            "has max_clusters: beside clusters:, which says how many; remove one",
        ),
        (
            {"filters": {"methods": ["top"]}, "significance": {"q_value": 0.1}},
            "has significance.q_value:, which goes with filters.methods: [significant]",
        ),
    ],
)
def test_a_key_that_would_be_ignored_is_an_error(blocks, expected):
    with pytest.raises(UserError, match=re.escape(expected)):
        read_out(**blocks)


def test_proteins_have_one_strand():
    good = PROTEIN | {"evaluation": {"baselines": ["kmer", "label_shuffle"], "kmer": 4}}
    assert message(good | {"interpretation": {"filters": {"strands": "both"}}}) == (
        "my.yaml: interpretation.filters.strands: datasets.p is of protein, which has one strand; "
        "write forward"
    )
    assert read_out(filters={"strands": "both"}).filters.strands == "both"


@pytest.mark.parametrize(
    ("model", "expected"),
    [
        (
            {"builder": "conv_stak"},
            "models.shallow.builder is 'conv_stak', which is no builder; did you mean 'conv_stack'?; write ",
        ),
        ({"builder": 3}, "models.shallow.builder: 3 should be a valid string"),
        (
            {"builder": "conv_stack", "conv_widht": 3},
            "models.shallow.conv_widht: unknown key; did you mean 'conv_width'?",
        ),
        (
            {"builder": "conv_stack", "conv_width": "wide"},
            "models.shallow.conv_width: 'wide' should be a valid integer",
        ),
        (
            {"builder": "conv_stack", "conv_filters": [3, 4.5]},
            "models.shallow.conv_filters[1]: 4.5 should be a valid integer",
        ),
        (
            {"builder": "conv_stack", "conv_filters": [3, 4], "conv_width": [5, 6, 7]},
            "models.shallow has 3 values in conv_width:, where num_conv_layers is 2; give 2, or one for all",
        ),
        (
            {"builder": "pysster", "rnn_type": "RNN"},
            "models.shallow.rnn_type: 'RNN' is not one of 'LSTM' or 'GRU'",
        ),
        (
            {"builder": "danq", "kernel_initializer": "x"},
            "models.shallow.kernel_initializer: unknown key; known keys: ",
        ),
        (
            {"builder": "conv_stack", "kernel_initializer": {"identifer": "x"}},
            "models.shallow.kernel_initializer.identifier: missing; add it",
        ),
        (
            {"builder": "pysster", "learning_rate": 0.1, "compile": {"optimizer": "sgd"}},
            "models.shallow has learning_rate: beside compile.optimizer:; remove one",
        ),
        (
            {"builder": "danq", "spec": "x.json"},
            "models.shallow has spec and builder; takes exactly one of spec, builder and baseline",
        ),
        ({}, "models.shallow has no kind; takes exactly one of spec, builder and baseline"),
        ({"baseline": "gc", "k": 3}, "models.shallow has k:, which goes with baseline: kmer"),
        ("x.json", "models.shallow: 'x.json' is no mapping; write keys and values under it"),
        (
            {"spec": {"model": {"builder": "mine.py"}}},
            "models.shallow has a Python file inside spec:; write builder: and its parameters instead",
        ),
    ],
)
def test_a_model_that_is_wrong_gives_its_line(model, expected):
    lines = message(edited("models.shallow", model)).splitlines()
    assert any(line.startswith(f"my.yaml: {expected}") for line in lines), lines


def test_numbers_with_an_exponent_and_lists_reach_a_builder():
    model = {"builder": "conv_stack", "l2_reg_conv": ["1e-4", 0], "l2_reg_final": "2E-3"}
    block = parse_config(edited("models.shallow", model), "my.yaml").models["shallow"]
    assert block.as_spec()["model"] == {
        "builder": "conv_stack",
        "l2_reg_conv": [0.0001, 0.0],
        "l2_reg_final": 0.002,
    }
    assert (block.spec, block.baseline, block.k, block.file) == (None, None, None, None)


def test_parameters_of_ones_own_builder_are_taken_as_they_are():
    model = {"builder": "mine.py", "width": [3, "x"], "deep": {"er": True}}
    block = parse_config(edited("models.shallow", model), "my.yaml").models["shallow"]
    assert block.as_spec()["model"] == model and block.file == "mine.py"
