# Sweeps: a job per trial; the file of a trial is all that others know of it.


rule run_trial:
    input:
        dataset=of_swept(of_run(DATASET)),
        split=of_swept(of_run(SPLIT)),
        spec=given(swept_spec),
        start_from=given(swept_start),
        earlier=earlier_trials,
    output:
        TRIAL,
    log:
        "results/logs/run_trial/{sweep}.trial{trial}.log",
    benchmark:
        "results/benchmarks/run_trial/{sweep}.trial{trial}.tsv"
    conda:
        ENVIRONMENT
    threads: of_swept(lambda run: run_of(run).training["threads"])
    resources:
        gpu=of_swept(gpus),
        trials=share_of_places,
        mem_mb=megabytes(2500, 1),
        runtime=minutes(240),
    params:
        library=library("run_trial"),
        contents=contents(swept_spec, swept_start),
        seed=CONFIG.seed,
        sweep=trial_params,
        files=swept_paths,
        config=lambda wildcards: trained_config(config, sweep_of(wildcards)),
    script:
        "../scripts/run_trial.py"


rule collect_trials:
    input:
        trials=all_trials,
    output:
        trials=sweep_file("trials.tsv"),
        importance=sweep_file("importance.tsv"),
    log:
        "results/logs/collect_trials/{sweep}.log",
    benchmark:
        "results/benchmarks/collect_trials/{sweep}.tsv"
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=megabytes(600),
        runtime=minutes(10),
    params:
        library=library("collect_trials"),
        seed=CONFIG.seed,
        sweep=sweep_params,
    script:
        "../scripts/collect_trials.py"


rule plot_sweep:
    input:
        trials=f"{SWEEP}/trials.tsv",
        importance=f"{SWEEP}/importance.tsv",
    output:
        importance=sweep_file("importance.svg"),
        coordinates=sweep_file("parallel_coordinates.svg"),
        history=sweep_file("history.svg"),
    log:
        "results/logs/plot_sweep/{sweep}.log",
    benchmark:
        "results/benchmarks/plot_sweep/{sweep}.tsv"
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=megabytes(600),
        runtime=minutes(10),
    params:
        library=library("plot_sweep"),
        sweep=sweep_params,
    script:
        "../scripts/plot_sweep.py"


rule write_best:
    input:
        trials=all_trials,
        spec=given(swept_spec),
    output:
        f"{SWEEP}/best.yaml",
    log:
        "results/logs/write_best/{sweep}.log",
    benchmark:
        "results/benchmarks/write_best/{sweep}.tsv"
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=megabytes(400),
        runtime=minutes(10),
    params:
        library=library("write_best"),
        contents=contents(swept_spec),
        sweep=sweep_params,
        files=swept_paths,
        config=best_params,
    script:
        "../scripts/write_best.py"


rule sweeps:
    input:
        every_sweep(),
