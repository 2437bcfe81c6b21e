import numpy as np
import pytest
from scipy.stats import false_discovery_control

from motifloom.filters.fdr import benjamini_hochberg


def test_benjamini_hochberg_by_hand():
    assert benjamini_hochberg(np.array([0.02, 0.9, 0.01, 0.5])) == pytest.approx([0.04, 0.9, 0.04, 2 / 3])


def test_benjamini_hochberg():
    p = np.array([[0.01, np.nan, 0.04], [0.03, 0.5, 0.01]])
    q = benjamini_hochberg(p)
    assert np.isnan(q[0, 1])
    np.testing.assert_allclose(q[~np.isnan(p)], false_discovery_control(p[~np.isnan(p)]), rtol=1e-14)
    assert benjamini_hochberg(np.array([])).shape == (0,)
