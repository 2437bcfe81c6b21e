# Tracking: finished runs in the forms of TensorBoard and of Weights & Biases.
from motifloom.extras import require


rule track_tensorboard:
    input:
        history=f"{SEED}/history.tsv",
        provenance=f"{SEED}/provenance.json",
        metrics=METRICS,
        predictions=PREDICTIONS,
    output:
        directory(TENSORBOARD),
    log:
        "results/logs/track_tensorboard/{experiment}.seed{seed}.log",
    benchmark:
        "results/benchmarks/track_tensorboard/{experiment}.seed{seed}.tsv"
    wildcard_constraints:
        experiment=either(TRACKED),
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=megabytes(800, 20),
        runtime=minutes(10),
    params:
        library=library("track_tensorboard"),
        task=task_of,
        classes=classes_of,
    script:
        "../scripts/track_tensorboard.py"


rule track_wandb:
    input:
        history=f"{SEED}/history.tsv",
        provenance=f"{SEED}/provenance.json",
        metrics=METRICS,
        predictions=PREDICTIONS,
    output:
        directory(WANDB),
    log:
        "results/logs/track_wandb/{experiment}.seed{seed}.log",
    benchmark:
        "results/benchmarks/track_wandb/{experiment}.seed{seed}.tsv"
    wildcard_constraints:
        experiment=either(TRACKED),
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=megabytes(1000, 20),
        runtime=minutes(20),
    params:
        library=library("track_wandb"),
        task=task_of,
        classes=classes_of,
        wandb=CONFIG.tracking.wandb and CONFIG.tracking.wandb.model_dump(),
    script:
        "../scripts/track_wandb.py"


rule tracking:
    input:
        *tracked(),
