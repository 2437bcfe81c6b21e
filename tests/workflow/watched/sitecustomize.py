"""Write down, at the end of every job, how many threads its libraries take.

Python runs this at its start where PYTHONPATH names the folder.
"""

import atexit
import json
import os
import sys


def tell():
    import threadpoolctl

    job = sys.modules["__main__"].snakemake
    found = {pool["prefix"]: pool["num_threads"] for pool in threadpoolctl.threadpool_info()}
    if tf := sys.modules.get("tensorflow"):
        found["tensorflow"] = tf.config.threading.get_intra_op_parallelism_threads()
    if numba := sys.modules.get("numba"):
        found["numba"] = numba.config.NUMBA_NUM_THREADS
    line = {"rule": job.rule, "wildcards": dict(job.wildcards.items())}
    line |= {"threads": job.threads, "taken": found}
    with open(os.environ["WATCHED"], "a") as stream:
        stream.write(json.dumps(line) + "\n")


if any("/.snakemake/scripts/" in argument for argument in sys.orig_argv):
    atexit.register(tell)
