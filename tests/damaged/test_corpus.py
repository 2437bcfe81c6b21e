"""Every damaged file ends in its one message, every odd one in its result; nothing in a file is run."""

import re
from pathlib import Path

import pytest
from damaged import page
from damaged.corpus import CASES
from damaged.readers import READERS

from motifloom.config.parse import check_file
from motifloom.errors import UserError


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.id)
@pytest.mark.filterwarnings("error::RuntimeWarning")
def test_a_file_of_the_corpus(case, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    path = case.write(Path())
    if case.message is None:
        assert READERS[case.reader](path) == case.outcome
    else:
        with pytest.raises(UserError) as caught:
            READERS[case.reader](path)
        found, expected = str(caught.value), case.message
        if expected.endswith("..."):
            found, expected = found[: len(expected) - 3], expected[:-3]
        assert found == expected
        # One line, or one per mistake, each of which begins with the file.
        assert re.fullmatch(rf"[^\n]+(\n{re.escape(case.name)}: [^\n]+)*", str(caught.value))
    assert not (tmp_path / "ran").exists()


def test_the_corpus_is_what_it_says():
    assert len(CASES) >= 120
    assert len({case.id for case in CASES}) == len(CASES)


def test_the_page_tells_of_every_case():
    """Write it anew with: python tests/damaged/page.py."""
    assert page.PAGE.read_text(encoding="utf-8") == page.page()


def test_the_configs_that_come_along_are_sound():
    paths = [*(page.ROOT / "config").glob("*.yaml"), *(page.ROOT / "config" / "examples").rglob("*.yaml")]
    assert len(paths) > 5
    for path in paths:
        check_file(path)
