import gzip
from types import SimpleNamespace

import numpy as np
import pandas as pd
import pytest

from motifloom.config.data import Ratios, Split
from motifloom.data.encode import DNA
from motifloom.data.splits import (
    PARTS,
    UNUSED,
    split_dataset,
    split_examples,
    unused_rows,
)
from motifloom.errors import UserError


def make_examples(size=300, chromosomes=5, seed=0):
    """Distinct sequences, far apart, two thirds negative."""
    rng = np.random.default_rng(seed)
    rows = np.arange(size)
    regions = pd.DataFrame(
        {
            "id": [f"peaks:{row + 1}" for row in rows],
            "chrom": [f"chr{1 + row % chromosomes}" for row in rows],
            "start": rows * 1000,
            "end": rows * 1000 + 40,
            "source": "peaks",
            "record": rows + 1,
            "parent": "",
        }
    )
    tokens = rng.integers(0, 4, (size, 40)).astype(np.uint8)
    targets = (rows % 3 == 0).astype(np.float32)[:, None]
    return regions, tokens, targets


def split(examples, task="binary", seed=1, classes=("negative", "positive"), **keys):
    regions, tokens, targets = examples
    return split_examples(
        regions,
        tokens,
        targets,
        Split(**keys),
        np.random.default_rng(seed),
        task=task,
        classes=classes,
        where="datasets.d.split",
    )


def counts(table):
    return table["part"].value_counts().to_dict()


def test_random_by_default():
    regions, _, targets = examples = make_examples()
    table = split(examples)
    assert table.columns.tolist() == ["id", "group", "part"]
    assert table["id"].tolist() == regions["id"].tolist()
    assert counts(table) == {"train": 240, "validation": 30, "test": 30}
    assert targets[table["part"] == "test"].sum() == 10
    assert table.equals(split(examples))
    assert not table.equals(split(examples, seed=2))


def test_ratios_need_not_sum_to_one():
    table = split(make_examples(), ratios=Ratios(train=7.0, validation=1.5, test=1.5))
    assert counts(table) == {"train": 210, "validation": 45, "test": 45}


def test_a_locus_its_reverse_complement_and_its_negative_stay_together():
    regions, tokens, targets = make_examples()
    tokens[150:] = DNA.reverse_complement(tokens[:150])
    regions.loc[1:50, "start"] = regions.loc[0:49, "end"].to_numpy() - 1
    regions.loc[1:50, "chrom"] = "chr9"
    regions.loc[100:149, "parent"] = regions.loc[50:99, "id"].to_numpy()
    table = split((regions, tokens, targets))
    part = table["part"]
    assert (part[:150].to_numpy() == part[150:].to_numpy()).all()
    assert (part[100:150].to_numpy() == part[50:100].to_numpy()).all()
    assert set(counts(table)) == set(PARTS)
    assert table.groupby("group")["part"].nunique().max() == 1
    loose = split((regions, tokens, targets), group_overlaps=False)["part"]
    assert (loose[:150].to_numpy() != loose[150:].to_numpy()).any()
    assert (loose[100:150].to_numpy() == loose[50:100].to_numpy()).all()


def test_regression_is_stratified_by_value():
    regions, tokens, _ = make_examples()
    values = np.arange(300, dtype=np.float32)[:, None]
    table = split((regions, tokens, values), task="regression")
    deciles = values[table["part"] == "validation", 0] // 30
    assert np.bincount(deciles.astype(int)).tolist() == [3] * 10


def test_without_stratification_sizes_still_hold():
    assert counts(split(make_examples(), stratify=False)) == {"train": 240, "validation": 30, "test": 30}


def test_folds():
    table = split(make_examples(), by="folds", folds=4)
    assert counts(table) == {f"fold{fold}": 75 for fold in range(4)}


def test_chromosome_lists_and_the_rest():
    regions, *_ = examples = make_examples()
    table = split(examples, by="chromosome", validation=["chr4"], test=["chr5", "chr2"])
    expected = regions["chrom"].map({"chr4": "validation", "chr5": "test", "chr2": "test"}).fillna("train")
    assert table["part"].tolist() == expected.tolist()
    assert len(unused_rows(regions, table)) == 0


def test_chromosomes_in_no_list_are_left_out_and_in_the_ledger():
    regions, *_ = examples = make_examples()
    table = split(examples, by="chromosome", train=["chr1", "chr2"], validation=["chr4"], test=["chr5"])
    assert counts(table) == {"train": 120, "validation": 60, "test": 60, UNUSED: 60}
    assert set(regions["chrom"][table["part"] == UNUSED]) == {"chr3"}
    rows = unused_rows(regions, table)
    assert rows.columns.tolist() == ["source", "file", "line", "record", "action", "reason"]
    assert rows.iloc[0, :5].tolist() == ["peaks", "", 3, "chr3:2000-2040", "dropped"]
    assert len(rows) == 60


def test_ratios_by_whole_chromosomes_fill_every_part():
    # 418 examples on five chromosomes once became (417, 0, 0).
    examples = make_examples(418)
    table = split(examples, by="chromosome", ratios=Ratios(train=0.7, validation=0.15, test=0.15))
    assert counts(table) == {"train": 252, "validation": 83, "test": 83}
    assert pd.concat([table, examples[0]["chrom"]], axis=1).groupby("chrom")["part"].nunique().max() == 1


def test_an_example_without_coordinates_goes_with_its_parent():
    regions, tokens, targets = make_examples()
    regions.loc[200:, "chrom"] = ""
    regions.loc[200:, "parent"] = regions.loc[0:99, "id"].to_numpy()
    table = split((regions, tokens, targets), by="chromosome", validation=["chr4"], test=["chr5"])
    assert table["part"][200:].tolist() == table["part"][:100].tolist()
    regions.loc[250:, "parent"] = ""
    with pytest.raises(UserError, match=r"split.by: 50 examples have no chromosome \(first: peaks:251\)"):
        split((regions, tokens, targets), by="chromosome", validation=["chr4"], test=["chr5"])


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        (
            {"validation": ["chr4"], "test": ["chr22"]},
            r"datasets.d.split.test: no example is on chr22; there are examples on chr1, chr2, chr3, chr4",
        ),
        (
            {"train": ["chr1"], "validation": ["chr2"], "test": ["chr3", "chr1"]},
            r"datasets.d.split.test: chr1 is in train too; keep it in one of them",
        ),
        ({"test": ["chr3"]}, r"datasets.d.split.validation: no example is in validation"),
        (
            {"validation": ["chr1", "chr2", "chr3"], "test": ["chr4", "chr5"]},
            r"datasets.d.split.train: no example is in train",
        ),
    ],
)
def test_wrong_lists_of_chromosomes(keys, message):
    regions, tokens, targets = make_examples()
    lists = {"train": [], "validation": [], "test": [], **keys}
    flags = {"group_overlaps": True, "group_near_duplicates": False, "validation_fraction": None}
    config = SimpleNamespace(by="chromosome", ratios=None, **flags, **lists)
    with pytest.raises(UserError, match=message):
        split_examples(
            regions,
            tokens,
            targets,
            config,
            np.random.default_rng(1),
            task="binary",
            where="datasets.d.split",
        )


def test_two_chromosomes_cannot_fill_three_parts():
    with pytest.raises(UserError, match=r"split.by: there are examples on chr1, chr2 only"):
        split(make_examples(chromosomes=2), by="chromosome")


def test_parts_in_a_column_in_any_spelling():
    regions, tokens, targets = make_examples()
    spelled = ["train", "Training", "TRAIN", "val", "Valid", "validation", "test", "Testing", "TEST", ""]
    regions["part"] = [spelled[row // 30] for row in range(300)]
    regions.loc[270:, "parent"] = regions.loc[200:229, "id"].to_numpy()
    table = split((regions, tokens, targets), by="column")
    assert table["part"][:270].tolist() == np.repeat(PARTS, 90).tolist()
    assert table["part"][270:].tolist() == table["part"][200:230].tolist()
    regions.loc[5, "part"] = "holdout"
    with pytest.raises(UserError, match=r"1 examples have no known part \(first: peaks:6 with 'holdout'\)"):
        split((regions, tokens, targets), by="column")
    with pytest.raises(UserError, match=r"split.by: column reads part"):
        split((regions.drop(columns="part"), tokens, targets), by="column")


def test_parts_in_a_file(tmp_path):
    regions, *_ = examples = make_examples()
    part = np.repeat(PARTS, 100)
    by_id = pd.DataFrame({"id": regions["id"], "part": part})
    by_place = pd.DataFrame({**regions[["chrom", "start", "end"]], "part": part})
    for number, (frame, header) in enumerate([(by_id, False), (by_id, True), (by_place, True)]):
        path = tmp_path / f"{number}.tsv"
        frame.to_csv(path, sep="\t", index=False, header=header)
        assert split(examples, by="file", path=str(path))["part"].tolist() == part.tolist()
    packed = tmp_path / "parts.tsv.gz"
    packed.write_bytes(
        gzip.compress(path.read_bytes().replace(b"\n", b"\r\n").replace(b"train", b"Training"))
    )
    assert split(examples, by="file", path=str(packed))["part"].tolist() == part.tolist()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (
            "peaks:1\ttrain\npeaks:2\ttest\n",
            r"gives no part for 298 of 300 .*first: peaks:3 at chr3:2000-2040",
        ),
        ("peaks:1\ttrain\npeaks:1\ttest\n", r"line 2: peaks:1 is in train and test"),
        ("# parts\npeaks:1 train\n", r"line 2: 1 columns separated by tabs"),
        ("peaks:1\ttrain\nid\tpart\n", r"line 2: 'part' is no part"),
        ("peaks:1\tdev\n", r"line 1: 'dev' is no part; write train, validation or test"),
        ("\n", r"the file is empty"),
        (b"\xff\xfe\x00", r"line 1: this is text in UTF-16; save it as UTF-8"),
    ],
)
def test_wrong_files_of_parts(tmp_path, content, message):
    path = tmp_path / "parts.tsv"
    path.write_bytes(content if isinstance(content, bytes) else content.encode())
    with pytest.raises(UserError, match=f"parts.tsv.*{message}"):
        split(make_examples(), by="file", path=str(path))


def test_too_few_groups_leave_a_part_empty():
    regions, tokens, targets = make_examples(10)
    regions["chrom"], regions["start"], regions["end"] = "chr1", 0, 40
    with pytest.raises(UserError, match=r"ratios.validation: no example is in validation \(10 .* 1 groups"):
        split((regions, tokens, targets))
    with pytest.raises(UserError, match=r"split.folds: no example is in fold1"):
        split((regions, tokens, targets), by="folds")


def test_a_class_without_an_example_in_train():
    regions, tokens, targets = make_examples()
    targets[:] = regions["chrom"].eq("chr5").to_numpy(np.float32)[:, None]
    lists = {"by": "chromosome", "validation": ["chr4"], "test": ["chr5"]}
    with pytest.raises(UserError, match=r"datasets.d.split: no example of class positive is in train;"):
        split((regions, tokens, targets), **lists)
    with pytest.raises(UserError, match=r"no example of class negative is in train;"):
        split((regions, tokens, 1 - targets), **lists)
    labels = np.concatenate([np.ones_like(targets), targets], axis=1)
    with pytest.raises(UserError, match=r"no example of class b is in train;"):
        split((regions, tokens, labels), task="multilabel", classes=["a", "b"], **lists)
    split((regions, tokens, targets), task="regression", **lists)


def test_a_class_missing_from_the_train_of_a_fold():
    regions, tokens, targets = make_examples()
    targets[:] = 0
    targets[:2] = 1
    regions.loc[1, "parent"] = "peaks:1"
    with pytest.raises(UserError, match=r"no example of class positive is in train of fold \d"):
        split((regions, tokens, targets), by="folds", folds=5)


def test_a_dataset_gives_its_own_arrays_and_the_seed_its_name():
    regions, tokens, targets = make_examples()
    dataset = SimpleNamespace(
        regions=regions,
        tokens=tokens,
        targets=targets,
        task="binary",
        classes=["negative", "positive"],
        alphabet=DNA,
    )
    one, again, other = (split_dataset(dataset, Split(), 1, name) for name in ("a", "a", "b"))
    assert one.equals(again)
    assert not one.equals(other)
    with pytest.raises(UserError, match=r"datasets.a.split.test: no example is on chrX"):
        split_dataset(dataset, Split(by="chromosome", validation=["chr1"], test=["chrX"]), 1, "a")


def test_a_held_out_dataset_is_all_test_whatever_its_classes():
    regions, tokens, _ = make_examples(20)
    for targets in (np.ones((20, 1), np.float32), np.full((20, 1), np.nan, np.float32)):
        table = split((regions, tokens, targets), by="held_out")
        assert counts(table) == {"test": 20} and table["group"].nunique() == 20


def test_validation_is_drawn_from_train_by_groups():
    regions, tokens, targets = make_examples(600)
    tokens[100:400] = np.repeat(tokens[100:200], 3, axis=0)  # groups of three
    regions["part"] = np.where(np.arange(600) < 480, "train", "test")
    table = split((regions, tokens, targets), by="column", validation_fraction=0.15)
    found = counts(table)
    assert found["test"] == 120 and abs(found["validation"] - 72) <= 3
    drawn = table[table["part"] != "test"].groupby("group")["part"].nunique()
    assert (drawn == 1).all()
    share = targets[(table["part"] == "validation").to_numpy()].mean()
    assert abs(share - targets[:480].mean()) < 0.03
    again = split((regions, tokens, targets), by="column", validation_fraction=0.15)
    other = split((regions, tokens, targets), by="column", validation_fraction=0.15, seed=2)
    assert (again["part"] == table["part"]).all() and (other["part"] != table["part"]).any()


@pytest.mark.parametrize(
    ("parts", "message"),
    [
        (["train", "validation", "test"], "100 examples are in part validation already; remove the key"),
        (["test", "test", "test"], "no example is in train"),
    ],
)
def test_a_validation_part_that_cannot_be_drawn(parts, message):
    regions, tokens, targets = make_examples(300)
    regions["part"] = np.tile(parts, 100)
    with pytest.raises(UserError, match=f"datasets.d.split.validation_fraction: {message}"):
        split((regions, tokens, targets), by="column", validation_fraction=0.2)


def test_a_validation_share_goes_with_given_parts_only():
    with pytest.raises(ValueError, match="validation_fraction:, which goes with by: column or by: file"):
        Split(by="random", validation_fraction=0.2)
    assert Split(by="column", validation_fraction=0.2, stratify=False).stratify is False
