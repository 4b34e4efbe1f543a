"""Reports that are printed or opened in a spreadsheet: one description for each file.

document.py   a report as data: facts, tables, words, pictures
pdf.py        as PDF, with fonts.py: which letters it is set in
page.py         as an HTML page of its own, and as CSV
workbook.py   as XLSX, a sheet for each table
"""

from core.documents.document import Brand, Cell, Column, Document, Picture, Table, Words
from core.documents.page import to_csv, to_page
from core.documents.pdf import ROWS_PRINTED, to_pdf
from core.documents.workbook import to_workbook

__all__ = [
    "ROWS_PRINTED",
    "Brand",
    "Cell",
    "Column",
    "Document",
    "Picture",
    "Table",
    "Words",
    "to_csv",
    "to_page",
    "to_pdf",
    "to_workbook",
]
