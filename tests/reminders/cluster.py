"""A PostgreSQL server of the tests' own, on a loopback port."""

import os
import pwd
import shutil
import socket
import subprocess
import tempfile
from pathlib import Path
from uuid import uuid4


def programs() -> Path:
    """Return the folder of PostgreSQL's programs.

    :raises FileNotFoundError: when the machine has none
    """
    named = shutil.which("initdb")
    if named:
        return Path(named).resolve().parent
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    if not found:
        message = "no PostgreSQL: `python3 dev.py test` installs it"
        raise FileNotFoundError(message)
    return found[-1].parent


class Cluster:
    """A server with its data in a folder of its own; not for anything that is to last."""

    def __init__(self) -> None:
        """Make it and start it. PostgreSQL refuses root, so it runs as `nobody` then."""
        self._programs = programs()
        self.folder = Path(tempfile.mkdtemp(prefix="lendemain-pg-"))
        self._user: dict[str, str | int] = {}
        if os.geteuid() == 0:
            nobody = pwd.getpwnam("nobody")
            os.chown(self.folder, nobody.pw_uid, nobody.pw_gid)
            self._user = {"user": nobody.pw_uid, "group": nobody.pw_gid}
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port: int = free.getsockname()[1]
        self._run("initdb", "-D", "data", "-A", "trust", "-U", "lendemain", "--no-sync", "-E", "UTF8",
                  "--locale=C")  # fmt: skip
        self.start()

    def _run(self, program: str, *arguments: str) -> None:
        subprocess.run(
            [self._programs / program, *arguments], cwd=self.folder, check=True,
            stdout=subprocess.DEVNULL, stdin=subprocess.DEVNULL, **self._user,  # type: ignore[call-overload]
        )  # fmt: skip

    def start(self) -> None:
        """Start the server and wait until it answers."""
        options = (
            f"-p {self.port} -k {self.folder} -c listen_addresses=127.0.0.1 -c max_connections=60"
        )
        self._run("pg_ctl", "-D", "data", "-w", "-l", "log", "-o", options, "start")

    def stop(self, mode: str = "immediate") -> None:
        """Stop the server; its data stay."""
        self._run("pg_ctl", "-D", "data", "-w", "-m", mode, "stop")

    def new_database(self) -> str:
        """Make an empty database and return its address."""
        name = f"test_{uuid4().hex}"
        self._run("createdb", "-h", "127.0.0.1", "-p", str(self.port), "-U", "lendemain", name)
        return f"postgresql://lendemain@127.0.0.1:{self.port}/{name}"

    def remove(self) -> None:
        """Stop it and delete everything."""
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)
