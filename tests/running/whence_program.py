"""A `whence` for the shell: a program in a folder, which has its command forked from here."""

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from socketserver import StreamRequestHandler, ThreadingTCPServer
from threading import Thread

import forked

PATIENCE_SECONDS = 120

_PROGRAM = f"""#!{sys.executable} -IS
import json, os, socket, sys
asked = json.dumps([sys.argv[1:], dict(os.environ)])
with socket.create_connection(("127.0.0.1", PORT)) as connection:
    with connection.makefile("rw", encoding="ascii") as both:
        print(asked, file=both, flush=True)
        code, output, errors = json.loads(both.readline())
sys.stdout.write(output)
sys.stderr.write(errors)
sys.exit(code)
"""


@contextmanager
def whence_in(folder: Path) -> Iterator[None]:
    """Meanwhile the folder, made for it, has the program; nobody has to wait for its imports."""
    with ThreadingTCPServer(("127.0.0.1", 0), _Commands) as server:
        folder.mkdir()
        program = folder / "whence"
        program.write_text(_PROGRAM.replace("PORT", str(server.server_address[1])))
        program.chmod(0o755)
        Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
        yield
        server.shutdown()


class _Commands(StreamRequestHandler):
    def handle(self) -> None:
        arguments, environment = json.loads(self.rfile.readline())
        done = forked.run(arguments, environment, timeout=PATIENCE_SECONDS)
        said = json.dumps([done.returncode, done.stdout, done.stderr])
        self.wfile.write(f"{said}\n".encode())
