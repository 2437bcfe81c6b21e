"""What every job does around its work: a log in the user's terms, and errors of one line."""

import contextlib
import io
import logging
import os
import re
import sys
import traceback
from pathlib import Path

from motifloom.errors import UserError
from motifloom.io import SteadyFile, refusal


@contextlib.contextmanager
def job(log):
    """Run a job's body with logging into `log`; end a :class:`UserError` in one line and exit status 1.

    Parameters
    ----------
    log : str or path
        The job's log file. Anything that the libraries write to standard output or error goes there too;
        the one line of an error goes to the log and to the terminal, a traceback to the log alone.
    """
    with _open(log) as stream:
        handler = logging.StreamHandler(stream)
        handler.setFormatter(logging.Formatter("%(asctime)s %(message)s", "%H:%M:%S"))
        logger = logging.getLogger("motifloom")
        logger.handlers = [handler]
        logger.setLevel(logging.INFO)
        logger.propagate = False
        # Snakemake shows no empty log, such as a job leaves that is killed before it says anything.
        logger.info("begun")
        try:
            with captured(stream):
                yield
            logger.info("ended; it took %d MB of memory at the peak", peak_memory())
        except UserError as error:
            _fail(stream, f"Error: {error}\n", f"The job's log: {log}\n")
        except Exception as error:
            # What is no mistake of the user's keeps its traceback, in the log.
            traceback.print_exc(file=stream)
            _fail(stream, f"Error: {_reason(error)} ({log} says where)\n")
        finally:
            logger.handlers, logger.propagate = [], True


def _open(log):
    """Open the log; where its disk is full, it is the rest of the log that is lost, and not the job."""
    try:
        return io.TextIOWrapper(SteadyFile(log, "w"), encoding="utf-8", errors="replace", write_through=True)
    except OSError as error:
        sys.stderr.write(f"Error: {log}: {refusal(error) or error.strerror}\n")
        sys.exit(1)


@contextlib.contextmanager
def captured(stream):
    """Send standard output and error into an open file: what Python and what compiled libraries write."""
    with contextlib.ExitStack() as stack:
        for number, ours in ((1, sys.stdout), (2, sys.stderr)):
            ours.flush()
            kept = os.dup(number)
            stack.callback(os.close, kept)
            stack.callback(os.dup2, kept, number)
            os.dup2(stream.fileno(), number)
        stack.enter_context(contextlib.redirect_stdout(stream))
        stack.enter_context(contextlib.redirect_stderr(stream))
        yield


def peak_memory():
    """Return the largest memory that this process has held, in MB of 10^6 bytes."""
    # Not getrusage: its peak holds that of the process which has started this one.
    status = Path("/proc/self/status").read_text()
    return int(re.search(r"^VmHWM:\s+(\d+) kB$", status, re.M)[1]) * 1024 / 1e6


def _fail(stream, line, more=""):
    """End a job with a line in its log and on the terminal, and more on the terminal."""
    stream.write(line)
    sys.stderr.write(line + more)
    sys.exit(1)


def _reason(error):
    """Say in one line what kind of failure ended a job."""
    if isinstance(error, MemoryError):
        return "out of memory; raise the job's mem_mb"
    if not isinstance(error, PermissionError) and (refused := refusal(error)):  # that may be of a reader
        words, _, remedy = refused.partition("; ")
        return f"{words}: {error.filename or 'no file is named'}; {remedy}"
    return f"{type(error).__name__}: {str(error).splitlines()[0] if str(error) else 'no message'}"
