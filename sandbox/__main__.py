"""`python -m sandbox`: the simulated outside world on one port, until it is told to stop."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from aiohttp import web

from sandbox.server import Options, create_app
from sandbox.slack.settings import read_people


def main(argv: list[str] | None = None) -> int:
    """Serves until SIGINT or SIGTERM; 2 when the people file or the snapshot cannot be read."""
    parser = argparse.ArgumentParser(prog="python -m sandbox", description=__doc__)
    parser.add_argument("--host", default="127.0.0.1")
    parser.add_argument("--port", type=int, required=True)
    parser.add_argument("--base-url", help="where the product reaches the sandbox; http://127.0.0.1:PORT if not given")
    parser.add_argument("--data", type=Path, help="the snapshot file; without it nothing is kept")
    parser.add_argument("--product-url", required=True, help="where the product listens")
    parser.add_argument("--signing-secret", required=True)
    parser.add_argument("--bot-token", required=True)
    parser.add_argument("--app-token", required=True)
    parser.add_argument("--people", type=Path, required=True, help="JSON: team, people, channels")
    given = parser.parse_args(argv)
    try:
        app = create_app(
            Options(
                base_url=(given.base_url or f"http://127.0.0.1:{given.port}").rstrip("/"),
                product_url=given.product_url.rstrip("/"),
                signing_secret=given.signing_secret,
                bot_token=given.bot_token,
                app_token=given.app_token,
                people=read_people(given.people),
                data=given.data,
            )
        )
    except (OSError, ValueError) as exc:
        sys.stderr.write(f"sandbox: {exc}\n")
        return 2
    web.run_app(app, host=given.host, port=given.port, print=None, shutdown_timeout=2)
    return 0


if __name__ == "__main__":
    sys.exit(main())
