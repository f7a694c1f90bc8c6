"""Runs commands and says what they cost."""

import contextlib
import os
import resource
import signal
import subprocess
import time
from dataclasses import dataclass


@dataclass
class Cost:
    """What a step cost: all its commands, and their children, together."""

    wall: float = 0.0
    cpu: float = 0.0
    # The largest process. Never less than this program's own size, which a
    # child has until it runs its command.
    peak_mib: float = 0.0

    def add(self, other):
        self.wall += other.wall
        self.cpu += other.cpu
        self.peak_mib = max(self.peak_mib, other.peak_mib)


class Stopped(Exception):
    """A command took longer than anybody waits."""


class Failed(Exception):
    """A command failed; says its last words."""


@contextlib.contextmanager
def patience(seconds):
    """Raises Stopped in here once so many seconds have passed."""

    def over(_number, _frame):
        raise Stopped

    before = signal.signal(signal.SIGALRM, over)
    signal.setitimer(signal.ITIMER_REAL, max(seconds, 0.001))
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def room_for_arguments():
    # A quarter of the stack's limit is what a command line may take: reprepro
    # is given all packages in one.
    hard = resource.getrlimit(resource.RLIMIT_STACK)[1]
    resource.setrlimit(resource.RLIMIT_STACK, (min(64 << 20, hard) if hard > 0 else 64 << 20, hard))


def run(command, env, directory, deadline, log):
    """Runs a command, `(argv, file for stdout or None)`, to its end."""
    argv, out = command
    with open(log, "wb") as said, open(out or os.devnull, "wb") as stdout:
        start = time.monotonic()
        child = subprocess.Popen(
            argv,
            cwd=directory,
            env=env,
            stdin=subprocess.DEVNULL,
            stdout=stdout if out else said,
            stderr=said,
            start_new_session=True,
            preexec_fn=room_for_arguments,
        )
        try:
            with patience(deadline - time.monotonic()):
                _, status, usage = os.wait4(child.pid, 0)
        except BaseException:
            os.killpg(child.pid, signal.SIGKILL)
            os.wait4(child.pid, 0)
            child.returncode = -signal.SIGKILL
            raise
        child.returncode = os.waitstatus_to_exitcode(status)
        wall = time.monotonic() - start
    if child.returncode != 0:
        with open(log, "rb") as said:
            words = said.read()[-2000:].decode(errors="replace").strip().splitlines()
        raise Failed(f"{os.path.basename(argv[0])} {' '.join(argv[1:3])}: exit {child.returncode}: {' / '.join(words[-3:])}")
    return Cost(wall, usage.ru_utime + usage.ru_stime, usage.ru_maxrss / 1024)
