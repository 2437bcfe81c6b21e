"""What extra sets, folds and ensembles add to a run, and what is made of them by name."""

import h5py
import numpy as np
import pyBigWig
import pysam
import pytest
import yaml
from runner import SPEC, planned, snakemake

from motifloom.data.encode import DNA
from motifloom.data.parts import parts_for
from motifloom.data.store import Dataset
from motifloom.io import read_table

pytestmark = [pytest.mark.workflow, pytest.mark.xdist_group("targets")]

PEAKS = "results/simulations/tiny/peaks/SPI1.narrowPeak"


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    """A folder in which nothing ran yet; the specs are checked once."""
    folder = tmp_path_factory.mktemp("sets")
    (folder / "spec.yaml").write_text(SPEC)
    return folder


@pytest.fixture
def config(tiny):
    """The tiny config with an extra set of positives."""
    tiny["datasets"]["others"] = {
        "task": "binary",
        "genome": "results/simulations/tiny/genome.fa.gz",
        "sources": [{"intervals": PEAKS, "target": 1}],
        "window": {"length": 120, "centre": "summit"},
        "split": {"by": "held_out"},
    }
    tiny["experiments"]["first"]["also"] = ["others"]
    return tiny


@pytest.fixture
def plan(folder):
    """Return rule -> number of jobs of a first run of a config for targets."""

    def plan(config, *targets):
        return planned(snakemake(folder, config, "-n", *targets))

    return plan


def test_a_set_is_predicted_evaluated_and_compared_with_the_baselines(plan, config):
    jobs = plan(config, "results/comparison.tsv")
    assert (jobs["predict_set"], jobs["predict_baseline_set"], jobs["evaluate_set"]) == (2, 2, 4)
    assert jobs["compare"] == 3


def test_a_set_without_targets_is_predicted_only(plan, config):
    del config["datasets"]["others"]["sources"][0]["target"]
    target = "results/first/seed1/sets/others/predictions.tsv.gz"
    jobs = plan(config, "results/comparison.tsv", target)
    assert jobs["predict_set"] == 1 and not {"evaluate_set", "predict_baseline_set"} & set(jobs)


def test_folds_train_a_network_each_and_pool_their_predictions(plan, config):
    config["experiments"]["second"]["folds"] = "all"
    jobs = plan(config, "results/second/seed1/metrics.tsv")
    assert (jobs["train"], jobs["predict"], jobs["average_predictions"], jobs["evaluate"]) == (3, 3, 1, 1)
    jobs = plan(config, "results/datasets/factor/comparison.tsv")
    # Networks and their controls; gc and kmer of each fold; the experiment and its three baselines.
    assert (jobs["train"], jobs["fit_baseline"], jobs["average_predictions"]) == (6, 6, 4)


def test_an_ensemble_trains_its_members_only(plan, config):
    config["experiments"]["third"] = {"dataset": "bound", "model": "small", "seeds": [1, 2]}
    config["experiments"]["both"] = {"dataset": "bound", "ensemble": ["first", "third"], "also": ["others"]}
    jobs = plan(config, "results/both/seed1/metrics.tsv")
    assert (jobs["train"], jobs["predict"], jobs["average_predictions"]) == (3, 3, 1)
    jobs = plan(config, "results/both/seed1/sets/others/metrics.tsv")
    assert (jobs["predict_set"], jobs["average_set_predictions"], jobs["evaluate_set"]) == (3, 1, 1)


@pytest.mark.parametrize(
    ("file", "rule"),
    [
        ("sets/others/strands.tsv.gz", "predict_strands"),
        ("sets/others/uncertainty.tsv.gz", "predict_dropout"),
        ("sets/bound/uncertainty.tsv.gz", "predict_dropout"),
        ("sets/others/tracks/positive.bw", "write_track"),
        ("activations/others.scanner.h5", "extract_activations"),
        ("activations/bound.scanner.tsv.gz", "extract_activations"),
        ("activations/bound.scanner.strands.h5", "extract_activations"),
    ],
)
def test_what_is_made_by_name(plan, config, file, rule):
    assert plan(config, f"results/first/seed1/{file}")[rule] == 1


def test_a_held_out_dataset_cannot_be_trained_on(folder, config):
    config["experiments"]["first"] = {"dataset": "others", "model": "small"}
    process = snakemake(folder, config, "-n", check=False)
    assert process.returncode and "others is held out, so nothing can be trained on it" in process.stderr


@pytest.mark.parametrize(
    "target",
    ["first/seed1/sets/others/strands.tsv.gz", "first/seed1/sets/others/uncertainty.tsv.gz",
     "first/seed1/sets/others/tracks/free.bw", "bound.gc/seed1/sets/others/predictions.tsv.gz"],
)  # fmt: skip
def test_a_set_that_does_not_fit_is_not_predicted_by_name_either(folder, config, target):
    config["experiments"]["first"]["also"] = []
    config["datasets"]["others"]["classes"] = ["bound", "free"]
    process = snakemake(folder, config, "-n", f"results/{target}", check=False)
    message = (
        "datasets.others.classes is bound, free, but the network of dataset bound takes negative, positive"
    )
    assert process.returncode and message in process.stdout + process.stderr


def test_activations_do_not_care_for_the_names_of_classes(plan, config):
    config["experiments"]["first"]["also"] = []
    config["datasets"]["others"]["classes"] = ["bound", "free"]
    assert plan(config, "results/first/seed1/activations/others.scanner.h5")["extract_activations"] == 1


@pytest.mark.parametrize("file", ["both/seed1/model.keras", "second/seed1/filters/top.meme"])
def test_what_is_several_networks_has_no_weights(folder, config, file):
    config["experiments"]["second"]["folds"] = "all"
    config["experiments"]["both"] = {"dataset": "bound", "ensemble": ["first"]}
    process = snakemake(folder, config, "-n", f"results/{file}", check=False)
    assert process.returncode and "KeyError" not in process.stderr
    assert (
        "MissingRule" in process.stdout + process.stderr or "MissingInput" in process.stdout + process.stderr
    )


# From here on what one run has made: files of a network per fold, and all that is made of them.

MADE = """
datasets:
  own:
    task: binary
    sources: [{fasta: bound.fa, target: 1}, {fasta: free.fa, target: 0}]
    split: {by: folds, folds: 3}
  labelled:
    task: binary
    sources: [{fasta: labelled.fa, target: 1}]
    split: {by: held_out}
  new:
    task: binary
    sources: [{fasta: new.fa}]
    split: {by: held_out}
  scan:
    task: binary
    genome: genome.fa
    sources: [{intervals: regions.bed}]
    window: {bin: 20, step: 10, flank: 10, edge: pad}
    unknown: {max_fraction: 0.5}
    split: {by: held_out}
models:
  small:
    spec:
      model:
        layers:
          - {class_name: Conv1D, config: {filters: 4, kernel_size: 8, activation: relu, name: scanner}}
          - {class_name: GlobalMaxPooling1D, config: {}}
          - {class_name: Dropout, config: {rate: 0.5}}
          - {class_name: Dense, config: {units: auto, activation: auto}}
      training_params: {epochs: 2, batch_size: 16}
  letters: {baseline: additive}
experiments:
  net: {dataset: own, model: small, folds: all, dropout_samples: 8, training: {threads: 1}}
  letters: {dataset: own, model: letters, folds: all}
  both: {dataset: own, ensemble: [net, letters]}
evaluation: {bootstrap: 100, baselines: [], embedding: {part: test}}
"""

TARGETS = [
    "both/seed1/predictions.tsv.gz",
    "net/seed1/sets/new/predictions.tsv.gz",
    "net.fold1/seed1/sets/labelled/metrics.tsv",
    "net.fold0/seed1/sets/scan/tracks/positive.bw",
    "net.fold0/seed1/sets/new/strands.tsv.gz",
    "net.fold0/seed1/sets/own/uncertainty.tsv.gz",
    "net.fold0/seed1/activations/new.scanner.h5",
    "net.fold0/seed1/activations/new.scanner.strands.h5",
    "net.fold0/seed1/embeddings/last.tsv",
    "letters.fold1/seed1/sets/own/predictions.tsv.gz",
    "letters.fold1/seed1/coefficients.tsv",
    "datasets/labelled/audit.own.tsv",
]


def write_fasta(path, sequences, first=1):
    """Write sequences under names such as 0034."""
    path.write_text("".join(f">{first + i:04d}\n{text}\n" for i, text in enumerate(sequences)))


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    """The results of three folds and of what is asked of them by name."""
    folder = tmp_path_factory.mktemp("made")
    rng = np.random.default_rng(1)
    draw = lambda n, length=40: ["".join(row) for row in rng.choice(list("ACGT"), (n, length))]  # noqa: E731
    bound = [text[:15] + "TTACCCGG" + text[23:] for text in draw(60)]
    write_fasta(folder / "bound.fa", bound)
    write_fasta(folder / "free.fa", draw(60), first=100)
    write_fasta(folder / "labelled.fa", [bound[33], *draw(9)])
    write_fasta(folder / "new.fa", draw(12), first=34)
    (folder / "genome.fa").write_text(f">7\n{draw(1, 300)[0]}\n")
    (folder / "regions.bed").write_text("7\t0\t60\n7\t150\t205\n")
    snakemake(folder, yaml.safe_load(MADE), *(f"results/{target}" for target in TARGETS))
    return folder / "results"


def read(made, path):
    return read_table(made / path)


def test_a_pool_holds_every_example_once_as_its_own_fold_scored_it(made):
    pooled = read(made, "net/seed1/predictions.tsv.gz")
    split = read(made, "datasets/own/split.tsv.gz").set_index("id")["part"]
    assert sorted(pooled["id"]) == sorted(split.index) and set(pooled["part"]) == {"test"}
    assert len(pooled) == 120
    for fold in range(3):
        single = read(made, f"net.fold{fold}/seed1/predictions.tsv.gz").set_index("id")
        tested = single.index[single["part"] == "test"]
        assert set(tested) == set(split.index[split == f"fold{fold}"])
        found = pooled.set_index("id").loc[tested]
        assert (found["score.positive"] == single.loc[tested, "score.positive"]).all()


def test_an_ensemble_is_the_mean_of_its_members(made):
    members = [read(made, f"{name}/seed1/predictions.tsv.gz").set_index("id") for name in ("net", "letters")]
    both = read(made, "both/seed1/predictions.tsv.gz").set_index("id")
    assert len(both) == 120
    mean = sum(member.loc[both.index, "score.positive"] for member in members) / 2
    np.testing.assert_allclose(both["score.positive"], mean, rtol=1e-8)
    assert (members[0]["score.positive"] != members[1].loc[members[0].index, "score.positive"]).any()


def test_folds_are_averaged_on_a_set_and_names_stay_as_they_are(made):
    averaged = read(made, "net/seed1/sets/new/predictions.tsv.gz")
    singles = [read(made, f"net.fold{fold}/seed1/sets/new/predictions.tsv.gz") for fold in range(3)]
    for table in (averaged, *singles):
        assert table["name"].tolist() == [f"{i:04d}" for i in range(34, 46)]
        assert table["id"].tolist() == [f"new:{i}" for i in range(1, 13)]
        assert table["target.positive"].isna().all() and set(table["part"]) == {"test"}
    mean = np.mean([table["score.positive"] for table in singles], axis=0)
    np.testing.assert_allclose(averaged["score.positive"], mean, rtol=1e-8)
    assert averaged["score.positive"].nunique() > 1


def test_a_labelled_set_is_judged_whole(made):
    metrics = read(made, "net.fold1/seed1/sets/labelled/metrics.tsv").set_index("metric")
    scores = read(made, "net.fold1/seed1/sets/labelled/predictions.tsv.gz")["score.positive"]
    assert len(scores) == 10 and set(metrics["n"]) == {10} and set(metrics["part"]) == {"test"}
    assert metrics.loc["recall", "value"] == pytest.approx((scores >= 0.5).mean())
    assert metrics.loc["auroc", "reason"] == "no negatives" and np.isnan(metrics.loc["auroc", "value"])


def test_what_a_set_shares_with_a_fold_is_a_leak(made):
    table = read(made, "datasets/labelled/audit.own.tsv")
    leaks = table[table["leak"] == "yes"]
    assert leaks["check"].tolist() == ["identical"] and leaks["pairs"].tolist() == [1]
    assert leaks["example"].item() == "bound:34 ~ extra_set/labelled:1"


def test_a_track_holds_the_scores(made):
    folder = made / "net.fold0/seed1/sets/scan"
    table = read_table(folder / "predictions.tsv.gz")
    starts, scores = table["start"] + 10, table["score.positive"].to_numpy()
    assert starts.tolist() == [0, 10, 20, 30, 40, 150, 160, 170, 180] and set(table["chrom"]) == {"7"}
    assert table["id"].tolist() == [f"regions:1.{i}" for i in range(1, 6)] + [
        f"regions:2.{i}" for i in range(1, 5)
    ]
    total, count = np.zeros(300), np.zeros(300)
    for start, score in zip(starts, scores, strict=True):
        total[start : start + 20] += score
        count[start : start + 20] += 1
    with pyBigWig.open(str(folder / "tracks/positive.bw")) as track:
        found = np.array(track.values("7", 0, 300))
    np.testing.assert_array_equal(np.isnan(found), count == 0)
    np.testing.assert_allclose(found[count > 0], (total / np.maximum(count, 1))[count > 0], rtol=1e-6)
    with pysam.TabixFile(
        str(folder / "tracks/positive.bed.gz"), index=str(folder / "tracks/positive.bed.gz.csi")
    ) as bed:
        rows = [line.split("\t") for line in bed.fetch("7", 150, 300)]
    assert [(int(row[1]), int(row[2]), row[3]) for row in rows] == [
        (start, start + 20, name) for start, name in zip(starts[5:], table["id"][5:], strict=True)
    ]
    np.testing.assert_allclose([float(row[6]) for row in rows], scores[5:], rtol=1e-5)


def test_strands_and_activations_are_those_of_the_library(made):
    from motifloom.models.outputs import layer_outputs
    from motifloom.models.predict import load_model, predict_strands

    model = load_model(made / "net.fold0/seed1/model.keras")
    with Dataset(made / "datasets/new/dataset.h5") as dataset:
        tokens, ids = dataset.tokens[:], dataset.regions["id"].tolist()
        both = predict_strands(model, tokens, task="binary", alphabet=dataset.alphabet)
    strands = read(made, "net.fold0/seed1/sets/new/strands.tsv.gz")
    assert strands["read"].tolist() == ["forward", "reverse_complement"] * 12
    np.testing.assert_allclose(strands["score.positive"], both.ravel(), rtol=1e-6)
    forward = read(made, "net.fold0/seed1/sets/new/predictions.tsv.gz")["score.positive"]
    np.testing.assert_allclose(strands["score.positive"][::2], forward, rtol=1e-6)
    with h5py.File(made / "net.fold0/seed1/activations/new.scanner.h5") as file:
        assert file["activations"].shape == (12, 33, 4)
        np.testing.assert_allclose(file["activations"][:], layer_outputs(model, tokens, "scanner"), rtol=1e-6)
        assert [name.decode() for name in file["id"][:]] == ids
        assert (file.attrs["receptive_field_bp"], file.attrs["stride_bp"], file.attrs["offset_bp"]) == (
            8,
            1,
            0,
        )
    with h5py.File(made / "net.fold0/seed1/activations/new.scanner.strands.h5") as file:
        reads = [file["activations"][read::2] for read in (0, 1)]
        for found, sequences in zip(reads, (tokens, DNA.reverse_complement(tokens)), strict=True):
            np.testing.assert_allclose(found, layer_outputs(model, sequences, "scanner"), rtol=1e-6)
        assert [name.decode() for name in file["id"][:]] == [name for name in ids for _ in range(2)]
        assert [name.decode() for name in file["read"][:]] == strands["read"].tolist()


def test_dropout_varies_the_scores_of_every_example(made):
    table = read(made, "net.fold0/seed1/sets/own/uncertainty.tsv.gz")
    single = read(made, "net.fold0/seed1/predictions.tsv.gz")
    assert table["id"].tolist() == single["id"].tolist() and table["part"].tolist() == single["part"].tolist()
    assert (table["sd.positive"] > 0).all()
    assert ((table["mean.positive"] - single["score.positive"]).abs() < 4 * table["sd.positive"]).mean() > 0.9


def test_an_embedding_shows_the_test_part(made):
    table = read(made, "net.fold0/seed1/embeddings/last.tsv")
    split = read(made, "datasets/own/split.tsv.gz")
    assert table["id"].tolist() == split["id"][split["part"] == "fold0"].tolist()
    assert table[["pc_1", "pc_2"]].notna().all(axis=None) and table["pc_1"].std() > 0


def test_a_regression_says_of_its_own_dataset_what_it_said_before(made):
    own = read(made, "letters.fold1/seed1/predictions.tsv.gz").set_index("id")
    table = read(made, "letters.fold1/seed1/sets/own/predictions.tsv.gz").set_index("id")
    assert (table["part"] == own["part"]).all() and set(own["part"]) == {"train", "validation", "test"}
    assert (table["score.positive"] == own["score.positive"]).all()
    split = read(made, "datasets/own/split.tsv.gz").set_index("id")
    assert (parts_for(split, 1) == own["part"]).all()


def test_the_letters_of_the_word_speak_for_it(made):
    table = read(made, "letters.fold1/seed1/coefficients.tsv").set_index("feature")["coefficient"]
    assert len(table) == 1 + 40 * 4
    word = [f"{letter}{16 + i}" for i, letter in enumerate("TTACCCGG")]
    assert set(table.drop("(intercept)").nlargest(8).index) == set(word)
