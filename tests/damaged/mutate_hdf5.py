"""Read a dataset with wrong bytes in it, many times; print how often it was read, and how often refused."""

import os
import sys
import tempfile
from pathlib import Path

import numpy as np

ROOT = Path(__file__).parents[2]
sys.path[:0] = [str(ROOT), str(ROOT / "tests")]

from damaged.models import whole_dataset  # noqa: E402
from damaged.readers import dataset  # noqa: E402

from motifloom.errors import UserError  # noqa: E402

rng, counts = np.random.default_rng(1), [0, 0]
with tempfile.TemporaryDirectory() as folder:
    os.chdir(folder)
    whole_dataset(Path("valid.h5"))
    valid = np.frombuffer(Path("valid.h5").read_bytes(), np.uint8)
    for _ in range(300):
        content = valid.copy()
        content[rng.integers(0, len(valid), 3)] = rng.integers(0, 256, 3)
        Path("x.h5").write_bytes(content[: rng.choice([len(valid), rng.integers(1, len(valid))])].tobytes())
        try:
            dataset(Path("x.h5"))
            counts[0] += 1
        except UserError:
            counts[1] += 1
    os.chdir("/")
print(*counts)
