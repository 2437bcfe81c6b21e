import numpy as np
import pytest
from sklearn.decomposition import PCA
from threadpoolctl import threadpool_limits

from motifloom.evaluation.embedding import embed, pool_positions


def clouds(n=60, width=6, seed=0):
    rng = np.random.default_rng(seed)
    labels = np.arange(n) % 3
    return rng.normal(size=(n, width)) + 12 * np.eye(3, width)[labels], labels


def test_positions_are_pooled_by_their_maximum():
    values = np.arange(24.0).reshape(2, 3, 4)
    assert pool_positions(values).tolist() == [[8, 9, 10, 11], [20, 21, 22, 23]]
    assert pool_positions(values.reshape(2, 3, 2, 2)).tolist() == [[10, 11], [22, 23]]
    assert pool_positions(values[:, 0]).tolist() == values[:, 0].tolist()
    assert pool_positions(values[:, 0, 0]).tolist() == [[0], [12]]


def test_components_and_their_share_of_the_variance():
    values, _ = clouds()
    found = embed(values, seed=1)
    centred = values - values.mean(axis=0)
    singular = np.linalg.svd(centred, compute_uv=False) ** 2
    assert found["pc_1_explained"].unique() == pytest.approx([singular[0] / singular.sum()])
    np.testing.assert_allclose(found["pc_2"], PCA(2).fit_transform(values)[:, 1], atol=1e-8)


def test_neighbours_stay_neighbours():
    values, labels = clouds()
    found = embed(values, seed=1, perplexity=10.0)[["tsne_1", "tsne_2"]].to_numpy()
    distance = np.linalg.norm(found[:, None] - found, axis=-1) + np.eye(len(found)) * 1e9
    assert (labels[distance.argmin(axis=1)] == labels).all()


def test_the_map_is_the_same_on_any_number_of_threads_and_perplexity_is_used():
    values, _ = clouds()
    with threadpool_limits(2):
        first = embed(values, seed=1, perplexity=5.0)
    with threadpool_limits(1):
        assert first.equals(embed(values, seed=1, perplexity=5.0))
    assert (first["tsne_1"] != embed(values, seed=1, perplexity=15.0)["tsne_1"]).any()


@pytest.mark.parametrize("values", [np.ones((20, 3)), np.zeros((1, 4)), np.empty((0, 3)), np.eye(4)])
def test_hardly_anything_to_show_is_no_failure(values):
    found = embed(values, seed=1)
    assert len(found) == len(values) and found["tsne_1"].isna().all()
    assert np.isfinite(found[["pc_1", "pc_2"]]).all(axis=None)


def test_one_unit_has_one_component():
    found = embed(np.arange(8.0)[:, None], seed=1)
    assert (found["pc_2"] == 0).all() and found["pc_1_explained"][0] == 1
    assert found["tsne_1"].notna().all()
