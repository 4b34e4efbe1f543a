"""`countersign`, also as `python -m app`."""

from __future__ import annotations

import gc


def main() -> None:
    """The command line."""
    gc.disable()  # what an import makes is kept for good: looking for garbage in it took a quarter of each start
    from app.cli import main as run  # noqa: PLC0415 - only now, for the line above

    gc.freeze()
    gc.enable()
    run()


if __name__ == "__main__":
    main()
