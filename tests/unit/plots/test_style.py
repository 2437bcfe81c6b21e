import re

import matplotlib.pyplot as plt

from motifloom.plots.style import save_figure


def test_a_dollar_in_a_name_is_one_and_powers_need_no_formula(tmp_path):
    figure, axes = plt.subplots()
    axes.plot([1e-6, 50], [2, 7])
    axes.set(xscale="log", yscale="log", title=r"$\frac{$x")
    save_figure(figure, tmp_path / "f.svg")
    texts = re.findall(r"<text[^>]*>([^<]*)</text>", (tmp_path / "f.svg").read_text())
    assert r"$\frac{$x" in texts
    assert {"10⁻⁶", "10⁰", "3×10⁰"} <= set(texts)
