"""One small run of what other workflow tests only plan: several classes, values, and options of scripts.

What a script makes is compared with the library's function called with the option, so that a script that
drops the option fails.
"""

import copy
import shutil
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import yaml
from runner import planned, snakemake

from motifloom.data.parts import parts_for
from motifloom.data.store import Dataset
from motifloom.evaluation.average import average_sets
from motifloom.evaluation.custom import load_metrics
from motifloom.evaluation.metrics import evaluate_predictions
from motifloom.evaluation.mistakes import list_mistakes
from motifloom.io import read_json, read_table
from motifloom.randomness import derive_seed

pytestmark = [pytest.mark.workflow, pytest.mark.xdist_group("targets")]

CLASSES = ["one", "two", "none"]
CONFIG = yaml.safe_load("""
seed: 1
datasets:
  classes:
    task: multiclass
    classes: [one, two, none]
    sources: [{table: classes.tsv, sequence: seq, target: {column: kind}, part: {column: part}}]
    split: {by: column}
  values:
    task: regression
    classes: [amount]
    sources: [{table: values.tsv, sequence: seq, target: {column: amount}, part: {column: part}}]
    split: {by: column}
  near:
    task: multiclass
    classes: [one, two, none]
    sources: [{table: near.tsv, sequence: seq, target: {column: kind}}]
    split: {by: held_out}
  far:
    task: multiclass
    classes: [one, two, none]
    sources: [{table: far.tsv, sequence: seq, target: {column: kind}}]
    split: {by: held_out}
models:
  small:
    spec:
      model:
        layers:
          - {class_name: Conv1D, config: {filters: 4, kernel_size: 8, activation: relu, name: scanner}}
          - {class_name: GlobalMaxPooling1D, config: {}}
          - {class_name: Dropout, config: {rate: 0.3}}
          - {class_name: Dense, config: {units: auto, activation: auto}}
      training_params: {epochs: 2, batch_size: 8}
experiments:
  kinds:
    dataset: classes
    model: small
    also: [near, far]
    dropout_samples: 6
    training: {threads: 1, start_from: begin.keras}
  amounts:
    dataset: values
    model: small
    training:
      threads: 1
      start_from: kinds
      replace_head: true
      freeze: [scanner]
      schedule: {kind: one_cycle, from_range_test: true}
      range_test: {min: 0.001, max: 0.5, epochs: 4, smoothing: 0.5}
evaluation:
  bootstrap: 100
  confidence: 0.8
  baselines: []
  reverse_complement: true
  metrics: [own.py]
  mistakes: 3
  embedding: {part: train, examples: 20, perplexity: 2}
""")
OWN = "def level(target, score):\n    return score.mean()\n"

TARGETS = [
    "kinds/seed1/metrics.tsv",
    "kinds/seed1/sets/near/uncertainty.tsv.gz",
    "kinds/seed1/sets/average.tsv",
    "kinds/seed1/embeddings/last.tsv",
    "amounts/seed1/metrics.tsv",
    "amounts/seed1/mistakes.tsv",
    "amounts/seed1/evaluation/scatter.svg",
    "amounts/start_audit.tsv",
]


def complement(text):
    return text[::-1].translate(str.maketrans("ACGT", "TGCA"))


@pytest.fixture(scope="module")
def files(tmp_path_factory):
    """A folder with the files that the config names."""
    folder = tmp_path_factory.mktemp("whole")
    rng = np.random.default_rng(1)
    words = {"one": "TTACCCGG", "two": "CACGTGAC", "none": ""}

    def draw(n):
        texts = ["".join(row) for row in rng.choice(list("ACGT"), (n, 40))]
        kinds = [CLASSES[i % 3] for i in range(n)]
        seqs = [
            text[:15] + words[kind] + text[15 + len(words[kind]) :]
            for text, kind in zip(texts, kinds, strict=True)
        ]
        return pd.DataFrame({"seq": seqs, "kind": kinds, "amount": [len(words[k]) / 4 for k in kinds]})

    known = draw(90).assign(part=["train"] * 50 + ["validation"] * 20 + ["test"] * 20)
    values = draw(60).assign(part=["train"] * 36 + ["validation"] * 12 + ["test"] * 12)
    # Of the test part of values, row 50 was trained on before, row 51 validated on, row 52 only tested.
    values.loc[50, "seq"], values.loc[52, "seq"] = known.loc[7, "seq"], known.loc[80, "seq"]
    values.loc[51, "seq"] = complement(known.loc[60, "seq"])
    tables = {"classes": known, "values": values, "near": draw(12), "far": draw(9)}
    for name, table in tables.items():
        table.to_csv(folder / f"{name}.tsv", sep="\t", index=False)
    (folder / "own.py").write_text(OWN)
    (folder / "begin.keras").touch()
    return folder


@pytest.fixture(scope="module")
def printed_and_made(files):
    """What a run printed, and its results."""
    from motifloom.models.spec import build_model

    spec = copy.deepcopy(CONFIG["models"]["small"]["spec"])
    model = build_model(spec, length=40, alphabet_size=4, task="multilabel", n_targets=7)
    model.save(files / "begin.keras")
    process = snakemake(files, CONFIG, "model_summary", *(f"results/{target}" for target in TARGETS))
    return process.stdout, files / "results"


@pytest.fixture(scope="module")
def made(printed_and_made):
    return printed_and_made[1]


def read(made, path, **options):
    return read_table(made / path, **options)


def network(made, name):
    from motifloom.models.predict import load_model

    return load_model(made / name / "seed1/model.keras")


def columns(table, kind, names=CLASSES):
    return table[[f"{kind}.{name}" for name in names]].to_numpy()


def same_numbers(table, other):
    """Check that two tables of metrics are equal but for rounding."""
    keys = ["part", "target", "metric", "n"]
    assert table[keys].to_numpy().tolist() == other[keys].to_numpy().tolist()
    for key in ("value", "ci_low", "ci_high"):
        np.testing.assert_allclose(table[key], other[key], rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize(
    ("experiment", "dataset", "path"),
    [("kinds", "classes", ""), ("kinds", "near", "sets/near/"), ("amounts", "values", "")],
)
def test_scores_are_the_mean_of_both_strands(made, experiment, dataset, path):
    from motifloom.models.predict import predict_strands

    table = read(made, f"{experiment}/seed1/{path}predictions.tsv.gz")
    with Dataset(made / f"datasets/{dataset}/dataset.h5") as data:
        model, options = network(made, experiment), {"task": data.task, "alphabet": data.alphabet}
        both = predict_strands(model, data.tokens, **options)
        found = columns(table, "score", data.target_names)
    np.testing.assert_allclose(found, both.mean(axis=1), rtol=1e-5)
    assert not np.allclose(found, both[:, 0], rtol=1e-3)


def test_dropout_is_drawn_as_often_as_asked_on_both_strands(made):
    from motifloom.models.montecarlo import predict_dropout

    table = read(made, "kinds/seed1/sets/near/uncertainty.tsv.gz")
    seed = derive_seed(1, "predict_dropout", "kinds", "1", "near")
    with Dataset(made / "datasets/near/dataset.h5") as data:
        options = {"task": data.task, "alphabet": data.alphabet, "samples": 6, "seed": seed}
        mean, sd = predict_dropout(network(made, "kinds"), data.tokens, **options, reverse_complement=True)
    np.testing.assert_allclose(columns(table, "mean"), mean, rtol=1e-4)
    np.testing.assert_allclose(columns(table, "sd"), sd, rtol=1e-3)
    log = (made / "logs/predict_dropout/kinds.seed1.near.log").read_text()
    assert "6 predictions of each sequence with random dropout" in log


@pytest.mark.parametrize(
    ("experiment", "dataset", "task", "classes"),
    [("kinds", "classes", "multiclass", CLASSES), ("amounts", "values", "regression", ["amount"])],
)
def test_metrics_have_the_users_own_and_intervals_of_the_confidence(
    files, made, experiment, dataset, task, classes
):
    predictions = read(made, f"{experiment}/seed1/predictions.tsv.gz")
    table = read(made, f"{experiment}/seed1/metrics.tsv")
    test = predictions[predictions["part"] == "test"]
    level = table[(table["metric"] == "level") & (table["part"] == "test")].set_index("target")["value"]
    for name in classes:
        assert level[name] == pytest.approx(test[f"score.{name}"].mean(), rel=1e-4)
    options = {
        "bootstrap": 100,
        "seed": derive_seed(1, "evaluate", dataset),
        "groups": read(made, f"datasets/{dataset}/split.tsv.gz").set_index("id")["group"],
        "custom": load_metrics([files / "own.py"]),
    }
    same_numbers(table, evaluate_predictions(predictions, task, classes, confidence=0.8, **options))
    wider = evaluate_predictions(predictions, task, classes, confidence=0.95, **options)
    width = lambda metrics: (metrics["ci_high"] - metrics["ci_low"]).mean()  # noqa: E731
    assert width(wider) > 1.1 * width(table)


def test_the_mean_over_sets_has_them_too(files, made):
    names = ("near", "far")
    average = read(made, "kinds/seed1/sets/average.tsv")
    sets = {name: read(made, f"kinds/seed1/sets/{name}/predictions.tsv.gz") for name in names}
    level = average[average["metric"] == "level"].set_index("target")["value"]
    for name in CLASSES:
        both = [table[f"score.{name}"].mean() for table in sets.values()]
        assert level[name] == pytest.approx(np.sqrt(np.prod(both)), rel=1e-4)
    splits = {name: read(made, f"datasets/{name}/split.tsv.gz") for name in names}
    expected = average_sets(
        sets,
        "multiclass",
        CLASSES,
        bootstrap=100,
        confidence=0.8,
        seeds={name: derive_seed(1, "evaluate", name) for name in names},
        groups={name: split.set_index("id")["group"] for name, split in splits.items()},
        custom=load_metrics([files / "own.py"]),
    )
    same_numbers(average, expected)


def test_as_many_mistakes_as_asked_for(made):
    table = read(made, "amounts/seed1/mistakes.tsv")
    predictions = read(made, "amounts/seed1/predictions.tsv.gz")
    expected = list_mistakes(predictions, "regression", ["amount"], most=3)
    assert table["id"].tolist() == expected["id"].tolist() and table["rank"].tolist() == [1, 2, 3]


def test_an_embedding_is_of_the_part_the_number_and_the_perplexity_asked_for(made):
    from motifloom.evaluation.embedding import embed, pool_positions
    from motifloom.models.outputs import layer_outputs

    table = read(made, "kinds/seed1/embeddings/last.tsv")
    split = read(made, "datasets/classes/split.tsv.gz")
    rows = np.flatnonzero(split["id"].isin(table["id"]))
    assert len(table) == len(rows) == 20
    assert set(table["part"]) == set(split["part"].iloc[rows]) == {"train"}
    model, seed = network(made, "kinds"), derive_seed(1, "embed_layer")
    with Dataset(made / "datasets/classes/dataset.h5") as data:
        values = pool_positions(layer_outputs(model, data.tokens[:][rows], model.layers[-2].name))
    places = embed(values, seed=seed, perplexity=2)
    for key in ("tsne_1", "tsne_2"):
        np.testing.assert_allclose(table[key], places[key], rtol=1e-3)
        assert not np.allclose(table[key], embed(values, seed=seed)[key], rtol=1e-3)


def test_a_training_starts_from_a_file_or_another_experiment(made):
    assert read_json(made / "kinds/seed1/provenance.json")["taken"] == ["scanner"]
    assert read_json(made / "amounts/seed1/provenance.json")["taken"] == ["scanner"]
    # The layer is frozen, so it is still what the other experiment made of it.
    scanners = [network(made, name).get_layer("scanner").get_weights() for name in ("kinds", "amounts")]
    for one, other in zip(*scanners, strict=True):
        np.testing.assert_array_equal(one, other)


def test_a_training_takes_the_rates_of_its_range_test(made):
    table = read(made, "amounts/seed1/range_test.tsv")
    suggested = read_json(made / "amounts/seed1/range_test.json")
    rates = 0.001 * 500 ** (np.arange(20) / 19)  # 4 epochs of 5 batches
    np.testing.assert_allclose(table["learning_rate"], rates[: len(table)], rtol=1e-4)
    assert suggested["diverged"] or len(table) == 20
    schedule = read_json(made / "amounts/seed1/provenance.json")["training"]["schedule"]
    assert schedule["lr_max"] == suggested["learning_rate_max"] > 0
    assert schedule["lr_init"] == suggested["learning_rate_init"]
    log = (made / "logs/find_learning_rate/amounts.seed1.log").read_text()
    assert "start with the weights of results/kinds/seed1/model.keras: scanner" in log


def test_the_tested_is_looked_for_in_what_the_start_was_trained_on(made):
    table = read(made, "amounts/start_audit.tsv")
    assert list(dict.fromkeys(table["start"])) == ["begin.keras", "kinds"]
    assert table["leak"].tolist().count("unknown") == 1 and table["leak"].iloc[0] == "unknown"
    found = table[table["leak"] == "yes"].set_index(["start", "check", "part_a", "part_b"])
    assert found["example"].to_dict() == {
        ("kinds", "identical", "train", "test"): "classes:9 ~ values:52",
        ("kinds", "reverse_complement", "validation", "test"): "classes:62 ~ values:53",
    }
    assert (found["pairs"] == 1).all() and len(table) == 1 + 2 * 5


def test_a_picture_of_values(made):
    assert "amount" in (made / "amounts/seed1/evaluation/scatter.svg").read_text()


def test_networks_are_summarised_and_the_summary_is_printed(printed_and_made):
    stdout, made = printed_and_made
    for name, outputs in (("kinds", 3), ("amounts", 1)):
        assert (made / name / "model.txt").read_text() in stdout
        table = read(made, f"{name}/model.tsv").set_index("layer")
        assert table.loc["scanner", "weights"] == 8 * 4 * 4 + 4
        assert table["weights"].sum() == 8 * 4 * 4 + 4 + (4 + 1) * outputs


def test_parts_are_those_of_the_column(made):
    split = read(made, "datasets/values/split.tsv.gz")
    assert parts_for(split).value_counts().to_dict() == {"train": 36, "validation": 12, "test": 12}


def test_what_a_start_was_trained_on_is_compared_with_extra_sets_and_for_pages(files, tmp_path):
    """Planned only: against the dataset itself and that of its start; over folds one table tells of all."""
    for path in filter(Path.is_file, files.iterdir()):
        shutil.copy(path, tmp_path)
    config = copy.deepcopy(CONFIG)
    config["datasets"]["more"] = {
        "task": "regression",
        "classes": ["amount"],
        "sources": [{"table": "near.tsv", "sequence": "seq", "target": {"column": "amount"}}],
        "split": {"by": "held_out"},
    }
    config["datasets"]["values"]["split"] = {"by": "folds", "folds": 3}
    del config["datasets"]["values"]["sources"][0]["part"]
    config["experiments"]["amounts"] |= {"also": ["more"], "folds": "all"}
    jobs = planned(snakemake(tmp_path, config, "-n", "results/index.html"))
    # kinds starts from a file; near and far are compared with classes, more with values and classes.
    assert (jobs["audit_start"], jobs["audit_set"]) == (2, 2 + 2)
