"""What importing the networks' package prints."""

import subprocess
import sys
from pathlib import Path


def test_the_start_of_tensorflow_prints_nothing():
    code = "import motifloom.models, tensorflow as tf; print(int(tf.reduce_sum(tf.ones(3))))"
    process = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=Path(__file__).parents[3]
    )
    assert (process.returncode, process.stdout, process.stderr) == (0, "3\n", "")
