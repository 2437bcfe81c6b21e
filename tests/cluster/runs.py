"""Running Snakemake on a cluster, and watching what it does there."""

import signal
import subprocess
import sys
import time
from pathlib import Path

import yaml
from runner import ROOT

HASTY = Path(__file__).with_name("hasty.py")
SHARES = ["--set-scatter", "filters=2"]


class Guarded(subprocess.Popen):
    """A process that does not outlive its block."""

    def __exit__(self, *error):
        if self.poll() is None:
            self.kill()
        return super().__exit__(*error)


def submit(cluster, folder, config, *arguments):
    """Start Snakemake with the profile for SLURM; what it says goes to run.log."""
    (folder / "config.yaml").write_text(yaml.safe_dump(config, sort_keys=False))
    command = [sys.executable, HASTY, "--snakefile", ROOT / "Snakefile", "--directory", folder]
    command += ["--profile", ROOT / "profiles/slurm", "--configfile", folder / "config.yaml", *SHARES]
    command += ["--slurm-init-seconds-before-status-checks", "1", *arguments]
    with (folder / "run.log").open("w") as log:
        return Guarded(
            command, cwd=folder, env=cluster.environment, stdout=log, stderr=log, preexec_fn=_heed_interrupts
        )


def _heed_interrupts():
    """Undo what a shell does to what it starts in the background: Ctrl-C would be ignored."""
    signal.signal(signal.SIGINT, signal.SIG_DFL)


def wait_for(process, look):
    """Wait until `look` returns something true, while the process lives."""
    while not (seen := look()):
        assert process.poll() is None, "the run ended before"
        time.sleep(0.3)
    return seen


def find_running(cluster, comment):
    """Return the record of a running job, of those with a comment that begins so."""
    jobs = [job for job in cluster.jobs() if job.get("Comment", "").startswith(comment)]
    return next((job for job in jobs if job["JobState"] == "RUNNING"), None)
