"""Which library files a script uses."""

import re
from pathlib import Path

from motifloom.dependencies import modules_used

NESTED = """
class C:
    if True:
        pass
    else:
        from motifloom import d
try:
    x = 1
except OSError:
    import motifloom.e
finally:
    import motifloom.f
match x:
    case 1:
        with x:
            import motifloom.g
async def f():
    for _ in x:
        pass
    else:
        import motifloom.h
"""


def test_imports_are_followed(tmp_path):
    files = {
        "motifloom/__init__.py": "",
        "motifloom/a.py": "from motifloom.pack import b\n",
        "motifloom/pack/__init__.py": "",
        "motifloom/pack/b.py": "def f():\n    import motifloom.c\n",
        "motifloom/c.py": NESTED,
        **{f"motifloom/{name}.py": "import os\n" for name in "defgh"},
        "motifloom/unused.py": "",
        "scripts/job.py": "from motifloom.a import x\n",
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    found = modules_used(tmp_path / "scripts/job.py", tmp_path)
    names = [str(Path(path).relative_to(tmp_path)) for path in found]
    assert names == [*(f"motifloom/{name}.py" for name in "acdefgh"), "motifloom/pack/b.py"]


def test_every_rule_depends_on_the_library_of_its_script():
    root, scripts = Path(__file__).parents[2], set()
    for path in sorted(root.glob("rules/*.smk")):
        for block in re.split(r"^rule ", path.read_text(), flags=re.M)[1:]:
            script = re.search(r"\.\./scripts/(\w+)\.py", block)
            if script:
                scripts.add(script[1])
                assert f'\n    params:\n        library=library("{script[1]}"),\n' in block, script[1]
    assert scripts == {path.stem for path in (root / "scripts").glob("*.py")}


def test_what_is_in_a_file_of_the_user_is_a_parameter_of_the_rules_that_read_it():
    root, known = Path(__file__).parents[2], set()
    for path in sorted(root.glob("rules/*.smk")):
        for block in re.split(r"^rule ", path.read_text(), flags=re.M)[1:]:
            read = set(re.findall(r"=given\((\w+)\),$", block, re.M))
            digested = re.search(r"^        contents=contents\((.*)\),$", block, re.M)
            assert read == (set(digested[1].split(", ")) if digested else set()), block.split(":")[0]
            known |= read
    users = {"source_files", "genome_inputs", "spec_file", "start_file", "DATABASE", "CUSTOM_METRICS"}
    assert users < known
    for path in sorted(root.glob("rules/*.smk")):
        for block in re.split(r"^rule ", path.read_text(), flags=re.M)[1:]:
            assert not re.search(rf"=({'|'.join(known)}),$", block, re.M), block.split(":")[0]
