"""Conditions of policies, in CEL: compiled and checked when a policy is loaded, evaluated on plain values.

variables.py   what a condition may speak of
language.py    text -> Condition; Condition -> a finding with the values that decided; text -> Expression of any value
"""

from core.conditions.language import (
    Condition,
    Expression,
    Facts,
    Finding,
    check_name,
    compile_condition,
    compile_expression,
    value_at,
)
from core.conditions.variables import PEOPLE_SUBJECTS, PERSON, VARIABLES, Variables, Vocabulary

__all__ = [
    "PEOPLE_SUBJECTS",
    "PERSON",
    "VARIABLES",
    "Condition",
    "Expression",
    "Facts",
    "Finding",
    "Variables",
    "Vocabulary",
    "check_name",
    "compile_condition",
    "compile_expression",
    "value_at",
]
