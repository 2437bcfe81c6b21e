"""What the demo's DAG costs beside the work of its jobs."""

import ast
import csv
import json
import os
import subprocess
import sys
import time
from pathlib import Path

from benchmarks.measure import ROOT, run_fresh

# Runs Snakemake in this process and tells its own CPU seconds from those of the jobs, its children.
LAUNCH = """
import atexit, json, resource, runpy, sys
def tell(path):
    used = {name: resource.getrusage(getattr(resource, "RUSAGE_" + name)) for name in ("SELF", "CHILDREN")}
    with open(path, "w") as file:
        json.dump({name: use.ru_utime + use.ru_stime for name, use in used.items()}, file)
atexit.register(tell, sys.argv.pop(1))
runpy.run_module("snakemake", run_name="__main__")
"""


def run(folder, *, finished=None):
    """Return the table of this benchmark.

    Parameters
    ----------
    folder : Path
        For the run.
    finished : path or None
        The folder of a demo that this benchmark ran before.

    Notes
    -----
    The jobs' own work is the CPU time of all their processes less that of starting Python and importing,
    which is measured anew for every script. In wall time, a run is compared with the time in which its
    jobs, each as long as it took and on its threads, would fill the cores without a gap.
    """
    folder = Path(finished or folder)
    if not finished:
        run_demo(folder)
    used = json.loads((folder / "used.json").read_text())
    jobs = read_jobs(folder / "results" / "benchmarks")
    starts = sum(start_seconds(rule) * count for rule, count in count_rules(jobs).items())
    work = used["CHILDREN"] - starts
    ideal = sum(job["seconds"] * min(job["threads"], used["cores"]) for job in jobs) / used["cores"]
    parts = [
        ("CPU: the jobs' own work", work, work),
        ("CPU: starting Python and importing", starts, work),
        ("CPU: Snakemake", used["SELF"], work),
        ("wall: jobs, if they filled the cores", ideal, ideal),
        ("wall: gaps, building the DAG", used["wall"] - ideal, ideal),
    ]
    rows = [{"part": part, "seconds": seconds, "ratio": seconds / whole} for part, seconds, whole in parts]
    return [(f"demo, {len(jobs)} jobs on {used['cores']} cores", rows)]


def run_demo(folder):
    """Run the demo in a folder, as `make demo` does, and leave what it used in used.json."""
    arguments = ["--snakefile", ROOT / "Snakefile", "--profile", ROOT / "profiles/workstation"]
    arguments += ["--directory", folder, "--benchmark-extended"]
    began = time.perf_counter()
    command = [sys.executable, "-c", LAUNCH, folder / "used.json", *arguments]
    process = subprocess.run([*map(str, command)], cwd=folder, capture_output=True, text=True)
    if process.returncode:
        raise RuntimeError(f"the demo failed:\n{process.stderr[-3000:]}")
    used = json.loads((folder / "used.json").read_text())
    used |= {"wall": time.perf_counter() - began, "cores": os.cpu_count()}
    (folder / "used.json").write_text(json.dumps(used))


def read_jobs(folder):
    """Return the rule, seconds and threads of every job, from Snakemake's extended benchmark files."""
    jobs = []
    for path in sorted(folder.rglob("*.tsv")):
        with open(path, newline="") as file:
            for row in csv.DictReader(file, delimiter="\t"):
                jobs.append(
                    {"rule": row["rule_name"], "seconds": float(row["s"]), "threads": int(row["threads"])}
                )
    return jobs


def count_rules(jobs):
    """Return how many jobs each rule had."""
    rules = [job["rule"] for job in jobs]
    return {rule: rules.count(rule) for rule in sorted(set(rules))}


def start_seconds(rule):
    """Return the CPU seconds of a process that does no more than import what the script of a rule does."""
    tree = ast.parse((ROOT / "scripts" / f"{rule}.py").read_text())
    imports = [ast.unparse(node) for node in tree.body if isinstance(node, ast.Import | ast.ImportFrom)]
    return run_fresh("benchmarks.demo:start", {"code": "\n".join(imports)})["cpu_s"]


def start(code):
    """Start Python and run some code; importing what the script of a rule does is its jobs' first act."""
    import resource

    yield
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True)
    yield
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    yield {"cpu_s": used.ru_utime + used.ru_stime}
