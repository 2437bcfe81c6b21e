import numpy as np
import pandas as pd

from motifloom.report.symbols import SymbolStore


def test_any_alphabet_has_logos():
    protein = pd.DataFrame(np.eye(3), columns=list("KLM"))
    store = SymbolStore()
    assert store.add(protein)["width"] == 3
    assert store.add(None) is None
    assert "<path" in store.symbols()


def test_pictures_that_are_equal_are_held_once():
    store = SymbolStore()
    first = store.picture(10, 5, "<path/>")
    assert (first["width"], first["height"]) == (10, 5)
    assert store.picture(10, 5, "<path/>") == first
    assert store.picture(11, 5, "<path/>")["id"] != first["id"]
    assert str(store.symbols()).count("<symbol ") == 2
    assert 'viewBox="0 0 10 5"' in store.symbols()
