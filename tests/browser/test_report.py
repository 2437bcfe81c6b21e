"""The pages in a real browser: headless Chromium, driven by its command line only.

A script is added to a copy of the page, does what a reader does, and writes what it found into the title.
"""

import base64
import hashlib
import html
import json
import re
import shutil
import subprocess

import pandas as pd
import pytest

from motifloom.io import read_table
from motifloom.report.index import build_index
from motifloom.report.page import build_experiment_page, load_experiment
from tests.fake_experiment import make_results

CHROMIUM = next(
    filter(None, map(shutil.which, ["chromium", "chromium-browser", "google-chrome", "chrome"])), None
)
pytestmark = pytest.mark.skipif(CHROMIUM is None, reason="needs Chromium")

OPTIONS = [
    "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
    "--disable-background-networking", "--disable-component-update", "--disable-sync", "--dump-dom",
]  # fmt: skip
BEFORE = """
window.trouble = [];
addEventListener("error", (event) => trouble.push(event.message));
addEventListener("securitypolicyviolation", (event) => trouble.push(event.violatedDirective));
"""
AFTER = """
const one = (selector) => document.querySelector(selector);
const all = (selector) => [...document.querySelectorAll(selector)];
const visible = () => all("tbody.filter").filter((body) => !body.hidden);
const names = () => visible().map((body) => body.querySelector(".opener").textContent);
const column = (index) => visible().map((body) => body.rows[0].cells[index].dataset.v);
const type = (selector, value) => {
  one(selector).value = value;
  one(selector).dispatchEvent(new Event("input", { bubbles: true }));
};
const result = (() => { %s })();
document.title = JSON.stringify({ result, trouble });
parent.postMessage(document.title, "*");
"""
# Chromium's windows are at least 500 wide; a frame may be as narrow as a telephone.
FRAME = """<!DOCTYPE html><title></title><script>
addEventListener("message", (event) => { document.title = event.data; });
</script><iframe src="copy.html" width="%d" height="900" style="border: 0"></iframe>"""


def visit(page, tmp_path, action, anchor="", width=1280, flags=()):
    """Open a copy of a page, run an action in it and return what the action returns."""
    scripts = [BEFORE, AFTER % action]
    text = page.read_text()
    # The page forbids all scripts but its own, so the copy allows these two by their digests as well.
    digests = [base64.b64encode(hashlib.sha256(script.encode()).digest()).decode() for script in scripts]
    text = text.replace("script-src ", "script-src " + "".join(f"'sha256-{digest}' " for digest in digests))
    text = text.replace("<title>", f"<script>{scripts[0]}</script><title>", 1)
    text = text.replace("</body>", f"<script>{scripts[1]}</script></body>")
    copy = tmp_path / "copy.html"
    copy.write_text(text)
    shown = copy
    if width < 500:
        shown = tmp_path / "frame.html"
        shown.write_text(FRAME % width)
        flags = [*flags, "--virtual-time-budget=5000"]
    command = [
        CHROMIUM,
        *OPTIONS,
        *flags,
        f"--user-data-dir={tmp_path / 'profile'}",
        f"--window-size={width},900",
    ]
    done = subprocess.run([*command, f"file://{shown}{anchor}"], capture_output=True, text=True, timeout=120)
    found = json.loads(html.unescape(re.search("<title>(.*?)</title>", done.stdout, re.DOTALL)[1]))
    assert found["trouble"] == []
    return found["result"]


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    folder = tmp_path_factory.mktemp("results")
    arguments = make_results(folder, seeds=(1, 2), n=300)
    path = folder / "reb1-shallow" / "report.html"
    build_experiment_page(load_experiment(**arguments), path)
    return path


def test_the_page_runs_its_script_and_loads_nothing(page, tmp_path):
    ready, loaded = visit(
        page,
        tmp_path,
        'return [document.documentElement.dataset.ready, performance.getEntriesByType("resource").length];',
    )
    assert (ready, loaded) == ("yes", 0)


def test_a_click_on_a_heading_sorts_and_another_turns_the_order(page, tmp_path):
    action = """
        const heading = all("#filter-table thead th")[2];
        heading.querySelector("button").click();
        const up = [column(2), heading.ariaSort];
        heading.querySelector("button").click();
        return [up, [column(2), heading.ariaSort]];
    """
    (up, first), (down, second) = visit(page, tmp_path, action)
    sites = [float(value) for value in up]
    assert sites == sorted(sites)
    assert len(set(sites)) > 5
    assert [float(value) for value in down] == sites[::-1]
    assert (first, second) == ("ascending", "descending")


def test_missing_values_stay_last_in_both_directions(page, tmp_path):
    action = """
        const button = all("#filter-table thead th")[7].querySelector("button");
        button.click();
        const up = column(7);
        button.click();
        return [up, column(7)];
    """
    up, down = visit(page, tmp_path, action)
    found = [value for value in up if value]
    assert 0 < len(found) < len(up)
    assert up[: len(found)] == sorted(found, key=float)
    assert down[: len(found)] == sorted(found, key=float, reverse=True)


def test_search_and_q_value_hide_rows(page, tmp_path):
    action = """
        const start = [names().length, one("#filter-count").textContent];
        type("#filter-search", "motif_SCANNER spi1");
        const searched = [names(), one("#filter-count").textContent];
        type("#filter-search", "nothing like it");
        const none = [names().length, one("#filter-none").hidden];
        type("#filter-search", "");
        one("#filter-matched").click();
        const matched = visible().map((body) => body.dataset.q);
        type("#filter-q", "1e-6");
        return { start, searched, none, matched, strict: visible().map((body) => body.dataset.q) };
    """
    found = visit(page, tmp_path, action)
    assert found["start"] == [12, "12 of 12"]
    assert "motif_scanner_003" in found["searched"][0]
    assert found["searched"][1] == f"{len(found['searched'][0])} of 12"
    assert found["none"] == [0, False]
    assert len(found["matched"]) == 4
    assert all(float(q) < 0.01 for q in found["matched"])
    assert found["strict"] == [q for q in found["matched"] if float(q) < 1e-6]


def test_a_row_opens_and_closes_its_panel(page, tmp_path):
    action = """
        const body = visible()[0];
        const state = () => [body.rows[1].offsetHeight > 100, body.querySelector(".opener").ariaExpanded];
        const states = [state()];
        body.rows[0].cells[4].click();
        states.push(state());
        body.querySelector(".opener").click();
        states.push(state());
        return [states, body.querySelectorAll(".panel-matches tbody tr").length];
    """
    states, matches = visit(page, tmp_path, action)
    assert states == [[False, "false"], [True, "true"], [False, "false"]]
    assert matches == 6


def test_the_switches_choose_method_and_seed(page, tmp_path):
    action = """
        const shown = () => [...new Set(visible().map((body) => body.dataset.run + body.dataset.method))];
        const seeds = () => all("[data-seed]:not([hidden])").map((item) => item.dataset.seed);
        const before = [shown(), seeds()];
        one('[data-switch="method"] button[value="softmax"]').click();
        one('[data-switch="seed"] button[value="2"]').click();
        return [before, [shown(), seeds()], all('[aria-pressed="true"]').map((button) => button.value)];
    """
    (first, seeds), (second, others), pressed = visit(page, tmp_path, action)
    assert (first, second) == (["1top"], ["2softmax"])
    assert set(seeds) == {"1"}
    assert set(others) == {"2"}
    assert pressed == ["2", "softmax"]


def test_a_link_opens_the_filter_it_names(page, tmp_path):
    action = """
        const body = document.getElementById("seed2-softmax-motif_scanner_000");
        const box = body.getBoundingClientRect();
        return [body.hidden, body.rows[1].hidden, box.top > 0 && box.top < innerHeight];
    """
    assert visit(page, tmp_path, action, "#seed2-softmax-motif_scanner_000") == [False, False, True]


def test_the_colours_follow_the_system_and_the_button(page, tmp_path):
    action = """
        const colour = () => getComputedStyle(document.body).backgroundColor;
        const colours = [colour()];
        for (let click = 0; click < 3; click += 1) {
          one("#theme").click();
          colours.push(colour());
        }
        return colours;
    """
    light, dark = "rgb(255, 255, 255)", "rgb(20, 23, 27)"
    assert visit(page, tmp_path, action) == [light, light, dark, light]
    flags = ["--blink-settings=preferredColorScheme=0"]
    assert visit(page, tmp_path, action, flags=flags) == [dark, light, dark, dark]


@pytest.mark.parametrize("width", [420, 800, 1280])
def test_wide_tables_scroll_inside_the_page(page, tmp_path, width):
    action = "return [document.documentElement.scrollWidth, innerWidth];"
    content, window = visit(page, tmp_path, action, width=width, flags=["--hide-scrollbars"])
    assert content <= window == width


def test_every_logo_has_its_symbol(page, tmp_path):
    action = 'return all("use").filter((use) => !one(use.getAttribute("href"))).length;'
    assert visit(page, tmp_path, action) == 0


def test_the_index_sorts(tmp_path):
    comparison = []
    for name, value in (("b", 0.9), ("a", 0.8), ("c", 0.7)):
        arguments = make_results(tmp_path / name, n=300, n_filters=0, name=name)
        table = read_table(arguments["results"] / "datasets/reb1/comparison.tsv")
        comparison.append(table[table["experiment"] == name].assign(value=value))
    experiments = [
        {"name": name, "task": "binary", "dataset": "reb1", "model": "m", "n": 1, "report": None}
        for name in "bac"
    ]
    path = tmp_path / "index.html"
    build_index(experiments, pd.concat(comparison), path)
    action = """
        const names = () => all("tbody th").map((cell) => cell.textContent);
        const start = names();
        all("thead button")[5].click();
        return [start, names()];
    """
    assert visit(path, tmp_path, action) == [["b", "a", "c"], ["c", "a", "b"]]
