"""Pictures for platforms that fetch them: each at an address that nobody guesses and that ends.

model.py     the table
tokens.py    pure: what the address says
service.py   keep, look up, forget
"""

from core.pictures.service import (
    KEPT_FOR,
    PICTURE_BYTES_MAX,
    SECRET,
    Picture,
    UnusablePicture,
    keep_picture,
    kept_under,
    picture_of,
    purge_pictures,
)

__all__ = [
    "KEPT_FOR",
    "PICTURE_BYTES_MAX",
    "SECRET",
    "Picture",
    "UnusablePicture",
    "keep_picture",
    "kept_under",
    "picture_of",
    "purge_pictures",
]
