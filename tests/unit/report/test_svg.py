import re

import matplotlib.pyplot as plt
import numpy as np
import pytest

from motifloom.plots.style import save_figure
from motifloom.report.svg import inline_svg


@pytest.fixture
def line_plot(tmp_path):
    figure, axes = plt.subplots()
    axes.plot([0, 1], label="<b>&amp;")
    axes.legend()
    save_figure(figure, tmp_path / "line.svg")
    return (tmp_path / "line.svg").read_text()


def test_identifiers_are_unique_and_every_reference_resolves(line_plot):
    page = inline_svg(line_plot, "one", "A") + inline_svg(line_plot, "two", "B")
    identifiers = re.findall(r'\sid="([^"]+)"', page)
    assert len(identifiers) == len(set(identifiers)) > 10
    references = re.findall(r'href="#([^"]+)"|url\(#([^)]+)\)', page)
    assert references
    assert {a or b for a, b in references} <= set(identifiers)


def test_styles_and_metadata_stay_outside(line_plot):
    page = inline_svg(line_plot, "one", 'say "this"')
    assert not re.search("<style|<metadata|<!DOCTYPE|<\\?xml|xlink", page)
    assert "&lt;b&gt;&amp;amp;" in page
    assert 'aria-label="say &quot;this&quot;"' in page
    assert "<text" in page


def test_line_art_takes_the_colours_of_the_page(line_plot):
    page = inline_svg(line_plot, "one", "A")
    assert "#000000" not in page
    assert "currentColor" in page
    assert "fill: #ffffff" not in page
    assert 'class="line-art"' in page


def test_greys_keep_their_order():
    colours = ("#000000", "#333333", "#0072b2", "#ffffff", "#123456")
    lines = "".join(f'<path style="stroke: {colour}; stroke-width: 1"/>' for colour in colours)
    page = inline_svg(f'<svg xmlns="http://www.w3.org/2000/svg">{lines}</svg>', "one", "A")
    mixed = "color-mix(in srgb, currentColor 80%, transparent)"
    assert re.findall("stroke: (.*?);", page) == ["currentColor", mixed, *colours[2:]]


def test_heatmaps_keep_their_paper(tmp_path):
    figure, axes = plt.subplots()
    axes.imshow(np.eye(2))
    save_figure(figure, tmp_path / "image.svg")
    page = inline_svg((tmp_path / "image.svg").read_text(), "one", "A")
    assert 'class="paper"' in page
    assert 'href="data:image/png;base64,' in page
    assert "fill: #ffffff" in page


def test_what_could_run_or_load_is_removed():
    text = (
        '<svg xmlns="http://www.w3.org/2000/svg" xmlns:xlink="http://www.w3.org/1999/xlink" onload="a()">'
        '<script>b()</script><foreignObject><p/></foreignObject><rect onclick="c()"/>'
        '<image xlink:href="https://example.org/x.png"/></svg>'
    )
    page = inline_svg(text, "one", "A")
    assert not re.search("script|foreignObject|onload|onclick|example", page)
