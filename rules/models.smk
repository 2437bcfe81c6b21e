# What networks are made of; `snakemake model_summary` prints it.


localrules:
    model_summary,


rule summarise_model:
    input:
        dataset=of_run(DATASET),
        spec=given(spec_file),
    output:
        text="results/{experiment}/model.txt",
        table="results/{experiment}/model.tsv",
        figure=report(
            "results/{experiment}/model.svg",
            caption="../report/model.rst",
            category="Training",
            labels={"experiment": "{experiment}", "seed": "all", "figure": "network"},
        ),
    log:
        "results/logs/summarise_model/{experiment}.log",
    benchmark:
        "results/benchmarks/summarise_model/{experiment}.tsv"
    wildcard_constraints:
        experiment=either(NETWORKS),
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=megabytes(2000),
        runtime=minutes(10),
    params:
        library=library("summarise_model"),
        contents=contents(spec_file),
        spec=inline_spec,
        where=lambda wildcards: spec_name(CONFIG, run_of(wildcards).model),
        model=lambda wildcards: run_of(wildcards).model,
    script:
        "../scripts/summarise_model.py"


# It has no benchmark, which would be an output: asked for again, it would not print again.
rule model_summary:
    input:
        each("results/{experiment}/model.txt", NETWORKS),
    log:
        "results/logs/model_summary.log",
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=megabytes(100),
        runtime=minutes(10),
    shell:
        # Without files, cat reads the message.
        "cat {input:q} <<< 'No experiment trains a network: all models are baselines.' | tee {log:q}"
