"""What every job does around its work: a log in the user's terms, and errors of one line."""

import contextlib
import logging
import sys

from motifloom.errors import UserError


@contextlib.contextmanager
def job(log):
    """Run a job's body with logging into `log`; end a :class:`UserError` in one line and exit status 1.

    Parameters
    ----------
    log : str or path
        The job's log file. Anything that the libraries write to standard output or error goes there too;
        the one line of a user's error goes to the log and to the terminal.
    """
    with open(log, "w", buffering=1) as stream:
        handler = logging.StreamHandler(stream)
        handler.setFormatter(logging.Formatter("%(asctime)s %(message)s", "%H:%M:%S"))
        logger = logging.getLogger("motifloom")
        logger.handlers = [handler]
        logger.setLevel(logging.INFO)
        logger.propagate = False
        terminal = sys.stderr
        with contextlib.redirect_stdout(stream), contextlib.redirect_stderr(stream):
            try:
                yield
            except UserError as error:
                stream.write(f"Error: {error}\n")
                terminal.write(f"Error: {error}\n")
                sys.exit(1)
            except MemoryError:
                stream.write("Error: out of memory; raise the job's mem_mb\n")
                raise
