"""Snakemake as ever, but it looks at the queue every second.

The plugin for SLURM waits 10 seconds longer after every look that found no job done; no option says
otherwise. Where a job takes five seconds, a run would mostly wait. The jobs start Snakemake as it is.
"""

import sys

from snakemake.cli import main
from snakemake_interface_executor_plugins.executors.remote import RemoteExecutor

PAUSE = RemoteExecutor.next_seconds_between_status_checks
RemoteExecutor.next_seconds_between_status_checks = PAUSE.setter(
    lambda executor, seconds: PAUSE.fset(executor, seconds and 1)
)

if __name__ == "__main__":
    sys.exit(main())
