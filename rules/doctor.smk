# What is here to run on; `snakemake doctor` prints it.


localrules:
    doctor,


# It has no output and no benchmark, which would be one: asked for again, it looks again.
rule doctor:
    log:
        "results/logs/doctor.log",
    conda:
        ENVIRONMENT
    threads: 1
    resources:
        mem_mb=megabytes(1000),
        runtime=minutes(10),
    params:
        library=library("doctor"),
        project=str(ROOT / "pyproject.toml"),
        folders=["results", ".snakemake"],
        networks=asked_of_networks(),
    script:
        "../scripts/doctor.py"
