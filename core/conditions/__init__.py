"""Conditions of policies, in CEL: compiled and checked when a policy is loaded, evaluated on plain values.

variables.py   what a condition may speak of
language.py    text -> Condition; Condition -> a finding with the values that decided
"""

from core.conditions.language import Condition, Facts, Finding, compile_condition
from core.conditions.variables import PEOPLE_SUBJECTS, PERSON, VARIABLES, Variables

__all__ = ["PEOPLE_SUBJECTS", "PERSON", "VARIABLES", "Condition", "Facts", "Finding", "Variables", "compile_condition"]
