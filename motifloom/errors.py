"""Errors that are meant for the person who runs the workflow."""

import difflib


class UserError(Exception):
    """Something in the user's config or files is wrong.

    The message is one line that names the file and line (or the key path), what is wrong, and what to
    write instead; jobs and the workflow print it without a traceback.
    """


def suggest(value, known):
    """Return "; did you mean 'x'?" for the nearest of the `known` names, or "" where none is near."""
    near = difflib.get_close_matches(str(value), list(known), 1)
    return f"; did you mean {near[0]!r}?" if near else ""
