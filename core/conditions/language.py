"""CEL conditions, by the Rust interpreter behind `common-expression-language` (docs/decisions/0013).

CEL always ends: it has no loops but those over a given list, and of these a condition has few. What it names is checked
on load, since CEL itself would find a misspelt name only on the day that the condition is needed.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, Final

import cel

from config.suggest import did_you_mean
from core.conditions.variables import PERSON, VARIABLES, Variables, Vocabulary
from core.errors import InvalidInput

LENGTH_MAX: Final = 1000  # characters
LOOPS_MAX: Final = 2  # each multiplies the work by the length of a list: ten would hang the gate
_POLICIES: Final = Vocabulary({**VARIABLES, **PERSON})
_TEXT: Final = re.compile(r"""r?("(?:\\.|[^"\\])*"|'(?:\\.|[^'\\])*')""")
_PATH: Final = re.compile(r"(?<![\w.])([a-z_]\w*)((?:\.[A-Za-z_]\w*(?!\w*\s*\())*)")
_LOOP: Final = re.compile(r"\.\s*(?:all|exists|exists_one|map|filter)\s*\(")
_PLACE: Final = re.compile(r"<input>:1:(\d+): (.*)")
# What the interpreter raises while it evaluates: a missing key, a wrong type, a division by zero, an overflow.
_FAILURES: Final = (KeyError, TypeError, ValueError, ArithmeticError, RuntimeError)


@dataclass(frozen=True, slots=True)
class Finding:
    """What a condition said, and the values that it read. `error` is why it could not say anything."""

    holds: bool
    values: Mapping[str, Any]
    error: str = ""


class Facts:
    """Values for conditions, converted for the interpreter once however many conditions read them (5x on five)."""

    def __init__(self, variables: Mapping[str, Any]) -> None:
        self.variables = variables
        self.context = cel.Context(variables=dict(variables))


@dataclass(frozen=True, slots=True)
class Condition:
    """A checked condition. Two are equal if their texts are."""

    text: str
    paths: tuple[str, ...] = field(compare=False)  # the variables that it names: agent.attributes.environment
    program: cel.Program = field(compare=False, repr=False)

    def find(self, facts: Facts, *, in_doubt: bool) -> Finding:
        """Whether it holds. `in_doubt` is the answer where it cannot be told: whatever is the careful one."""
        values = {path: value for path in self.paths if (value := value_at(facts.variables, path)) is not None}
        try:
            said = self.program.execute(facts.context)
        except _FAILURES as exc:
            return Finding(in_doubt, values, error=_in_words(exc))
        if not isinstance(said, bool):
            return Finding(in_doubt, values, error=f"it says {said!r}, which is neither true nor false")
        return Finding(said, values)


@dataclass(frozen=True, slots=True)
class Expression:
    """A checked text that says a value of any kind. Two are equal if their texts are."""

    text: str
    paths: tuple[str, ...] = field(compare=False)
    program: cel.Program = field(compare=False, repr=False)

    def value(self, facts: Facts) -> Any:
        """What it says; None where a fact that it reads is not there. Raises InvalidInput if it cannot be told."""
        try:
            return self.program.execute(facts.context)
        except KeyError:
            return None
        except _FAILURES as exc:
            raise InvalidInput(f"The expression '{self.text}' cannot be evaluated: {_in_words(exc)}.") from exc


@lru_cache(maxsize=4096)  # a stored policy is read with every request that it covers
def compile_condition(
    text: str, *, subjects: Collection[str] = tuple(VARIABLES), vocabulary: Vocabulary = _POLICIES
) -> Condition:
    """The condition, which names nothing but the vocabulary's variables of these subjects.

    Raises InvalidInput saying what is wrong with it and what is accepted.
    """
    paths, program = _compiled(text, {subject: vocabulary.examples[subject] for subject in subjects}, open_to=())
    condition = Condition(text, paths, program)
    _try(condition, vocabulary)
    return condition


def compile_expression(text: str, examples: Mapping[str, Any], *, open_to: Collection[str] = ()) -> Expression:
    """The expression, which names nothing but what `examples` show; subjects in `open_to` have any field.

    Raises InvalidInput saying what is wrong with it and what is accepted.
    """
    paths, program = _compiled(text, examples, open_to=open_to)
    expression = Expression(text, paths, program)
    expression.value(Facts(examples))
    return expression


def _compiled(
    text: str, examples: Mapping[str, Any], *, open_to: Collection[str]
) -> tuple[tuple[str, ...], cel.Program]:
    """The variables that the text names, and its program."""
    if len(text) > LENGTH_MAX:
        raise InvalidInput(f"A condition has at most {LENGTH_MAX} characters; this has {len(text)}.")
    bare = _TEXT.sub("''", text)
    if len(_LOOP.findall(bare)) > LOOPS_MAX:
        raise InvalidInput(f"A condition goes through at most {LOOPS_MAX} lists.")
    try:
        program = cel.compile(text)
    except ValueError as exc:
        place = _PLACE.search(str(exc))
        said = f"at character {place[1]}: {place[2].split(' expecting')[0]}" if place else "it is no CEL"
        raise InvalidInput(f"The condition '{text}' cannot be read, {said}.") from exc
    own = set(re.findall(r"\.(?:all|exists|exists_one|map|filter)\(\s*(\w+)\s*,", bare))
    paths: dict[str, None] = {}
    named = set(program.variables())
    for match in _PATH.finditer(bare):
        subject = match[1]
        if subject in named and subject not in own:
            paths[check_name(subject, match[2].lstrip("."), examples, open_to=open_to)] = None
    return tuple(paths), program


def check_name(subject: str, rest: str, examples: Mapping[str, Any], *, open_to: Collection[str] = ()) -> str:
    """The variable's whole name, which the examples show; subjects in `open_to` have any field.

    Raises InvalidInput with what was probably meant.
    """
    if subject not in examples:
        raise InvalidInput(
            f"A condition here cannot speak of '{subject}'.{did_you_mean(subject, examples)}", accepted=tuple(examples)
        )
    fields = examples[subject]
    name, _, deeper = rest.partition(".")
    if subject in open_to or not isinstance(fields, Mapping):
        return f"{subject}.{name}" if name else subject
    if name and name not in fields:
        hint = did_you_mean(name, fields)
        if subject == "agent" and not hint:
            hint = f" Attributes of its own stand in agent.attributes.{name}."
        raise InvalidInput(f"'{subject}' has no '{name}'.{hint}", accepted=tuple(fields))
    if name == "attributes" and deeper:
        return f"{subject}.{name}.{deeper.partition('.')[0]}"
    return f"{subject}.{name}" if name else subject


def _try(condition: Condition, vocabulary: Vocabulary) -> None:
    """On the examples it says true or false; an attribute that they lack is no mistake of the condition."""
    try:
        said = condition.program.execute(dict(vocabulary.examples))
    except KeyError:
        return
    except _FAILURES as exc:
        raise InvalidInput(f"The condition '{condition.text}' cannot be evaluated: {_in_words(exc)}.") from exc
    if not isinstance(said, bool):
        raise InvalidInput(f"The condition '{condition.text}' says {said!r}, which is neither true nor false.")


def value_at(variables: Variables, path: str) -> Any:
    """What stands there; None if nothing does."""
    found: Any = variables
    for part in path.split("."):
        if not isinstance(found, Mapping) or part not in found:
            return None
        found = found[part]
    return found


def _in_words(failure: BaseException) -> str:
    if isinstance(failure, KeyError):
        return f"there is no {failure.args[0]}"
    return str(failure).split(". ", maxsplit=1)[0].rstrip(".")
