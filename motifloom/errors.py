"""Errors that are meant for the person who runs the workflow."""


class UserError(Exception):
    """Something in the user's config or files is wrong.

    The message is one line that names the file and line (or the key path), what is wrong, and what to
    write instead; jobs and the workflow print it without a traceback.
    """
