"""What every job does around its work: a log in the user's terms, and errors of one line."""

import contextlib
import errno
import logging
import sys
import traceback

from motifloom.errors import UserError


@contextlib.contextmanager
def job(log):
    """Run a job's body with logging into `log`; end a :class:`UserError` in one line and exit status 1.

    Parameters
    ----------
    log : str or path
        The job's log file. Anything that the libraries write to standard output or error goes there too;
        the one line of an error goes to the log and to the terminal, a traceback to the log alone.
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
            except Exception as error:
                # What is no mistake of the user's keeps its traceback, in the log.
                traceback.print_exc(file=stream)
                line = f"Error: {_reason(error)} ({log} says where)\n"
                stream.write(line)
                terminal.write(line)
                sys.exit(1)


def _reason(error):
    """Say in one line what kind of failure ended a job."""
    if isinstance(error, MemoryError):
        return "out of memory; raise the job's mem_mb"
    if isinstance(error, OSError) and error.errno == errno.ENOSPC:
        return f"the disk is full: {error.filename or 'no space left'}"
    return f"{type(error).__name__}: {str(error).splitlines()[0] if str(error) else 'no message'}"
