"""Packages that only some configs need."""

import importlib.util

from motifloom.errors import UserError


def require(package, extra, key):
    """Raise a UserError unless an optional package is installed.

    Parameters
    ----------
    package : str
    extra : str
        The extra of Motifloom that installs it.
    key : str
        The key of the config that asks for it.
    """
    if importlib.util.find_spec(package) is None:
        raise UserError(
            f"{key}: the package {package} is not installed; run pip install 'motifloom[{extra}]'"
        )
