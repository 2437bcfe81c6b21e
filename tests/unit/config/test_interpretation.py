"""What is read out of a network, as the config says it."""

import re

import pytest
from samples import PROTEIN, edited, message

from motifloom.checks import check_config
from motifloom.config.interpretation import ANALYSES, CLASS_METRICS, METRICS, Filters, Interpretation
from motifloom.config.methods import METHODS, WITH_CUTOFFS, WITH_SITES
from motifloom.config.parse import parse_config
from motifloom.errors import UserError


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
            {"attention": {"sites": "absent.bed"}},
            "attention.sites: file absent.bed does not exist; paths are relative to the folder the workflow "
            "runs in",
        ),
        (
            {"motifs": {}},
            "motifs: unknown key; known keys: filters, analyses, significance, importance, redundancy, "
            "clustering, enrichment, sensitivity, stability, match, attention",
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
