"""Forked commands: `whence` begun in a copy of a process that has imported it already.

Importing everything takes longer than most tests, which start some hundreds of processes. What
runs is what the command line runs, with its own signals, files and memory, and it can be killed.
"""

import io
import multiprocessing
import os
import runpy
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from multiprocessing import forkserver
from multiprocessing.reduction import DupFd
from pathlib import Path

import pytest

from whence.cli import main


class ForkedCommand:
    """What of `subprocess.Popen` the tests use; ``output`` and ``errors`` are open files.

    ``program`` is the file that is run where it is not this release's command line.
    """

    def __init__(
        self,
        arguments: Sequence[str],
        environment: Mapping[str, str],
        output: io.IOBase,
        errors: io.IOBase | None = None,
        *,
        program: Path | None = None,
    ) -> None:
        self.args = ["whence", *arguments]
        ensure_prepared()
        self._process = multiprocessing.get_context("forkserver").Process(
            target=_become,
            args=(
                tuple(self.args),
                dict(environment),
                _Handed(output.fileno()),
                _Handed((errors or output).fileno()),
                program,
            ),
        )
        self._process.start()

    @property
    def pid(self) -> int:
        assert self._process.pid is not None
        return self._process.pid

    @property
    def returncode(self) -> int | None:
        return self._process.exitcode

    def poll(self) -> int | None:
        return self._process.exitcode

    def wait(self, timeout: float | None = None) -> int:
        """The exit code; the negative number of a signal that ended it."""
        self._process.join(timeout)
        code = self._process.exitcode
        if code is None:
            raise subprocess.TimeoutExpired(self.args, timeout or 0)
        return code

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            os.kill(self.pid, number)

    def terminate(self) -> None:
        self._process.terminate()

    def kill(self) -> None:
        self._process.kill()


def run(
    arguments: Sequence[str],
    environment: Mapping[str, str],
    *,
    timeout: float,
    program: Path | None = None,
) -> subprocess.CompletedProcess[str]:
    """One command, run to its end."""
    with tempfile.TemporaryFile() as output, tempfile.TemporaryFile() as errors:
        command = ForkedCommand(arguments, environment, output, errors, program=program)
        try:
            code = command.wait(timeout)
        except subprocess.TimeoutExpired:
            command.kill()
            raise
        output.seek(0)
        errors.seek(0)
        return subprocess.CompletedProcess(
            command.args, code, output.read().decode(), errors.read().decode()
        )


def ensure_prepared() -> None:
    """The process that is copied has imported what stands beside this module."""
    forkserver.set_forkserver_preload(["prepared"])
    with pytest.MonkeyPatch.context() as environment:
        environment.setenv("PYTHONPATH", str(Path(__file__).parent))
        forkserver.ensure_running()


class _Handed:
    """A file descriptor that goes along to the process that is begun."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    def __reduce__(self) -> tuple[type, tuple[object]]:
        return _Received, (DupFd(self._descriptor),)


class _Received:
    def __init__(self, handed: object) -> None:
        self.descriptor = handed.detach()  # type: ignore[attr-defined]


def _become(
    arguments: Sequence[str],
    environment: Mapping[str, str],
    output: _Received,
    errors: _Received,
    program: Path | None,
) -> None:
    for handed, own in ((output, 1), (errors, 2)):
        os.dup2(handed.descriptor, own)
    for descriptor in {output.descriptor, errors.descriptor}:
        os.close(descriptor)
    sys.stdout = os.fdopen(1, "w", closefd=False)
    sys.stderr = os.fdopen(2, "w", buffering=1, closefd=False)
    sys.stdin = os.fdopen(0, closefd=False)
    os.environ.clear()
    os.environ.update(environment)
    sys.argv = list(arguments)

    if program is None:
        main()
    else:
        _forget_the_command_line()
        runpy.run_path(str(program), run_name="__main__")


def _forget_the_command_line() -> None:
    """So that another release's takes what it finds when it is imported, not what was there."""
    for name in list(sys.modules):
        if name.partition(".")[0] == "whence":
            del sys.modules[name]
