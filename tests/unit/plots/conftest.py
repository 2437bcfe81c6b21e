"""What every test of a figure stands on: warnings are errors, and no figure stays open."""

import warnings

import matplotlib.pyplot as plt
import pytest


@pytest.fixture(autouse=True)
def _strict_and_tidy():
    """A figure that warns, of a layout that collapsed for instance, is a figure to mend."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        yield
    plt.close("all")
