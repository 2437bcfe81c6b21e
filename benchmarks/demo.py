"""What the demo's DAG costs beside the work of its jobs."""

import ast
import csv
import json
import os
import resource
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

from benchmarks.measure import ROOT, run_fresh

# Runs Snakemake in this process and tells its own CPU seconds from those of the jobs, its children.
LAUNCH = """
import atexit, json, resource, runpy, sys
def tell(path):
    used = {name: resource.getrusage(getattr(resource, "RUSAGE_" + name)) for name in ("SELF", "CHILDREN")}
    used = {name: use.ru_utime + use.ru_stime for name, use in used.items()}
    open(path, "w").write(json.dumps(used))
atexit.register(tell, sys.argv.pop(1))
runpy.run_module("snakemake", run_name="__main__")
"""


def run(folder):
    """Return the table of this benchmark.

    Parameters
    ----------
    folder : Path
        For the run; where this benchmark has run the demo there before, that run is read.

    Notes
    -----
    Snakemake's CPU time is compared with that of its jobs; what they spend on starting Python and importing
    is measured anew for every script. The wall time is compared with the time that the jobs, each as long
    as it took and on its threads, would need if they left no core idle.
    """
    folder = Path(folder).resolve()
    if not (folder / "used.json").exists():
        run_demo(folder)
    used = json.loads((folder / "used.json").read_text())
    jobs = read_jobs(folder / "results" / "benchmarks")
    rules = Counter(job["rule"] for job in jobs)
    starts = sum(start_seconds(rule) * count for rule, count in rules.items())
    filled = sum(job["seconds"] * min(job["threads"], used["cores"]) for job in jobs) / used["cores"]
    parts = [
        ("CPU: all jobs", used["CHILDREN"], used["CHILDREN"]),
        ("CPU: of it, starting Python and importing", starts, used["CHILDREN"]),
        ("CPU: Snakemake", used["SELF"], used["CHILDREN"]),
        ("wall: jobs, leaving no core idle", filled, filled),
        ("wall: the run", used["wall"], filled),
    ]
    rows = [{"part": part, "seconds": seconds, "ratio": seconds / whole} for part, seconds, whole in parts]
    return [(f"demo, {len(jobs)} jobs on {used['cores']} cores", rows)]


def run_demo(folder):
    """Run the demo in a folder, as `make demo` does, and leave what it used in used.json."""
    folder.mkdir(parents=True, exist_ok=True)
    arguments = ["--snakefile", ROOT / "Snakefile", "--profile", ROOT / "profiles/workstation"]
    arguments += ["--directory", folder, "--benchmark-extended", "--forceall"]
    began = time.perf_counter()
    command = [sys.executable, "-c", LAUNCH, folder / "cpu.json", *arguments]
    process = subprocess.run([*map(str, command)], cwd=folder, capture_output=True, text=True)
    if process.returncode:
        raise RuntimeError(f"the demo failed:\n{process.stderr[-3000:]}")
    used = json.loads((folder / "cpu.json").read_text())
    used |= {"wall": time.perf_counter() - began, "cores": os.cpu_count()}
    (folder / "used.json").write_text(json.dumps(used))


def read_jobs(folder):
    """Return the rule, seconds and threads of every job, from Snakemake's extended benchmark files."""
    rows = []
    for path in sorted(folder.rglob("*.tsv")):
        with open(path, newline="") as file:
            rows += csv.DictReader(file, delimiter="\t")
    return [
        {"rule": row["rule_name"], "seconds": float(row["s"]), "threads": int(row["threads"])} for row in rows
    ]


def start_seconds(rule):
    """Return the CPU seconds of a process that does no more than import what the script of a rule does."""
    tree = ast.parse((ROOT / "scripts" / f"{rule}.py").read_text())
    imports = [ast.unparse(node) for node in tree.body if isinstance(node, ast.Import | ast.ImportFrom)]
    return run_fresh("benchmarks.demo:start", {"code": "\n".join(imports)})["cpu_s"]


def start(code):
    """Start Python and run some code; importing what the script of a rule does is its jobs' first act."""
    yield
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True)
    yield
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    yield {"cpu_s": used.ru_utime + used.ru_stime}
