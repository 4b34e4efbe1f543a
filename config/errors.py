"""What can be wrong with a file or a setting.

SettingsError          a value, a key or a variable that cannot be accepted
└── YamlSyntaxError    the file is not YAML that we read

`config` lies below `core`, so these do not derive from `CountersignError`; whoever reads a file on behalf of a person
turns them into `core.errors.ConfigError`, which has the same attributes.
"""

from __future__ import annotations


class SettingsError(Exception):
    """One thing that is wrong with the configuration, and where; `others` holds what else was found with it."""

    def __init__(
        self,
        message: str,
        *,
        file: str | None = None,
        line: int | None = None,
        key: str | None = None,
        accepted: tuple[str, ...] = (),
    ) -> None:
        self.message = message
        self.file, self.line, self.key = file, line, key
        self.accepted = accepted
        self.others: tuple[SettingsError, ...] = ()
        super().__init__(message)

    def sentence(self) -> str:
        """As one line for a person, led by the place: `countersign.yaml:7 key 'bind.port': …`."""
        place = ":".join(str(part) for part in (self.file, self.line) if part is not None)
        where = " ".join(part for part in (place, self.key and f"key '{self.key}'") if part)
        body = f"{where}: {self.message}" if where else self.message
        return f"{body} Accepted: {', '.join(self.accepted)}." if self.accepted else body

    def __str__(self) -> str:
        """Everything that was found, one line each."""
        return "\n".join(error.sentence() for error in (self, *self.others))


class YamlSyntaxError(SettingsError):
    """A file is not YAML that Countersign reads; `line` says where it stops making sense."""

    def __init__(self, file: str, line: int | None, message: str) -> None:
        super().__init__(message, file=file, line=line)
