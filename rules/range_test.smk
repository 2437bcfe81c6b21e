# Learning-rate range tests, made where they are asked for or a schedule takes its rates from one.


rule find_learning_rate:
    input:
        dataset=of_run(DATASET),
        split=of_run(SPLIT),
        spec=given(spec_file),
        start_from=given(start_file),
    output:
        table=f"{SEED}/range_test.tsv",
        suggestion=f"{SEED}/range_test.json",
        figure=f"{SEED}/range_test.svg",
    log:
        "results/logs/find_learning_rate/{experiment}.seed{seed}.log",
    benchmark:
        "results/benchmarks/find_learning_rate/{experiment}.seed{seed}.tsv"
    wildcard_constraints:
        experiment=either(name for name, run in RUNS.items() if run.is_network),
    conda:
        ENVIRONMENT
    threads: lambda wildcards: run_of(wildcards).training["threads"]
    resources:
        gpu=gpus,
        mem_mb=megabytes(2500, 4),
        runtime=minutes(60),
    params:
        library=library("find_learning_rate"),
        contents=contents(spec_file, start_file),
        seed=CONFIG.seed,
        spec=inline_spec,
        where=lambda wildcards: spec_name(CONFIG, run_of(wildcards).model),
        fold=lambda wildcards: run_of(wildcards).fold,
        training=lambda wildcards: range_test_options(run_of(wildcards).training),
    script:
        "../scripts/find_learning_rate.py"
