"""Check specs against the datasets they are for, in a process of its own.

    python -m motifloom.models.check < jobs.json

reads a JSON list of objects with `spec` (content or path), `where`, `length`, `alphabet_size`, `task`,
`n_targets`, and perhaps `training`, `training_path`, `classes` and `embedded` (other keys are left alone),
and writes one JSON list: null for each that is fine, else the message. Nothing else goes to standard output.
"""

import json
import os
import sys

from motifloom.errors import UserError

KEYS = ("where", "length", "alphabet_size", "task", "n_targets", "training", "training_path", "classes")
KEYS += ("embedded",)


def check_jobs(jobs):
    """Return a message, or None where all is well, for each job."""
    from motifloom.models.names import first_line
    from motifloom.models.spec import check_spec

    messages = []
    for job in jobs:
        try:
            check_spec(job["spec"], **{key: job[key] for key in KEYS if key in job})
            messages.append(None)
        except UserError as error:
            messages.append(str(error))
        except Exception as error:
            # Whatever a damaged spec makes Keras raise, the message must name the spec.
            messages.append(
                f"{job['where']}: Keras cannot build it ({type(error).__name__}: {first_line(error)})"
            )
    return messages


if __name__ == "__main__":
    answer = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # whatever else is written, by processes that a builder starts, too
    result = check_jobs(json.load(sys.stdin))
    json.dump(result, answer)
    answer.close()
