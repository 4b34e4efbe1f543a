"""Reports that are printed or opened in a spreadsheet: one description, two files.

document.py   a report as data: facts, tables, words, pictures
pdf.py        as PDF, with fonts.py: which letters it is set in
workbook.py   as XLSX, a sheet for each table
"""

from core.documents.document import Cell, Column, Document, Picture, Table, Words
from core.documents.pdf import ROWS_PRINTED, to_pdf
from core.documents.workbook import to_workbook

__all__ = [
    "ROWS_PRINTED",
    "Cell",
    "Column",
    "Document",
    "Picture",
    "Table",
    "Words",
    "to_pdf",
    "to_workbook",
]
