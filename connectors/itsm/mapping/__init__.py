"""How our facts become a ticket system's fields, states, priorities and people, as its administrator wrote it in YAML.

variables.py   what an expression may speak of
values.py      Mapping, FieldRule and the rest, with what they say of a ticket; no I/O
limits.py      what cannot be mapped in which system, and why
checking.py    a mapping against what its system says of its fields, for `countersign doctor`
reading.py     a file -> Mapping; every problem with its line, key and accepted values
"""

from connectors.itsm.mapping.checking import distinct, examine, examine_states, needed
from connectors.itsm.mapping.limits import limits_for, limits_of
from connectors.itsm.mapping.reading import load_mapping, read_mapping
from connectors.itsm.mapping.values import (
    SEVERITY_FACT,
    TIME_FACTS,
    Expression,
    FieldRule,
    KindMapping,
    Mapping,
    UnmappableError,
    Users,
    facts_of,
)
from connectors.itsm.mapping.variables import FACTS, OPEN_SUBJECTS, PLACEHOLDERS
from connectors.itsm.targets import Target

__all__ = [
    "FACTS",
    "OPEN_SUBJECTS",
    "PLACEHOLDERS",
    "SEVERITY_FACT",
    "TIME_FACTS",
    "Expression",
    "FieldRule",
    "KindMapping",
    "Mapping",
    "Target",
    "UnmappableError",
    "Users",
    "distinct",
    "examine",
    "examine_states",
    "facts_of",
    "limits_for",
    "limits_of",
    "load_mapping",
    "needed",
    "read_mapping",
]
