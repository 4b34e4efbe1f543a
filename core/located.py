"""Reading typed values out of a located YAML document: problems are collected, then raised together."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import cast

from config.suggest import suggest
from config.yamlfile import LocatedDocument, YamlPath
from core.durations import EXAMPLES, parse_duration
from core.errors import ConfigError


class Reader:
    """Reads one document. After `finish`, either everything read was right or ConfigError names all that was not."""

    def __init__(self, document: LocatedDocument) -> None:
        self._document = document
        self._problems: list[ConfigError] = []

    def problem(self, path: YamlPath, message: str, *, accepted: Sequence[str] = ()) -> None:
        """Something at `path` is wrong; reading goes on."""
        self._problems.append(
            ConfigError(
                message,
                file=self._document.file,
                line=self._document.nearest_line(path),
                key=".".join(str(part) for part in path) or None,
                accepted=tuple(accepted),
            )
        )

    def finish(self) -> None:
        """Returns if nothing was wrong. Raises the one problem, or one ConfigError that lists them all."""
        if len(self._problems) == 1:
            raise self._problems[0]
        if self._problems:
            lines = "\n".join(problem.sentence() for problem in self._problems)
            raise ConfigError(
                f"{len(self._problems)} problems:\n{lines}", file=self._document.file, line=self._problems[0].line
            )

    def mapping(
        self, path: YamlPath, value: object, *, allowed: Sequence[str] = (), required: Sequence[str] = ()
    ) -> Mapping[str, object]:
        """The mapping at `path`; an unknown key (unless anything is allowed) or a missing one is a problem.

        What stands under a misspelt key is read as meant, so that one slip is one problem.
        """
        if not isinstance(value, dict):
            self.problem(path, "Here stands a mapping of keys to values.", accepted=required or allowed)
            return {}
        meant = dict(value)
        for key in value:
            if allowed and key not in allowed:
                guess = suggest(key, tuple(allowed))
                hint = f" Did you mean '{guess}'?" if guess else ""
                self.problem((*path, key), f"'{key}' is not a key here.{hint}", accepted=allowed)
                if guess:
                    meant.setdefault(guess, value[key])
        for key in required:
            if key not in meant:
                self.problem(path, f"The key '{key}' is missing.", accepted=allowed)
        return cast("Mapping[str, object]", meant)

    def sequence(self, path: YamlPath, value: object) -> Sequence[object]:
        """The list at `path`."""
        if isinstance(value, (list, tuple)):
            return value
        self.problem(path, "Here stands a list.")
        return ()

    def text(self, path: YamlPath, value: object) -> str:
        """The non-empty text at `path`."""
        if isinstance(value, str) and value.strip():
            return value.strip()
        self.problem(path, "Here stands a text.")
        return str(value)

    def boolean(self, path: YamlPath, value: object) -> bool:
        """The boolean at `path`."""
        if not isinstance(value, bool):
            self.problem(path, f"'{value}' is neither true nor false.", accepted=("true", "false"))
        return value is True

    def integer(self, path: YamlPath, value: object, *, least: int = 0) -> int:
        """The whole number at `path`, not below `least`."""
        if isinstance(value, bool) or not isinstance(value, int) or value < least:
            self.problem(path, f"'{value}' is not a whole number from {least}.")
            return least
        return value

    def duration(self, path: YamlPath, value: object, default: timedelta) -> timedelta:
        """The duration at `path`, else the default."""
        found = parse_duration(value)
        if found is None:
            self.problem(path, f"'{value}' is not a duration.", accepted=EXAMPLES)
        return default if found is None else found

    def choice(self, path: YamlPath, value: object, accepted: Sequence[str]) -> str:
        """The text at `path`, one of `accepted`."""
        text = str(value)
        if text not in accepted:
            guess = suggest(text, tuple(accepted))
            hint = f" Did you mean '{guess}'?" if guess else ""
            self.problem(path, f"'{text}' is not accepted here.{hint}", accepted=accepted)
        return text
