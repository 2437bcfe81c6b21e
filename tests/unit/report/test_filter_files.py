import pandas as pd

from motifloom.io import write_table
from motifloom.report.filter_files import list_pictures, read_tables


def test_tables_are_those_among_the_files(tmp_path):
    table = pd.DataFrame({"filter": ["001", "1e3"], "target": ["NA", "2"], "n": [1, 2]})
    for name in ("maxima.tsv", "profile.tsv.gz", "clusters.tsv", "other.tsv"):
        write_table(table, tmp_path / name)
    files = {tmp_path / name for name in ("maxima.tsv", "profile.tsv.gz", "other.tsv")}
    found = read_tables(tmp_path, files)
    assert list(found) == ["maxima", "profile"]
    # Names that look like numbers or missing values stay names.
    assert list(found["profile"]["filter"]) == ["001", "1e3"]
    assert list(found["maxima"]["target"]) == ["NA", "2"]


def test_pictures_have_a_title_a_table_and_an_order(tmp_path):
    names = ["redundancy.svg", "importance.boxes.svg", "importance.svg", "my_own.svg", "top.logos.svg"]
    tables = ["importance.tsv", "redundancy.tsv.gz"]
    files = {tmp_path / name for name in [*names, *tables, "top.logos/conv_000.svg"]}
    found = [
        (path.name, title, table and table.name) for path, title, table in list_pictures(tmp_path, files)
    ]
    assert found == [
        ("importance.boxes.svg", "Importance of the filters, boxes", "importance.tsv"),
        ("importance.svg", "Importance of the filters", "importance.tsv"),
        ("redundancy.svg", "Similarity of the filters", "redundancy.tsv.gz"),
        ("my_own.svg", "My own", None),
    ]
