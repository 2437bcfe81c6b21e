"""Which hyper-parameters a trial gets: a function of the sweep, its number and what earlier ones found."""

import warnings

from motifloom.extras import require
from motifloom.randomness import derive_seed, generator
from motifloom.sweeps.space import grid_point, index_of, position_of, value_at

STARTUP = 5


def known_to(sweep, number):
    """Return the numbers of the trials whose results a trial may know: all but the `workers` - 1 before it.

    A trial that waits for these runs beside at most `workers` - 1 others. One that does not learn knows none.
    """
    return range(max(number - sweep.workers + 1, 0)) if sweep.learns else range(0)


def suggest(sweep, number, seed, earlier=()):
    """Return the hyper-parameters of a trial.

    Parameters
    ----------
    sweep : motifloom.config.sweeps.Sweep
    number : int
        Of the trial, from 0.
    seed : int
        Seed of the sweep.
    earlier : sequence of dict
        Records of the trials :func:`known_to` it (see :func:`motifloom.sweeps.trials.record`), used by
        method bayes only.

    Returns
    -------
    dict of str to object
        Value of each key.
    """
    if sweep.method == "grid":
        return grid_point(sweep.parameters, number)
    if sweep.method == "random":
        return _draw(sweep, number, seed)
    return _follow(sweep, number, seed, {trial["trial"]: trial for trial in earlier})


def _draw(sweep, number, seed):
    return {
        key: value_at(parameter, generator(seed, "trial", number, key).random())
        for key, parameter in sweep.parameters.items()
    }


def _follow(sweep, number, seed, earlier):
    """Suggest by a tree-structured Parzen estimator (Bergstra 2011) whose prior is uniform over positions.

    Trials that run beside this one count as bad ones, so that no two look at the same place. Their results
    are not known, but their parameters are: they were suggested from files that are known here as well.
    """
    parameters = {n: trial["parameters"] for n, trial in earlier.items()}
    for trial in range(len(known_to(sweep, number)), number + 1):
        if trial < (sweep.startup or STARTUP):
            parameters[trial] = _draw(sweep, trial, seed)
            continue
        known = known_to(sweep, trial)
        beside = range(len(known), trial)
        running = [{"trial": n, "state": "running", "parameters": parameters[n]} for n in beside]
        parameters[trial] = _ask(sweep, trial, seed, [*(earlier[n] for n in known), *running])
    return parameters[number]


def _ask(sweep, number, seed, trials):
    optuna = import_optuna()
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what optuna calls experimental
        sampler = optuna.samplers.TPESampler(
            n_startup_trials=0,
            multivariate=True,
            constant_liar=True,
            seed=derive_seed(seed, "suggest", number) % 2**32,
        )
        study = study_of(sweep, trials, sampler)
        trial = study.ask(_distributions(sweep.parameters))
    return {key: _value(parameter, trial.params.get(key)) for key, parameter in sweep.parameters.items()}


def study_of(sweep, trials, sampler=None):
    """Return optuna's study, in memory, of records of trials; its parameters are positions or indices."""
    optuna = import_optuna()
    states = optuna.trial.TrialState
    states = {
        "complete": states.COMPLETE,
        "pruned": states.PRUNED,
        "failed": states.FAIL,
        "running": states.RUNNING,
    }
    goal = "maximize" if sweep.metric.sign > 0 else "minimize"
    study = optuna.create_study(sampler=sampler, direction=goal)
    distributions = _distributions(sweep.parameters)
    for trial in trials:
        # What is no number is empty in a record.
        epochs = {n: v for n, v in enumerate(trial.get("epochs") or [], 1) if v is not None}
        study.add_trial(
            optuna.trial.create_trial(
                state=states[trial["state"]],
                params={
                    key: _place(sweep.parameters[key], trial["parameters"][key]) for key in distributions
                },
                distributions=distributions,
                value=trial["value"] if trial["state"] == "complete" else None,
                intermediate_values=epochs if sweep.metric.column else {},
            )
        )
    return study


def _distributions(parameters):
    """Return optuna's distribution of every parameter that varies."""
    optuna = import_optuna()
    return {
        key: optuna.distributions.CategoricalDistribution(range(len(parameter.values)))
        if parameter.family == "categorical"
        else optuna.distributions.FloatDistribution(0.0, 1.0)
        for key, parameter in parameters.items()
        if parameter.family != "constant"
    }


def _place(parameter, value):
    return (index_of if parameter.family == "categorical" else position_of)(parameter, value)


def _value(parameter, place):
    if parameter.family == "constant":
        return parameter.value
    return parameter.values[place] if parameter.family == "categorical" else value_at(parameter, place)


def import_optuna():
    """Return the package optuna, quiet.

    Raises
    ------
    UserError
        If it is not installed.
    """
    require("optuna", "sweeps", "sweeps")
    import optuna

    optuna.logging.set_verbosity(optuna.logging.ERROR)
    return optuna
