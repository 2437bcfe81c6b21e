"""The table of activations: what is written is what a loop over windows finds, in whatever blocks."""

import h5py
import numpy as np
import pytest

from motifloom.data.encode import DNA
from motifloom.errors import UserError
from motifloom.filters import summaries
from motifloom.filters.bank import FilterBank
from motifloom.filters.summaries import layer_slices, read_summary, write_summary


@pytest.fixture
def bank(make_layer):
    layers = [
        make_layer(1, width=4, padding="same", stride=2, activation="relu", name="a"),
        make_layer(2, width=3, dilation=4, filters=2, activation="gelu", name="b"),
    ]
    for layer in layers:
        layer.kernel[:], layer.bias[:] = np.round(layer.kernel * 8) / 8, np.round(layer.bias * 8) / 8
    return FilterBank(layers)


@pytest.mark.parametrize("both_strands", [False, True])
def test_a_summary_equals_a_loop(bank, make_tokens, slow_scores, both_strands, tmp_path, monkeypatch):
    bank = bank.on_both_strands() if both_strands else bank
    tokens = make_tokens(rows=21)
    tokens[4] = 4
    monkeypatch.setattr(summaries, "ROWS", 5)
    write_summary(bank, tokens, tmp_path / "a.h5", threads=2)
    found = read_summary(tmp_path / "a.h5")
    assert found.filters == ["a_000", "a_001", "a_002", "b_000", "b_001"]
    assert found.spans.tolist() == [4, 4, 4, 9, 9]
    dtypes = [array.dtype for array in found[1:5]]
    assert dtypes == [np.float32, np.int32, np.int8, np.float32]
    assert all(array.shape == (21, 5) for array in found[1:5])
    for layer, columns in layer_slices(bank):
        best = {}
        for row, start in sorted(slow_scores(layer, tokens)):
            window = tokens[row, start : start + layer.span : layer.dilation]
            for strand in layer.readings:
                letters = DNA.reverse_complement(window) if strand < 0 else window
                known = letters < 4
                cells = layer.kernel[np.arange(layer.width)[known], letters[known]]
                values = layer.activate(cells.sum(axis=0) + layer.bias)
                best.setdefault(row, []).append((start, strand, values))
        for row in range(21):
            for f in range(len(layer.filters)):
                got = [array[row, columns][f] for array in found[1:5]]
                if row not in best:
                    assert np.isnan(got[0]) and got[1:] == [-1, 1, 0]
                    continue
                values = [value[f] for *_, value in best[row]]
                start, strand, _ = best[row][int(np.argmax(values))]
                assert got[:3] == [max(values), start, strand]
                assert got[3] == pytest.approx(np.mean(np.maximum(values, 0), dtype=float), rel=1e-6)


def test_blocks_threads_and_storage_do_not_matter(bank, make_tokens, tmp_path, monkeypatch):
    tokens = make_tokens(rows=50)
    write_summary(bank, tokens, tmp_path / "one.h5", threads=1)
    whole = read_summary(tmp_path / "one.h5")
    with h5py.File(tmp_path / "tokens.h5", "w") as file:
        monkeypatch.setattr(summaries, "ROWS", 7)
        write_summary(bank, file.create_dataset("tokens", data=tokens), tmp_path / "two.h5", threads=3)
    again = read_summary(tmp_path / "two.h5")
    assert whole.filters == again.filters
    for one, two in zip(whole[1:], again[1:], strict=True):
        np.testing.assert_array_equal(one, two)
    content = (tmp_path / "two.h5").read_bytes()
    write_summary(bank, tokens, tmp_path / "two.h5")
    assert (tmp_path / "two.h5").read_bytes() == content
    assert sorted(path.name for path in tmp_path.iterdir()) == ["one.h5", "tokens.h5", "two.h5"]


def test_chosen_rows(bank, make_tokens, tmp_path):
    write_summary(bank, make_tokens(rows=30), tmp_path / "a.h5")
    whole = read_summary(tmp_path / "a.h5")
    mask = np.arange(30) % 3 == 0
    for rows in (mask, np.flatnonzero(mask), np.zeros(0, np.int64)):
        part = read_summary(tmp_path / "a.h5", rows)
        assert (part.filters, part.spans.tolist()) == (whole.filters, whole.spans.tolist())
        for few, all_ in zip(part[1:5], whole[1:5], strict=True):
            np.testing.assert_array_equal(few, all_[rows])


def test_a_bank_without_filters(make_tokens, tmp_path):
    write_summary(FilterBank([], DNA), make_tokens(), tmp_path / "a.h5")
    summary = read_summary(tmp_path / "a.h5")
    assert (summary.filters, len(summary.spans)) == ([], 0)
    assert [array.shape for array in summary[1:5]] == [(7, 0)] * 4


def test_layers_are_slices_of_the_bank(bank):
    assert [(layer.name, columns) for layer, columns in layer_slices(bank)] == [
        ("a", slice(0, 3)),
        ("b", slice(3, 5)),
    ]


def test_what_is_no_summary_is_a_user_error(bank, make_tokens, tmp_path):
    path = tmp_path / "a.h5"
    write_summary(bank, make_tokens(), path)
    content = path.read_bytes()
    for damaged in (b"", b"text\n", content[: len(content) // 2]):
        path.write_bytes(damaged)
        with pytest.raises(UserError, match=r"a\.h5: not a table of activations"):
            read_summary(path)
    with h5py.File(path, "w") as file:
        file["filters"] = np.array([b"a_000"])
    with pytest.raises(UserError, match=r"a\.h5: not a table of activations"):
        read_summary(path)
    with pytest.raises(UserError, match="absent"):
        read_summary(tmp_path / "absent")
