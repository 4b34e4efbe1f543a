"""Usage from a file: CSV of ours, or FOCUS (the export of Countersign or of another provider).

cells.py    pure: what a cell says
rows.py     CSV -> rows: usage, or why there is none in it
focus.py    pure: what a row of FOCUS says
marks.py    how far a file was taken and what was left out, beside it
taking.py   use case: the rows of a file stand in the ledger
"""

from app.usage_import.marks import ERRORS_MAX
from app.usage_import.taking import BATCH, Imported, import_usage, take_file

__all__ = ["BATCH", "ERRORS_MAX", "Imported", "import_usage", "take_file"]
