"""`python -m app` is `countersign`."""

from app.cli import main

main()
