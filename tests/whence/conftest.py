"""A service as an operator runs it: a process, a folder for its ledger, a free port."""

import os
import re
import shutil
import sys
import threading
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

import pytest
from forked import ForkedCommand
from secret_keys import SECRET_KEYS

from whence.cli import main
from whence.settings import Settings, variable

PATIENCE_SECONDS = 60

# Enough of curl for what is printed, on a machine that has none.
CURL = f"""#!{sys.executable}
import sys, urllib.error, urllib.request
url, data, headers, ending = None, None, {{}}, ""
words = iter(sys.argv[1:])
for word in words:
    if word == "-H":
        name, _, value = next(words).partition(": ")
        headers[name] = value
    elif word == "-d":
        data = next(words).encode()
    elif word == "-w":
        ending = next(words).replace("\\\\n", "\\n")
    elif not word.startswith("-"):
        url = word
try:
    answer = urllib.request.urlopen(urllib.request.Request(url, data=data, headers=headers))
except urllib.error.HTTPError as error:
    answer = error
sys.stdout.write(answer.read().decode() + ending)
"""


@dataclass
class Running:
    """A started `whence` process; what it says is read as it comes, so it never has to wait."""

    process: ForkedCommand
    pipe: BinaryIO
    said: list[str] = field(default_factory=list)

    def __post_init__(self):
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    @property
    def output(self) -> str:
        return "".join(self.said)

    @property
    def url(self) -> str:
        return self.awaited(r'"address": ?"(http://[^"]+)"')

    def key(self, mode: str = "test") -> str:
        """What the first start wrote down, once it has."""
        file = Path(self.awaited(r"The keys are in (.*/keys\.txt)"))
        return re.search(rf"pfk_{mode}_[0-9a-z]{{52}}\.[\w-]+", file.read_text())[0]

    def awaited(self, pattern: str) -> str:
        """The first group of the pattern, once the process has said it."""
        until = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < until:
            found = re.search(pattern, self.output)
            if found:
                return found[1]
            assert self.process.poll() is None, self.output
            time.sleep(0.02)
        raise AssertionError(f"{pattern} was never said: {self.output}")

    def answer(self, path: str) -> tuple[int, bytes]:
        """Status and body, once the server accepts connections."""
        until = time.monotonic() + PATIENCE_SECONDS
        while True:
            try:
                with urllib.request.urlopen(f"{self.url}{path}") as answer:  # noqa: S310 (our own)
                    return answer.status, answer.read()
            except urllib.error.HTTPError as error:
                return error.code, error.read()
            except (urllib.error.URLError, ConnectionError):
                assert time.monotonic() < until
                time.sleep(0.05)

    def stopped(self, by: int) -> int:
        """Sends the signal; the exit code."""
        self.process.send_signal(by)
        return self.ended()

    def ended(self) -> int:
        """Waits for the end of the process; its exit code."""
        code = self.process.wait(timeout=PATIENCE_SECONDS)
        self.heard_out()
        return code

    def heard_out(self) -> None:
        """Waits until everything the ended process said has been read."""
        self._reader.join(timeout=PATIENCE_SECONDS)

    def _read(self) -> None:
        with self.pipe as output:
            for line in output:
                self.said.append(line.decode())


@pytest.fixture
def environment(tmp_path: Path) -> dict[str, str]:
    return os.environ | {
        "WHENCE_DATABASE_URL": f"sqlite:///{tmp_path / 'ledger.db'}",
        "WHENCE_KEYS_FILE": str(tmp_path / "keys.txt"),
        "WHENCE_SECRET_KEYS": SECRET_KEYS,
        "WHENCE_PORT": "0",
        "WHENCE_LOG_FORMAT": "json",
    }


@pytest.fixture
def start(environment: dict[str, str]) -> Iterator[Callable[..., Running]]:
    """Starts `whence` with arguments; whatever still runs at the end is killed."""
    started: list[Running] = []

    def start(*arguments: str, **settings: str) -> Running:
        heard, spoken = os.pipe()
        with os.fdopen(spoken, "wb") as output:
            process = ForkedCommand(arguments, environment | settings, output)
        started.append(Running(process, os.fdopen(heard, "rb")))
        return started[-1]

    yield start
    for running in started:
        if running.process.poll() is None:
            running.process.kill()
            running.process.wait()
        running.heard_out()


@dataclass(frozen=True)
class Done:
    """How a command ended, and what it said."""

    returncode: int
    stdout: str
    stderr: str


@pytest.fixture
def whence(
    environment: dict[str, str],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> Callable[..., Done]:
    """Runs one command of `whence` to its end, in this process."""
    for name in Settings.model_fields:
        if variable(name) in environment:
            monkeypatch.setenv(variable(name), environment[variable(name)])

    def run(*arguments: str) -> Done:
        monkeypatch.setattr(sys, "argv", ["whence", *arguments])
        with pytest.raises(SystemExit) as ended:
            main()
        said = capsys.readouterr()
        return Done(int(ended.value.code or 0), said.out, said.err)

    return run


@pytest.fixture
def path_with_curl(tmp_path: Path) -> str:
    if shutil.which("curl") is None:
        curl = tmp_path / "bin" / "curl"
        curl.parent.mkdir()
        curl.write_text(CURL)
        curl.chmod(0o755)
        return f"{curl.parent}:{os.environ['PATH']}"
    return os.environ["PATH"]
