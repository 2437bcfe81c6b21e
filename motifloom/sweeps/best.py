"""The best trial of a sweep as a config."""

import yaml

from motifloom.errors import UserError
from motifloom.sweeps.edit import derive_config
from motifloom.sweeps.trials import best_trial


def best_config(config, name, sweep, records, *, locate=str, path="best.yaml"):
    """Return the text of a config in which the best trial is an ordinary experiment.

    Parameters
    ----------
    config : dict
        The whole config as the user wrote it.
    name : str
        Of the sweep.
    sweep : motifloom.config.sweeps.Sweep
    records : sequence of dict
        Of all trials.
    locate : callable
        Turns a path of the config into one that can be opened.
    path : str
        Of the file, for its first lines.

    Returns
    -------
    str
        YAML: the config without sweeps, with the experiment `{experiment}-{name}` and its model.

    Raises
    ------
    UserError
        If no trial is complete.
    """
    best = best_trial(records, sweep.metric.sign)
    if best is None:
        reasons = [trial["message"] for trial in records if trial["message"]]
        raise UserError(
            f"sweeps.{name}: no trial is complete; {reasons[0] if reasons else 'all were given up'}"
        )
    content = {key: value for key, value in config.items() if key != "sweeps"}
    content = derive_config(content, name, sweep, best["parameters"], locate)
    head = [
        f"Trial {best['trial']} of sweep {name}, the best of {len(records)}: "
        f"{sweep.metric.name} {best['value']:.6g} on the validation part.",
        f"Experiment {sweep.experiment}-{name} trains it: snakemake --configfile {path}",
    ]
    lines = "".join(f"# {line}\n" for line in head)
    return f"{lines}\n{yaml.safe_dump(content, sort_keys=False, allow_unicode=True, width=110)}"
