"""What serves for the demo ends with it, also when the demo is killed."""

from __future__ import annotations

import contextlib
import socket
import subprocess
import sys
import time

PARENT = """
import asyncio, sys
from pathlib import Path
from app.children import Children

async def main():
    children = Children(Path(sys.argv[1]))
    await children.start("page", "-m", "http.server", sys.argv[2], "--bind", "127.0.0.1", environ={})
    await asyncio.sleep(60)

asyncio.run(main())
"""
PATIENCE_S = 30


def answers(port: int) -> bool:
    with contextlib.suppress(OSError), socket.create_connection(("127.0.0.1", port), timeout=1):
        return True
    return False


def wait_until(port: int, *, answering: bool) -> None:
    deadline = time.monotonic() + PATIENCE_S
    while answers(port) is not answering:
        assert time.monotonic() < deadline, f"answering stayed {not answering}"
        time.sleep(0.05)


def test_a_killed_parent_leaves_no_child_that_holds_an_address(tmp_path, unused_tcp_port):
    with subprocess.Popen([sys.executable, "-c", PARENT, str(tmp_path), str(unused_tcp_port)]) as parent:
        wait_until(unused_tcp_port, answering=True)
        parent.kill()
    wait_until(unused_tcp_port, answering=False)
