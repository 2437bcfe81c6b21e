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
from matplotlib.image import imread

from motifloom.io import read_table
from motifloom.report.format import number
from motifloom.report.index import build_index
from motifloom.report.page import TEMPLATES, build_experiment_page, load_experiment
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
const headings = all("#filter-table thead th");
const heading = (title) => headings.find((cell) => cell.querySelector(".sort")?.textContent === title);
const column = (title) => visible().map((body) => body.rows[0].cells[heading(title).cellIndex].dataset.v);
const panel = (body) => body.querySelector(".panel-inner");
const cards = (body) => [...panel(body).querySelectorAll("h4")].map((title) => title.firstChild.textContent);
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


def build(folder, **options):
    arguments = make_results(folder, n=300, **options)
    path = folder / "reb1-shallow" / "report.html"
    build_experiment_page(load_experiment(**arguments), path)
    return path


@pytest.fixture(scope="module")
def page(tmp_path_factory):
    """An experiment of two seeds and three classes with every analysis."""
    return build(tmp_path_factory.mktemp("results"), task="multiclass", seeds=(1, 2), analyses=True)


@pytest.fixture(scope="module")
def plain(tmp_path_factory):
    """An experiment without analyses of its filters."""
    return build(tmp_path_factory.mktemp("plain"))


def test_the_page_runs_its_script_and_loads_nothing(page, tmp_path):
    ready, loaded = visit(
        page,
        tmp_path,
        'return [document.documentElement.dataset.ready, performance.getEntriesByType("resource").length];',
    )
    assert (ready, loaded) == ("yes", 0)


def test_a_click_on_a_heading_sorts_and_another_turns_the_order(page, tmp_path):
    action = """
        heading("Sites").querySelector("button").click();
        const up = [column("Sites"), heading("Sites").ariaSort];
        heading("Sites").querySelector("button").click();
        return [up, [column("Sites"), heading("Sites").ariaSort]];
    """
    (up, first), (down, second) = visit(page, tmp_path, action)
    sites = [float(value) for value in up]
    assert sites == sorted(sites)
    assert len(set(sites)) > 5
    assert [float(value) for value in down] == sites[::-1]
    assert (first, second) == ("ascending", "descending")


@pytest.mark.parametrize("title", ["Importance", "Enrichment", "Position"])
def test_the_columns_of_the_analyses_sort_largest_first(page, tmp_path, title):
    action = f"""
        heading("Filter").querySelector("button").click();
        heading("{title}").querySelector(".sort").click();
        return column("{title}");
    """
    values = visit(page, tmp_path, action)
    found = [float(value) for value in values if value]
    assert values[-1] == ""
    assert len(found) == 11
    assert found == sorted(found, reverse=True)


def test_a_label_above_the_dots_sorts_by_its_class_in_every_method(page, tmp_path):
    action = """
        const button = all(".target")[1];
        button.click();
        const first = [button.textContent, button.ariaPressed, column("Enrichment")];
        one('[data-switch="method"] button[value="softmax"]').click();
        const second = column("Enrichment");
        one("#enrichment-head .sort").click();
        return [...first, second, button.ariaPressed, column("Enrichment")];
    """
    label, pressed, first, second, after, everything = visit(page, tmp_path, action)
    assert (label, pressed, after) == ("Spi1", "true", "false")
    table = read_table(page.parent / "seed1" / "filters" / "enrichment.tsv")
    table = table[(table["test"] == "mann_whitney") & (table["target"] == "Spi1")]
    wanted = sorted(table["auc"].dropna() - 0.5, reverse=True)
    assert [float(value) for value in first if value] == pytest.approx(wanted, abs=2e-3)
    assert second == first
    assert everything != first


def test_missing_values_stay_last_in_both_directions(page, tmp_path):
    action = """
        const button = heading("q").querySelector("button");
        button.click();
        const up = column("q");
        button.click();
        return [up, column("q")];
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
        const closed = one("#filter-q").disabled;
        type("#filter-which", "matched");
        const matched = visible().map((body) => body.dataset.q);
        type("#filter-q", "1e-6");
        return { start, searched, none, closed, matched, strict: visible().map((body) => body.dataset.q) };
    """
    found = visit(page, tmp_path, action)
    assert found["start"] == [12, "12 of 12"]
    assert "motif_scanner_003" in found["searched"][0]
    assert found["searched"][1] == f"{len(found['searched'][0])} of 12"
    assert found["none"] == [0, False]
    assert found["closed"]
    assert len(found["matched"]) == 4
    assert all(float(q) < 0.01 for q in found["matched"])
    assert found["strict"] == [q for q in found["matched"] if float(q) < 1e-6]


def test_rows_are_hidden_by_enrichment_and_importance(page, tmp_path):
    action = """
        const by = (which, q) => { type("#filter-which", which); type("#filter-q", q); return names(); };
        return [by("enriched", "0.001"), by("enriched:1", "0.001"), by("important", "0.001")];
    """
    anyone, spi1, important = visit(page, tmp_path, action)
    filters = page.parent / "seed1" / "filters"
    table = read_table(filters / "enrichment.tsv")
    rows = (table["test"] == "mann_whitney") & (table["auc"] > 0.5) & (table["q_value"] < 0.001)
    assert sorted(anyone) == sorted(set(table[rows]["filter"]))
    assert sorted(spi1) == sorted(table[rows & (table["target"] == "Spi1")]["filter"])
    table = read_table(filters / "importance.tsv")
    sure = (table["perturbation"] == "shuffle") & (table["metric"] == "auroc") & (table["ci_low"] > 0)
    assert sorted(important) == sorted(table[sure]["filter"])


def test_a_row_opens_and_closes_its_panel_with_every_plot(page, tmp_path):
    action = """
        const body = visible()[0];
        const opener = body.querySelector(".opener");
        const state = () => [body.rows.length, body.rows[1]?.offsetHeight > 100, opener.ariaExpanded];
        const states = [state()];
        body.rows[0].cells[3].click();
        states.push(state());
        const plots = (one) => one.querySelectorAll("svg, table, dl").length;
        const drawn = [...panel(body).querySelectorAll(".drawn")].map(plots);
        const result = [cards(body), drawn, panel(body).querySelectorAll("h4 a").length];
        opener.click();
        states.push(state());
        return [states, ...result];
    """
    states, cards, drawn, links = visit(page, tmp_path, action)
    assert states == [[1, False, "false"], [2, True, "true"], [2, False, "false"]]
    assert cards == [
        "Motif and sensitivity", "Activation by class", "Filter", "Significance", "Importance", "Enrichment",
        "Best window of each sequence", "Database matches", "Groups",
        "Activation along the sequence", "Similar filters", "Other seeds",
    ]  # fmt: skip
    assert len(drawn) == 11
    assert all(drawn)
    # Each links to its table.
    assert links == 12


def test_the_plots_of_a_panel_show_what_the_tables_hold(page, tmp_path):
    action = """
        const body = document.getElementById("seed1-top-motif_scanner_000");
        body.querySelector(".opener").click();
        const drawn = [...panel(body).querySelectorAll(".card")];
        const card = (title) => drawn.find((one) => one.querySelector("h4").textContent.startsWith(title));
        const texts = (title, what) => [...card(title).querySelectorAll(what)].map((one) => one.textContent);
        return {
          cells: card("Motif").querySelectorAll("rect > title").length,
          boxes: card("Activation by").querySelectorAll("rect.box").length,
          lines: card("Activation along").querySelectorAll("path.line title").length,
          legend: texts("Best window", ".legend span"),
          importance: texts("Importance", "circle.mean").length,
          tests: texts("Enrichment", ":scope tbody td:nth-child(3)"),
          matches: card("Database").querySelectorAll(":scope tbody tr").length,
          similar: texts("Similar", ":scope tbody th"),
        };
    """
    found = visit(page, tmp_path, action)
    filters = page.parent / "seed1" / "filters"
    assert found["cells"] == 15 * 4
    assert found["boxes"] == found["lines"] == 3
    assert len(found["legend"]) == 3
    assert found["importance"] == 6
    table = read_table(filters / "enrichment.tsv")
    rows = table[(table["filter"] == "motif_scanner_000") & (table["test"] == "mann_whitney")]
    assert [float(text) for text in found["tests"]] == pytest.approx(list(rows["auc"]), abs=0.006)
    assert found["matches"] == 6
    pairs = read_table(filters / "redundancy.tsv")
    pairs = pairs[(pairs["compared"] == "kernel") & (pairs["filter_a"] == "motif_scanner_000")]
    assert found["similar"][0] == pairs.loc[pairs["similarity"].idxmax(), "filter_b"]


def test_a_panel_tells_of_the_group_and_where_windows_lie(page, tmp_path):
    action = """
        const texts = (node, what) => [...node.querySelectorAll(what)].map((found) => found.textContent);
        const of = (name) => {
          const body = document.getElementById(`seed1-top-${name}`);
          body.querySelector(".opener").click();
          const drawn = [...panel(body).querySelectorAll(".card")];
          const card = (title) => drawn.find((one) => one.querySelector("h4").textContent.startsWith(title));
          return {
            lines: texts(card("Importance"), ".with-group"),
            links: [...card("Importance").querySelectorAll(".with-group a")].map((link) => link.href),
            axis: card("Activation along").textContent,
            groups: texts(card("Groups"), "tbody th"),
            facts: card("Filter").textContent,
            mark: body.rows[0].querySelector(".of-group")?.title ?? null,
          };
        };
        const table = one(".groups table");
        return [of("motif_scanner_000"), of("motif_scanner_003"), of("motif_scanner_008"),
          [...table.tBodies[0].rows].map((row) => [texts(row, "th")[0], row.querySelectorAll("a").length]),
          [...table.querySelectorAll("a")].every((link) => document.getElementById(link.hash.slice(1)))];
    """
    first, second, alone, rows, found = visit(page, tmp_path, action)
    assert len(first["lines"]) == len(first["links"]) == 6
    table = read_table(page.parent / "seed1" / "filters" / "importance.groups.tsv", dtype={"group": str})
    own = table[(table["group"] == "1") & (table["metric"] == "loss")].iloc[0]
    assert "with its 2 near-copies (redundant group 1): +" in first["lines"][0]
    assert f"+{own['importance']:.3f} [{own['ci_low']:.3f}, " in first["lines"][0]
    assert "rank 1 of 2 groups" in first["lines"][0]
    assert first["links"][0].endswith("importance.groups.tsv")
    assert "Redundant (group 1)" in first["groups"]
    assert "with its near-copy (redundant group 2)" in second["lines"][0]
    assert "middle of the window, from the centre (bp)" in first["axis"]
    assert "2 (2 filters)" in second["facts"]
    assert (alone["lines"], alone["mark"]) == ([], None)
    assert "Redundant" in alone["groups"]
    assert rows == [["1", 3], ["2", 2]]
    assert found


def test_a_silent_filter_has_a_panel(page, tmp_path):
    action = """
        const body = document.getElementById("seed1-top-motif_scanner_011");
        body.querySelector(".opener").click();
        return panel(body).textContent;
    """
    text = visit(page, tmp_path, action)
    assert "never fires" in text
    assert "NaN" not in text
    assert "undefined" not in text


@pytest.mark.parametrize(
    "options", [{"task": "regression"}, {"task": "multilabel", "coordinates": False}, {}]
)
def test_every_panel_of_every_task_opens(tmp_path, options):
    path = build(tmp_path / "results", analyses=True, n_filters=5, **options)
    action = """
        all(".filter .opener").forEach((button) => button.click());
        const texts = visible().map((body) => panel(body).textContent);
        return [texts.join(" "), headings.map((cell) => cell.textContent).join(" ")];
    """
    text, titles = visit(path, tmp_path, action)
    assert not any(word in text for word in ("NaN", "undefined", "[object"))
    assert ("Correlation" in titles) == (options.get("task") == "regression")


def test_a_page_without_analyses_has_no_columns_for_them(plain, tmp_path):
    action = """
        const body = visible()[0];
        body.querySelector(".opener").click();
        return [headings.map((cell) => cell.textContent), cards(body)];
    """
    titles, cards = visit(plain, tmp_path, action)
    assert titles == ["Filter", "Motif and best match", "Sites", "Threshold", "Bits", "Best match", "q"]
    assert cards == ["Motif", "Filter", "Database matches"]


def test_names_from_files_stay_text_in_panels(tmp_path):
    nasty = "<img src=x onerror=alert(1)>\"'&%41"
    arguments = make_results(tmp_path, task="multiclass", n=300, analyses=True, n_filters=4)
    report = load_experiment(**arguments)
    run = report.runs[0]
    rename = {"motif_scanner_000": nasty}
    for method, motifs in run.motifs.items():
        run.motifs[method] = {rename.get(name, name): motif for name, motif in motifs.items()}
    for table in (run.summary, run.matches, *run.tables.values()):
        for name in ("filter", "filter_a", "filter_b"):
            if name in table:
                table[name] = table[name].astype(object).replace(rename)
        for name in ("target", "top_target"):
            if name in table:
                table[name] = table[name].astype(object).replace({"CTCF": nasty})
    run.matches["motif_name"] = nasty
    report.classes[0] = nasty
    report.regions = report.regions.rename(columns={"target.CTCF": f"target.{nasty}"})
    path = tmp_path / "report.html"
    build_experiment_page(report, path)
    action = """
        const body = visible().find((one) => one.querySelector(".opener").textContent.startsWith("<img"));
        body.querySelector(".opener").click();
        return [all("img").length, body.querySelector(".opener").textContent, panel(body).textContent];
    """
    images, name, text = visit(path, tmp_path, action)
    assert (images, name) == (0, nasty)
    assert text.count(nasty) > 3


def test_the_switches_choose_method_and_seed(page, tmp_path):
    action = """
        const shown = () => [...new Set(visible().map((body) => body.dataset.run + body.dataset.method))];
        const seeds = () => all("[data-seed]:not([hidden])").map((item) => item.dataset.seed);
        const before = [shown(), seeds(), names().length];
        one('[data-switch="method"] button[value="softmax"]').click();
        one('[data-switch="seed"] button[value="2"]').click();
        const after = [shown(), seeds(), names().length];
        visible()[0].querySelector(".opener").click();
        const facts = panel(visible()[0]).querySelector(".facts").textContent;
        const pressed = all('[aria-pressed="true"]').map((button) => button.value);
        return [before, after, pressed, facts];
    """
    (first, seeds, n), (second, others, m), pressed, facts = visit(page, tmp_path, action)
    assert (first, second) == (["1top"], ["2softmax"])
    assert n == m == 12
    assert set(seeds) == {"1"}
    assert set(others) == {"2"}
    assert {"2", "softmax"} <= set(pressed)
    assert "Methodsoftmax" in facts
    assert "Seed2" in facts


def test_the_order_of_the_rows_holds_for_methods_shown_later(page, tmp_path):
    action = """
        heading("Filter").querySelector("button").click();
        heading("Filter").querySelector("button").click();
        one('[data-switch="method"] button[value="softmax"]').click();
        return names();
    """
    found = visit(page, tmp_path, action)
    assert found == sorted(found, reverse=True)


def test_a_link_opens_the_filter_it_names(page, tmp_path):
    action = """
        const body = document.getElementById("seed2-softmax-motif_scanner_000");
        const box = body.getBoundingClientRect();
        return [body.hidden, body.rows[1].hidden, box.top > 0 && box.top < innerHeight];
    """
    assert visit(page, tmp_path, action, "#seed2-softmax-motif_scanner_000") == [False, False, True]


def test_links_inside_panels_and_of_stable_motifs_lead_to_rows(page, tmp_path):
    action = """
        visible()[0].querySelector(".opener").click();
        const links = [...all(".panel a[href^='#']"), ...all("#stability a[href^='#']")];
        const templates = all("template");
        return [links.length, links.filter((link) => {
          const id = decodeURIComponent(link.hash.slice(1));
          return !document.getElementById(id) && !templates.some((one) => one.content.getElementById(id));
        }).map((link) => link.hash)];
    """
    count, broken = visit(page, tmp_path, action)
    assert count > 20
    assert broken == []


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
    action = """
        visible()[0].querySelector(".opener").click();
        return [document.documentElement.scrollWidth, innerWidth];
    """
    content, window = visit(page, tmp_path, action, width=width, flags=["--hide-scrollbars"])
    assert content <= window == width


@pytest.mark.parametrize(
    ("content", "scrolled", "left", "right"),
    [(200, 0, False, False), (600, 0, False, True), (600, 200, True, True), (600, 400, True, False)],
)
def test_a_shade_says_where_a_wide_table_goes_on(tmp_path, content, scrolled, left, right):
    style = (TEMPLATES / "style.css").read_text()
    (tmp_path / "wide.html").write_text(
        f"<!DOCTYPE html><style>{style}</style><div class='scroll' style='width: 200px; margin: 0'>"
        f"<div style='width: {content}px; height: 40px'></div></div>"
        f"<script>document.querySelector('.scroll').scrollLeft = {scrolled}</script>"
    )
    options = [option for option in OPTIONS if option != "--dump-dom"]
    options += ["--hide-scrollbars", "--window-size=500,200", f"--user-data-dir={tmp_path / 'profile'}"]
    shot = tmp_path / "wide.png"
    command = [CHROMIUM, *options, f"--screenshot={shot}", f"file://{tmp_path / 'wide.html'}"]
    subprocess.run(command, capture_output=True, timeout=120, check=True)
    row = imread(shot)[20, :, 0]
    page_colour = row[300]
    assert row[100] == page_colour
    assert (row[1] < page_colour - 0.1, row[198] < page_colour - 0.1) == (left, right)


def test_on_paper_tables_fit_and_headings_are_no_buttons(page, tmp_path):
    """A next page repeats of a heading only what stands in the text as it is."""
    paper = tmp_path / "paper.html"
    text = page.read_text()
    assert text.count("@media print") == 1
    paper.write_text(text.replace("@media print", "@media all"))
    action = """
        const style = (item) => getComputedStyle(item);
        const labels = all("#filter-table .slanted span");
        const tables = all("#performance .scroll, #data .scroll").filter((item) => item.offsetParent);
        return {
          buttons: [...new Set(all("thead button").map((item) => style(item).display))],
          moved: labels.filter((item) => [item, item.closest(".slanted"), item.closest("th")].some((one) =>
            style(one).position !== "static" || style(one).transform !== "none")).length,
          labels: labels.map((item) => item.textContent),
          stuck: all("thead th").filter((item) => style(item).position === "sticky").length,
          shades: tables.filter((item) => style(item).backgroundImage !== "none").length,
          wide: tables.filter((item) => item.scrollWidth > item.clientWidth).map((item) => item.textContent),
          tables: tables.length,
        };
    """
    found = visit(paper, tmp_path, action, width=718)
    assert found["tables"] > 3 and found["labels"] == ["CTCF", "Spi1", "background"]
    assert (found["buttons"], found["moved"], found["stuck"], found["shades"]) == (["contents"], 0, 0, 0)
    assert found["wide"] == []


def test_panels_and_tables_round_alike(page, tmp_path):
    values = [0.8675, 0.8674999999, 0.8725, 0.8825, -0.0125, 12.3455, 999.9996, 0, 0.00614, 0.006, 2.5e-7]
    values += [9.9999e-5, 1e-5, 1000, 1234567, 3e20]
    action = f"return {json.dumps(values)}.map((value) => [charts.number(value), charts.number(value, 2)]);"
    assert visit(page, tmp_path, action) == [[number(value), number(value, 2)] for value in values]


def test_every_logo_has_its_symbol(page, tmp_path):
    action = 'return all("use").filter((use) => !one(use.getAttribute("href"))).length;'
    assert visit(page, tmp_path, action) == 0


def test_three_hundred_filters_of_eighteen_classes_open_quickly(tmp_path):
    classes = [f"class {i}" for i in range(18)]
    path = build(tmp_path / "results", task="multiclass", classes=classes, n_filters=300, analyses=True)
    assert path.stat().st_size < 15e6
    action = """
        document.body.offsetHeight;
        const first = performance.now();
        visible()[5].querySelector(".opener").click();
        const opened = performance.now();
        heading("Importance").querySelector(".sort").click();
        document.body.offsetHeight;
        return [visible().length, first, opened - first, performance.now() - opened];
    """
    rows, first, opened, sorted_ = visit(path, tmp_path, action)
    assert rows == 300
    size = path.stat().st_size / 1e6
    print(f"{size:.1f} MB; first view {first:.0f} ms, panel {opened:.0f} ms, sort {sorted_:.0f} ms")


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
        const found = [names()];
        for (const place of [5, 0]) {
          all("thead button")[place].click();
          found.push(names());
        }
        return found;
    """
    found = [[name.removesuffix("no page") for name in names] for names in visit(path, tmp_path, action)]
    assert found == [["b", "a", "c"], ["c", "a", "b"], ["a", "b", "c"]]
