import pandas as pd

from motifloom.headlines import HEADLINES, headline_metric, headline_rows


def test_headlines():
    assert headline_metric("binary") == ("all", "auroc")
    assert headline_metric("multiclass") == headline_metric("multilabel") == ("macro", "auroc")
    assert headline_metric("regression") == ("macro", "pearson")


def test_rows_of_every_task_are_found_without_its_name():
    columns = ["target", "metric"]
    others = [("all", "accuracy"), ("bound", "auroc"), ("weighted", "auroc"), ("macro", "r2")]
    for headline in HEADLINES.values():
        found = headline_rows(pd.DataFrame([*others, headline], columns=columns))
        assert found.to_numpy().tolist() == [list(headline)]
    assert len(headline_rows(pd.DataFrame(columns=columns))) == 0
