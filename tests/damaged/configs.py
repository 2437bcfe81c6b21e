"""The config: YAML and JSON."""

# ruff: noqa: E501  (messages as they are)

import json

import yaml
from damaged.makers import BOM

VALID = """
datasets:
  d:
    task: binary
    genome: genome.fa
    sources:
      - {intervals: peaks.bed, target: 1}
      - {negatives: random, target: 0}
    window: {length: 40}
models: {m: {baseline: gc}}
experiments: {e: {dataset: d, model: m}}
"""


def named(block, name, value="{dataset: d, model: m}"):
    """Return the config with one more name in a block."""
    blocks = {"experiments": "experiments: {", "models": "models: {", "datasets": "datasets:\n"}
    if block == "datasets":
        return VALID.replace("  d:\n", f"  {name}:\n").replace("dataset: d", f"dataset: {name}")
    if block not in blocks:
        return VALID + f"{block}: {{{name}: {value}}}\n"
    return VALID.replace(blocks[block], f"{blocks[block]}{name}: {value}, ")


LAUGHS = "a: &a [x, x, x, x, x, x, x, x, x, x]\n" + "".join(
    f"{new}: &{new} [{', '.join([f'*{old}'] * 10)}]\n"
    for old, new in zip("abcdefghi", "bcdefghij", strict=True)
)
SIMULATION = "{motifs: known.meme, planted: [x]}"
SWEEP = "{experiment: e, parameters: {training.epochs: {values: [1, 2]}}}"

FORMAT = "Config (YAML, JSON)"
FILES = {
    ("config", "config.yaml"): [
        ("valid", VALID, ["valid"]),
        ("no bytes", "", ": the file is empty"),
        ("a byte order mark", BOM + VALID.encode(), ["valid"]),
        ("line ends of Windows", VALID.replace("\n", "\r\n"), ["valid"]),
        (
            "UTF-16",
            VALID.encode("utf-16"),
            ", line 1: this is text in UTF-16; save it as UTF-8; a config is YAML or JSON",
        ),
        (
            "Latin-1",
            VALID.replace("peaks", "é").encode("latin-1"),
            ", line 7: this is not a text file (UTF-8); a config is YAML or JSON",
        ),
        (
            "a NUL byte",
            VALID.replace("peaks", "\0"),
            ", line 7: this is not a text file (UTF-8); a config is YAML or JSON",
        ),
        (
            "a list",
            "- 1\n- 2\n",
            ": the config is a list, not a mapping; it needs the keys datasets, models and experiments",
        ),
        (
            "a word",
            "config\n",
            ": the config is a str, not a mapping; it needs the keys datasets, models and experiments",
        ),
        (
            "a tab",
            VALID.replace("    task", "\ttask"),
            ", line 4: not valid YAML: found character '\\t' that cannot start any token",
        ),
        (
            "a bracket that is not closed",
            VALID.replace("[", "[[").replace("{length: 40}", "{length: 40"),
            ", line 10: not valid YAML: expected ',' or '}', but got ':'",
        ),
        ("two documents", VALID + "---\na: 1\n", ", line 12: not valid YAML: but found another document"),
        (
            "a key twice",
            VALID.replace("models:", "datasets: {}\nmodels:"),
            ", line 10: not valid YAML: the key datasets stands in line 2 already; keep one",
        ),
        (
            "an experiment twice",
            named("experiments", "e"),
            ", line 11: not valid YAML: the key e stands in line 11 already; keep one",
        ),
        (
            "names that differ by case",
            named("experiments", "E"),
            ": experiments has E and e, which are one folder on some disks; rename one",
        ),
        (
            "a merge key over a key",
            VALID.replace("{length: 40}", "{<<: {length: 30}, length: 40}"),
            ["valid"],
        ),
        (
            "an anchor that repeats itself",
            VALID + "evaluation: &x {bootstrap: *x}\n",
            ": evaluation.bootstrap.bootstrap.bootstrap.bootstrap.bootstrap.bootstrap.bootstrap: goes on for more than 50 levels; does an anchor (&) repeat itself?",
        ),
        (
            "anchors that explode",
            LAUGHS + VALID.replace("target: 1", "target: *j"),
            ": datasets.d.sources[0].target[9][9][9]: is among more than 100,000 values; does an anchor (&) repeat itself?",
        ),
        ("an alias of nothing", VALID + "seed: *x\n", ", line 12: not valid YAML: found undefined alias 'x'"),
        (
            "1,000 brackets",
            "a: " + "[" * 1000,
            ": brackets in brackets without end; is the file what it should be?",
        ),
        (
            "100 levels",
            VALID + "evaluation: " + "[" * 100 + "]" * 100 + "\n",
            ": evaluation[0][0][0][0][0][0][0]: goes on for more than 50 levels; does an anchor (&) repeat itself?",
        ),
        (
            "a tag that would run a command",
            VALID + "seed: !!python/object/apply:os.system [touch ran]\n",
            ", line 12: not valid YAML: could not determine a constructor for the tag 'tag:yaml.org,2002:python/object/apply:os.system'",
        ),
        (
            "a tag that names a function",
            VALID + "seed: !!python/name:os.system\n",
            ", line 12: not valid YAML: could not determine a constructor for the tag 'tag:yaml.org,2002:python/name:os.system'",
        ),
        (
            "a tag that makes an object",
            VALID + "seed: !!python/object:os.stat_result {}\n",
            ", line 12: not valid YAML: could not determine a constructor for the tag 'tag:yaml.org,2002:python/object:os.stat_result'",
        ),
        (
            "a tag of one's own",
            VALID + "seed: !mine 3\n",
            ", line 12: not valid YAML: could not determine a constructor for the tag '!mine'",
        ),
        (
            "a tuple",
            VALID + "seed: !!python/tuple [1]\n",
            ", line 12: not valid YAML: could not determine a constructor for the tag 'tag:yaml.org,2002:python/tuple'",
        ),
        (
            "a date for a number",
            VALID + "seed: 2020-02-01\n",
            ": seed: datetime.date(2020, 2, 1) should be a valid integer",
        ),
        ("a date that is none", VALID + "seed: 2020-13-45\n", ": not valid YAML: month must be in 1..12"),
        (
            "bytes for text",
            VALID.replace("peaks.bed", "!!binary aGVsbG8="),
            ": datasets.d.sources[0].intervals: b'hello' should be a valid string",
        ),
        (
            "a number of 5,000 digits",
            VALID + f"seed: {'9' * 5000}\n",
            ": not valid YAML: Exceeds the limit (4300 digits) for integer string conversion",
        ),
        (
            "a number of 5,000 hexadecimal digits",
            VALID + f"seed: 0x{'f' * 5000}\n",
            ": seed: has a number of too many digits",
        ),
        (
            "an infinite number",
            VALID + "evaluation: {bootstrap: .inf}\n",
            ": evaluation.bootstrap: inf should be a valid integer",
        ),
        (
            "a number as text",
            VALID.replace("40", "'40'"),
            ": datasets.d.window.length: '40' should be a valid integer",
        ),
        (
            "a number as text with an exponent",
            VALID + "evaluation: {bootstrap: 1e2}\n",
            ": evaluation.bootstrap: '1e2' should be a valid integer",
        ),
        (
            "yes for a number",
            VALID.replace("40", "yes"),
            ": datasets.d.window.length: True should be a valid integer",
        ),
        (
            "a word for a block",
            VALID.replace("{length: 40}", "40"),
            ": datasets.d.window: 40 is no mapping; write keys and values under it",
        ),
        (
            "a list for a block",
            VALID.replace("models: {m: {baseline: gc}}", "models: [m]"),
            ": models: ['m'] is no mapping; write keys and values under it",
        ),
        (
            "a block for a word",
            VALID.replace("task: binary", "task: {binary: yes}"),
            ": datasets.d.task: {'binary': True} is not one of 'binary', 'multiclass', 'multilabel' or 'regression'",
        ),
        (
            "nothing for a block",
            VALID.replace("{m: {baseline: gc}}", ""),
            ": models: None is no mapping; write keys and values under it",
        ),
        (
            "a block without an entry",
            VALID.replace("{m: {baseline: gc}}", "{}"),
            ": models: is empty; give at least one",
        ),
        (
            "an unknown key",
            VALID.replace("window:", "windows:"),
            ": datasets.d.windows: unknown key; did you mean 'window'?",
        ),
        (
            "an unknown key at the top",
            VALID + "output: /srv/elsewhere\n",
            ": output: unknown key; known keys: seed, simulations, datasets, models, experiments, sweeps, evaluation, interpretation, tracking",
        ),
        ("a missing key", VALID.replace("task: binary", ""), ": datasets.d.task: missing; add it"),
        (
            "a word that is none of the known",
            VALID.replace("binary", "binry"),
            ": datasets.d.task: 'binry' is not one of 'binary', 'multiclass', 'multilabel' or 'regression'; did you mean 'binary'?",
        ),
        (
            "a name with /",
            named("experiments", "a/b"),
            ": experiments.a/b: 'a/b' is no valid name; use letters, digits, _ and - only",
        ),
        (
            "a name that climbs",
            named("experiments", "../../up"),
            ": experiments.../../up: '../../up' is no valid name; use letters, digits, _ and - only",
        ),
        (
            "an absolute name",
            named("experiments", "/srv/x"),
            ": experiments./srv/x: '/srv/x' is no valid name; use letters, digits, _ and - only",
        ),
        (
            "a name from home",
            named("experiments", "~root"),
            ": experiments.~root: '~root' is no valid name; use letters, digits, _ and - only",
        ),
        (
            "~ alone, which YAML reads as nothing",
            named("experiments", "~"),
            ": experiments.None: None is no text; write it in quotes",
        ),
        (
            "a name with a space",
            named("experiments", "a b"),
            ": experiments.a b: 'a b' is no valid name; use letters, digits, _ and - only",
        ),
        (
            "a name with shell characters",
            named("experiments", "$(touch ran)"),
            ": experiments.$(touch ran): '$(touch ran)' is no valid name; use letters, digits, _ and - only",
        ),
        (
            "a name with HTML",
            named("experiments", "<script>alert(1)</script>"),
            ": experiments.<script>alert(1)</script>: '<script>alert(1)</script>' is no valid name; use letters, digits, _ and - only",
        ),
        (
            "a name with a newline",
            named("experiments", '"a\\nb"'),
            ": experiments: 'a\\nb' holds a line break or another control character; write it on one line",
        ),
        (
            "a name with a newline at its end",
            named("experiments", '"a\\n"'),
            ": experiments: 'a\\n' holds a line break or another control character; write it on one line",
        ),
        (
            "a hidden name",
            named("experiments", ".a"),
            ": experiments..a: '.a' is no valid name; use letters, digits, _ and - only",
        ),
        (
            "a name like an option",
            named("experiments", "-rf"),
            ": experiments.-rf: '-rf' is no valid name; use letters, digits, _ and - only",
        ),
        (
            "an empty name",
            named("experiments", '""'),
            ": experiments.: '' is no valid name; use letters, digits, _ and - only",
        ),
        (
            "a number for a name",
            named("experiments", "1"),
            ": experiments[1]: 1 is no text; write it in quotes",
        ),
        (
            "no for a name",
            named("experiments", "no"),
            ": experiments[0]: False is no text; write it in quotes",
        ),
        (
            "a name of 61 letters",
            named("experiments", "a" * 61),
            ": experiments.aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa: 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa' String should have at most 60 characters",
        ),
        ("a name of 60 letters", named("experiments", "a" * 60), ["valid"]),
        (
            "a name with an accent",
            named("experiments", "é"),
            ": experiments.é: 'é' is no valid name; use letters, digits, _ and - only",
        ),
        (
            "a name that results/ has another use for",
            named("experiments", "Datasets"),
            ": experiments.Datasets: results/Datasets has another use; choose another name",
        ),
        (
            "a dataset that climbs",
            named("datasets", "../d"),
            ": datasets.../d: '../d' is no valid name; use letters, digits, _ and - only\nconfig.yaml: experiments.e.dataset: '../d' is no valid name; use letters, digits, _ and - only",
        ),
        (
            "a model that climbs",
            named("models", "../m", "{baseline: gc}"),
            ": models.../m: '../m' is no valid name; use letters, digits, _ and - only",
        ),
        (
            "a simulation that climbs",
            named("simulations", "../s", SIMULATION),
            ": simulations.../s: '../s' is no valid name; use letters, digits, _ and - only",
        ),
        (
            "a sweep that climbs",
            named("sweeps", "../s", SWEEP),
            ": sweeps.../s: '../s' is no valid name; use letters, digits, _ and - only\nconfig.yaml: sweeps.../s has method: random, which needs trials:, a number",
        ),
        (
            "a source that climbs",
            VALID.replace("{intervals", "{name: ../x, intervals"),
            ": datasets.d.sources[0].name: '../x' is no valid name; use letters, digits, _ and - only",
        ),
        (
            "a class with HTML",
            VALID.replace("task: binary", "task: binary\n    classes: ['<b>', '&']"),
            ": datasets.d.classes[0]: '<b>' is no valid name; use letters, digits, _ and - only\nconfig.yaml: datasets.d.classes[1]: '&' is no valid name; use letters, digits, _ and - only",
        ),
        (
            "a class with a newline",
            VALID.replace("task: binary", 'task: binary\n    classes: ["a\\nb", c]'),
            ": datasets.d.classes[0]: 'a\\nb' holds a line break or another control character; write it on one line",
        ),
        (
            "a class of a lone surrogate",
            VALID.replace("task: binary", 'task: binary\n    classes: ["\\ud800", c]'),
            ": datasets.d.classes[0]: '\\ud800' holds a line break or another control character; write it on one line",
        ),
        (
            "a path with a NUL byte",
            VALID.replace("peaks.bed", '"a\\0b"'),
            ": datasets.d.sources[0].intervals: 'a\\x00b' holds a line break or another control character; write it on one line",
        ),
        (
            "a path of 300 letters",
            VALID.replace("peaks.bed", "a" * 300),
            ": datasets.d.sources[0].intervals: 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa'... has 300 letters, more than a name may have; shorten it",
        ),
        (
            "a path of 10,000 letters",
            VALID.replace("peaks.bed", "a/" * 5000),
            ": datasets.d.sources[0].intervals: 'a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/a/'... has 10,000 letters, more than a name may have; shorten it",
        ),
        (
            "a project of W&B that climbs",
            VALID + "tracking: {wandb: {project: ../../x}}\n",
            ": tracking.wandb.project: '../../x' is no valid name; use letters, digits, _ and - only",
        ),
    ],
    ("config", "config.json"): [
        ("JSON", json.dumps(yaml.safe_load(VALID)), ["valid"]),
        (
            "JSON with a key twice",
            '{"seed": 1, "seed": 2}',
            ": not valid JSON: the key seed stands twice in one mapping; keep one",
        ),
        (
            "JSON with a comma too many",
            '{"seed": 1,}',
            ", line 1: not valid JSON: ...",
        ),
        ("JSON cut off", '{"seed": ', ", line 2: not valid JSON: Expecting value"),
    ],
}
