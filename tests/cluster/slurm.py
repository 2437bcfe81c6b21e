"""A SLURM cluster of several nodes on one machine, for as long as a test needs it.

A controller and its nodes run on the loopback device as whoever starts them; all they write is in a folder
of their own. Nodes claim what they are told to, whether or not the machine has it, and GPUs are devices that
every machine has: jobs are placed and counted as on a cluster, and compute on the one machine that there is.
"""

import contextlib
import getpass
import os
import re
import secrets
import shutil
import signal
import socket
import subprocess
import time
from pathlib import Path

import psutil

PROGRAMS = [
    "munged",
    "munge",
    "slurmctld",
    "slurmd",
    "sbatch",
    "srun",
    "scancel",
    "squeue",
    "scontrol",
    "sinfo",
]
# Debian keeps daemons where only root looks for programs.
SEARCHED = os.pathsep.join([os.environ.get("PATH", ""), "/usr/local/sbin", "/usr/sbin", "/sbin"])
# Every GPU is a character device; these two are everywhere, and nothing is computed on them.
DEVICES = ["/dev/null", "/dev/zero"]


class CannotStart(Exception):
    """SLURM is there but does not start on this machine."""


def missing_programs():
    return [name for name in PROGRAMS if shutil.which(name, path=SEARCHED) is None]


class Cluster:
    """A controller and nodes called node1, node2, ...; the first has the GPUs.

    Parameters
    ----------
    folder : Path
        Empty, and with a short path: names of sockets have at most 107 letters.
    nodes, cpus, memory, gpus : int
        Number of nodes, what each claims (MB of memory), and GPUs of the first (at most 2).
    """

    def __init__(self, folder, *, nodes=4, cpus=2, memory=8000, gpus=2):
        self.folder = Path(folder)
        self.cpus, self.memory, self.gpus = cpus, memory, gpus
        self.nodes = [f"node{number + 1}" for number in range(nodes)]
        self.daemons = {}  # name: psutil.Popen, ended by its process id only while its start time is the same
        self.socket = self.folder / "munge" / "socket"
        self.environment = {
            **os.environ,
            "SLURM_CONF": str(self.folder / "slurm.conf"),
            "PATH": f"{self.folder / 'bin'}{os.pathsep}{SEARCHED}",
        }

    # ---- its life ----

    def start(self):
        """Start all daemons and wait until all nodes are idle; CannotStart where they do not get there."""
        for name in ("bin", "log", "munge", "state", "spool"):
            (self.folder / name).mkdir()
        for folder in (self.folder, self.folder / "munge"):
            folder.chmod(0o755)  # munged insists
        self._write_key()
        self._write_settings()
        self._write_srun()
        try:
            self._start_munged()
            self._start("slurmctld", "slurmctld", "-D")
            self._wait("the controller", lambda: self.ask("sinfo") is not None)
            for node in self.nodes:
                self.start_node(node)
            self._wait("the nodes", lambda: all(state == "idle" for state in self.states().values()))
        except BaseException:
            self.stop()
            raise

    def stop(self):
        """End all jobs and every process that was started here."""
        if self._lives("slurmctld"):
            self.ask("scancel", f"--user={getpass.getuser()}")
            with contextlib.suppress(CannotStart):
                self._wait("the last job's end", lambda: self.ask("squeue", "-h") == "", seconds=10)
        _kill(self._steps())
        for name in reversed(self.daemons):
            self._end(name)

    def start_node(self, node):
        (self.folder / "spool" / node).mkdir(exist_ok=True)
        self._start(node, "slurmd", "-D", "-N", node)

    def kill_node(self, node):
        """End a node as a loss of power would: its daemon, its jobs and all that they started, at once."""
        self._end(node, signal.SIGKILL)
        _kill(self._steps(node))

    def restart_controller(self):
        """End the controller, be without it for a moment, and start it again with what it knew."""
        self._end("slurmctld")
        time.sleep(1)
        self._start("slurmctld", "slurmctld", "-D")
        self._wait("the controller", lambda: self.ask("sinfo") is not None)

    # ---- what it says ----

    def ask(self, *command):
        """Run one of SLURM's programs; return what it prints, or None where it fails."""
        process = subprocess.run(command, env=self.environment, capture_output=True, text=True)
        return process.stdout if process.returncode == 0 else None

    def states(self):
        """Return the state of every node."""
        lines = (self.ask("sinfo", "-h", "-N", "-o", "%N %T") or "").splitlines()
        return dict.fromkeys(self.nodes, "unknown") | dict(line.split() for line in lines)

    def jobs(self):
        """Return SLURM's record of every job, oldest first: dicts with the names that SLURM gives."""
        records = (self.ask("scontrol", "--oneliner", "show", "job") or "").splitlines()
        jobs = [dict(re.findall(r"(\S+?)=(\S*)", record)) for record in records]
        return sorted((job for job in jobs if "JobId" in job), key=lambda job: int(job["JobId"]))

    def job(self, number):
        return next(job for job in self.jobs() if job["JobId"] == number)

    # ---- how it is made ----

    def _write_key(self):
        key = self.folder / "munge" / "key"
        key.touch(mode=0o600)
        key.write_bytes(secrets.token_bytes(128))

    def _write_settings(self):
        here, host, user = self.folder, socket.gethostname().split(".")[0], getpass.getuser()
        ports = _free_ports(len(self.nodes) + 1)
        settings = {
            "ClusterName": "test",
            "SlurmctldHost": f"{host}(127.0.0.1)",
            "SlurmctldPort": ports.pop(),
            "SlurmUser": user,
            "SlurmdUser": user,
            # Listen on the loopback device only.
            "CommunicationParameters": "NoInAddrAny,NoCtldInAddrAny",
            "AuthType": "auth/munge",
            "AuthInfo": f"socket={self.socket}",
            "CredType": "cred/munge",
            "StateSaveLocation": here / "state",
            "SlurmdSpoolDir": here / "spool/%n",
            "SlurmctldPidFile": here / "slurmctld.pid",
            "SlurmdPidFile": here / "%n.pid",
            "SlurmctldLogFile": here / "log/slurmctld",
            "SlurmdLogFile": here / "log/%n",
            # Without cgroups: processes are found by /proc, and memory is looked at every second.
            "ProctrackType": "proctrack/linuxproc",
            "TaskPlugin": "task/none",
            "JobAcctGatherType": "jobacct_gather/linux",
            "JobAcctGatherFrequency": "task=1",
            "JobAcctGatherParams": "OverMemoryKill",
            "AccountingStorageType": "accounting_storage/none",
            "MpiDefault": "none",
            "SwitchType": "switch/none",
            "PropagateResourceLimits": "NONE",
            # Nodes claim more than there is; the least loaded one gets the next job.
            "SlurmdParameters": "config_overrides",
            "SelectType": "select/cons_tres",
            "SelectTypeParameters": "CR_Core_Memory,CR_LLN",
            "SchedulerParameters": "sched_min_interval=0,batch_sched_delay=0,bf_interval=1",
            "GresTypes": "gpu",
            # A dead node or controller is noticed, and comes back, within seconds; records of jobs stay.
            "SlurmdTimeout": 10,
            "SlurmctldTimeout": 10,
            "KillWait": 2,
            "ReturnToService": 2,
            "MinJobAge": 3600,
        }
        claim = (
            f"NodeHostname={host} NodeAddr=127.0.0.1 CPUs={self.cpus} RealMemory={self.memory} State=UNKNOWN"
        )
        lines = [f"{key}={value}" for key, value in settings.items()]
        for node, port in zip(self.nodes, ports, strict=True):
            gpus = f" Gres=gpu:fake:{self.gpus}" if node == self.nodes[0] and self.gpus else ""
            lines.append(f"NodeName={node} Port={port} {claim}{gpus}")
        lines.append("PartitionName=all Nodes=ALL Default=YES State=UP")
        (here / "slurm.conf").write_text("\n".join(lines) + "\n")
        gpus = [f"NodeName={self.nodes[0]} Name=gpu Type=fake File={path}" for path in DEVICES[: self.gpus]]
        (here / "gres.conf").write_text("\n".join(gpus) + "\n")

    def _write_srun(self):
        """Write an srun that knows this cluster: Snakemake's jobs start it without SLURM's variables."""
        path = self.folder / "bin" / "srun"
        real = shutil.which("srun", path=SEARCHED)
        path.write_text(f'#!/bin/sh\nSLURM_CONF={self.environment["SLURM_CONF"]} exec {real} "$@"\n')
        path.chmod(0o755)

    def _start_munged(self):
        folder = self.folder / "munge"
        names = {"socket": self.socket, "key-file": folder / "key", "pid-file": folder / "pid"}
        names |= {"seed-file": folder / "seed", "log-file": self.folder / "log/munged"}
        self._start("munged", "munged", "--foreground", *[f"--{key}={path}" for key, path in names.items()])
        self._wait("munged", lambda: self.ask("munge", "-n", f"--socket={self.socket}") is not None)

    def _start(self, name, *command):
        with (self.folder / "log" / f"{name}.out").open("ab") as log:
            self.daemons[name] = psutil.Popen(
                command,
                env=self.environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )

    def _lives(self, name):
        return name in self.daemons and self.daemons[name].poll() is None

    def _end(self, name, number=signal.SIGTERM):
        daemon = self.daemons[name]
        if daemon.poll() is None:
            daemon.send_signal(number)
            try:
                daemon.wait(10)
            except psutil.TimeoutExpired:
                daemon.kill()
                daemon.wait()

    def _wait(self, what, ready, seconds=30):
        end = time.monotonic() + seconds
        while not ready():
            dead = [name for name in self.daemons if not self._lives(name)]
            if dead or time.monotonic() > end:
                raise CannotStart(f"{what} did not come up: {self._last_words(dead)}")
            time.sleep(0.2)

    def _last_words(self, names):
        logs = [self.folder / "log" / f"{name}.out" for name in names or self.daemons]
        lines = [line for path in logs for line in path.read_text(errors="replace").splitlines()]
        return " | ".join([line for line in lines if "error" in line.lower() or "fatal" in line.lower()][-3:])

    def _steps(self, node=""):
        """Return the processes of jobs, on one node or on all: what a slurmstepd of this cluster started.

        These are no children of their node's daemon and hide their arguments; they keep its log open.
        """
        found = []
        logs = {str(self.folder / "log" / name) for name in ([node] if node else self.nodes)}
        for process in psutil.process_iter():
            with contextlib.suppress(psutil.Error):
                if "slurmstepd" in process.name() and logs & {file.path for file in process.open_files()}:
                    found += [process, *process.children(recursive=True)]
        return found


def _kill(processes):
    for process in processes:
        with contextlib.suppress(psutil.Error):
            process.kill()  # refuses where the id has gone to another process
    psutil.wait_procs(processes, timeout=5)


def _free_ports(count):
    """Return ports that nobody listens on."""
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for one in sockets:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in sockets]
