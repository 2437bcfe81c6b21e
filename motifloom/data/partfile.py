"""Read a user's file that says which example belongs to which part."""

import gzip
from pathlib import Path

from motifloom.errors import UserError
