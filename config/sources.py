"""Where settings come from: options, environment variables, secret files, one YAML file -> one mapping with origins.

The command line wins over the environment, and that over the file. pydantic-settings validates what is gathered here;
its own sources are not used, because they pass over unknown names in silence and forget the line a value came from.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import UnionType
from typing import Annotated, Final, Union, get_args, get_origin

from pydantic import BaseModel, SecretStr
from pydantic.fields import FieldInfo

from config.errors import SettingsError
from config.fields import OneOrMore
from config.suggest import did_you_mean
from config.yamlfile import LocatedDocument, YamlPath

PREFIX: Final = "COUNTERSIGN_"
CONFIG_VARIABLE: Final = "COUNTERSIGN_CONFIG"
ENVIRONMENT: Final = "environment"
COMMAND_LINE: Final = "command line"
SECRET_MAX_BYTES: Final = 65_536

# Kubernetes announces a service named "countersign" to its pods by such variables; they are not ours.
_FROM_THE_CLUSTER: Final = re.compile(r"COUNTERSIGN_(SERVICE_(HOST|PORT)|PORT)(_\w+)?\Z")

KeyPath = tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Leaf:
    """One thing that can be set: its place in the settings tree and how it is read."""

    path: KeyPath
    is_secret: bool  # may also be given as the name of a file that holds it
    is_path: bool
    item_paths: frozenset[str] = frozenset()  # in a list of sections: which of their keys are paths

    @property
    def variable(self) -> str:
        """The environment variable that sets it."""
        return PREFIX + "__".join(self.path).upper()

    @property
    def key(self) -> str:
        """Its name in the YAML file, as a person would say it."""
        return ".".join(self.path)


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a value was given; `key` is the variable or the dotted key, `secret_file` what they name to hold it."""

    file: str
    line: int | None
    key: str
    secret_file: Path | None = None


@dataclass(slots=True)
class Gathered:
    """What was found: nested values, where each leaf came from, and everything that cannot be accepted."""

    values: dict[str, object] = field(default_factory=dict)
    origins: dict[KeyPath, Origin] = field(default_factory=dict)
    errors: list[SettingsError] = field(default_factory=list)

    def put(self, leaf: Leaf, value: object, origin: Origin) -> None:
        """`value` stands at the leaf's place, over whatever stood there."""
        *sections, name = leaf.path
        place = self.values
        for section in sections:
            nested = place.setdefault(section, {})
            assert isinstance(nested, dict)  # leaves and sections have different names in a model
            place = nested
        place[name] = value
        self.origins[leaf.path] = origin


def leaves(model: type[BaseModel], prefix: KeyPath = ()) -> Iterator[Leaf]:
    """Every leaf of the settings tree, in the order in which the models declare them."""
    for name, info in model.model_fields.items():
        section = section_model(info.annotation) or listed_model(info)
        if section is not None:
            yield from leaves(section, (*prefix, name))
        else:
            types = _members(info.annotation)
            yield Leaf(
                (*prefix, name), is_secret=SecretStr in types, is_path=Path in types, item_paths=_item_paths(types)
            )


def section_model(annotation: object) -> type[BaseModel] | None:
    """The model behind a nested section, None for a leaf."""
    return annotation if isinstance(annotation, type) and issubclass(annotation, BaseModel) else None


def listed_model(info: FieldInfo) -> type[BaseModel] | None:
    """The model behind a section that may also be a list of sections, None for anything else."""
    if OneOrMore not in info.metadata:
        return None
    return next((found for item in get_args(info.annotation) if (found := section_model(item))), None)


def gather(
    model: type[BaseModel],
    *,
    environ: Mapping[str, str],
    document: LocatedDocument | None,
    options: Mapping[str, str],
) -> Gathered:
    """All that the file, then the environment, then the command line set; what is empty sets nothing.

    `options` maps dotted keys to what was given for the option of that name.
    """
    found = Gathered()
    if document is not None:
        _read_document(model, document, found)
    _read_environment(model, environ, found)
    for leaf in leaves(model):
        if options.get(leaf.key):
            found.put(leaf, options[leaf.key], Origin(COMMAND_LINE, None, f"--{leaf.key}"))
    return found


def _read_document(model: type[BaseModel], document: LocatedDocument, found: Gathered) -> None:
    if document.value is None:
        return
    if not isinstance(document.value, dict):
        found.errors.append(SettingsError("The file must hold keys and values.", file=document.file, line=1))
        return
    _read_section(model, document, found, section=document.value, path=())


def _read_section(
    model: type[BaseModel],
    document: LocatedDocument,
    found: Gathered,
    *,
    section: Mapping[str, object],
    path: KeyPath,
) -> None:
    own = {leaf.path[-1]: leaf for leaf in leaves(model, path) if len(leaf.path) == len(path) + 1}
    listed = {name: nested for name, info in model.model_fields.items() if (nested := listed_model(info))}
    sections = listed | {
        name: nested for name, info in model.model_fields.items() if (nested := section_model(info.annotation))
    }
    files = {f"{name}_file": leaf for name, leaf in own.items() if leaf.is_secret}
    for name, value in section.items():
        key = ".".join((*path, name))
        origin = Origin(document.file, document.line_of((*_in_document(path), name)), key)
        if name not in own and name not in sections and name not in files:
            found.errors.append(_unknown_key(origin, name, (*own, *sections)))
        elif value is None:
            continue
        elif name in sections and isinstance(value, dict):
            _read_section(sections[name], document, found, section=value, path=(*path, name))
        elif name in listed and isinstance(value, list):
            _read_list(listed[name], document, found, items=value, path=(*path, name))
        elif name in sections:
            message = "This is a section: put its keys below it, indented."
            found.errors.append(_error(origin, message, accepted=tuple(sections[name].model_fields)))
        elif name in files and section.get(files[name].path[-1]) is not None:
            found.errors.append(_error(origin, f"Give either '{files[name].path[-1]}' or '{name}', not both."))
        elif name in files:
            _put_secret(files[name], value, origin, base=Path(document.file).parent, found=found)
        else:
            found.put(own[name], _as_the_file_means_it(own[name], value, document), origin)


def _read_list(
    model: type[BaseModel], document: LocatedDocument, found: Gathered, *, items: Sequence[object], path: KeyPath
) -> None:
    """Each item is read as the section that it is, and all of them stand at `path` as a list."""
    sections = []
    for index, item in enumerate(items):
        place = (*path, str(index))
        origin = Origin(document.file, document.line_of((*path, index)), ".".join(place))
        if not isinstance(item, dict):
            message = "This is a section: put its keys here."
            found.errors.append(_error(origin, message, accepted=tuple(model.model_fields)))
            continue
        own = Gathered(origins=found.origins, errors=found.errors)
        _read_section(model, document, own, section=item, path=place)
        own.origins.setdefault(place, origin)
        nested: object = own.values
        for step in place:
            nested = nested.get(step, {}) if isinstance(nested, dict) else {}
        sections.append(nested)
    target = found.values
    for step in path[:-1]:
        inner = target.setdefault(step, {})
        assert isinstance(inner, dict)  # a section, as the path says
        target = inner
    target[path[-1]] = sections
    found.origins[path] = Origin(document.file, document.line_of(path), ".".join(path))


def _as_the_file_means_it(leaf: Leaf, value: object, document: LocatedDocument) -> object:
    """Paths in a file start at the folder of that file, wherever the program was started."""
    if leaf.is_path and isinstance(value, str):
        return _beside(document, value)
    if leaf.item_paths and isinstance(value, list):
        return [
            {name: _beside(document, one) if name in leaf.item_paths else one for name, one in item.items()}
            if isinstance(item, dict)
            else item
            for item in value
        ]
    return value


def _in_document(path: KeyPath) -> YamlPath:
    """The path with the positions of list items as the document has them."""
    return tuple(int(part) if part.isdecimal() else part for part in path)


def _beside(document: LocatedDocument, value: object) -> object:
    return str(Path(document.file).parent / Path(value).expanduser()) if isinstance(value, str) else value


def _item_paths(types: tuple[object, ...]) -> frozenset[str]:
    items = [item for one in types if get_origin(one) is tuple for item in get_args(one) if section_model(item)]
    return frozenset(
        leaf.path[0] for item in items if (model := section_model(item)) for leaf in leaves(model) if leaf.is_path
    )


def _read_environment(model: type[BaseModel], environ: Mapping[str, str], found: Gathered) -> None:
    every = tuple(leaves(model))
    by_variable = {leaf.variable: leaf for leaf in every}
    by_file_variable = {f"{leaf.variable}_FILE": leaf for leaf in every if leaf.is_secret}
    accepted = (*by_variable, *by_file_variable, CONFIG_VARIABLE)
    for variable, value in sorted(environ.items()):
        origin = Origin(ENVIRONMENT, None, variable)
        if not variable.startswith(PREFIX) or variable == CONFIG_VARIABLE or not value:
            continue
        leaf = by_variable.get(variable) or by_file_variable.get(variable)
        if leaf is not None and isinstance(found.values.get(leaf.path[0]), list) and len(leaf.path) > 1:
            message = f"The file gives several sections of '{leaf.path[0]}', and a variable cannot say which it means."
            found.errors.append(_error(origin, message))
        elif variable in by_variable:
            found.put(by_variable[variable], value, origin)
        elif variable in by_file_variable:
            leaf = by_file_variable[variable]
            if environ.get(leaf.variable):
                found.errors.append(_error(origin, f"Give either {leaf.variable} or {variable}, not both."))
            else:
                _put_secret(leaf, value, origin, base=Path(), found=found)
        elif not _FROM_THE_CLUSTER.match(variable):
            message = f"There is no such setting.{did_you_mean(variable, accepted)}"
            found.errors.append(_error(origin, message))


def _put_secret(leaf: Leaf, name: object, origin: Origin, *, base: Path, found: Gathered) -> None:
    """The content of the named file, without its last line break, stands at the leaf's place."""
    if not isinstance(name, str):
        found.errors.append(_error(origin, "This must be the name of a file."))
        return
    path = base / Path(name).expanduser()
    try:
        with path.open("rb") as stream:
            raw = stream.read(SECRET_MAX_BYTES + 1)
        text = raw.decode().rstrip("\r\n")
    except OSError as exc:
        found.errors.append(_error(origin, f"The file '{path}' cannot be read: {exc.strerror or exc}."))
    except UnicodeDecodeError:
        found.errors.append(_error(origin, f"The file '{path}' is not UTF-8 text."))
    else:
        if not text or len(raw) > SECRET_MAX_BYTES:
            found.errors.append(_error(origin, f"The file '{path}' is {'too large' if text else 'empty'}."))
        else:
            found.put(leaf, text, replace(origin, secret_file=path))


def _unknown_key(origin: Origin, name: str, accepted: tuple[str, ...]) -> SettingsError:
    return _error(origin, f"There is no such key.{did_you_mean(name, accepted)}", accepted=accepted)


def _error(origin: Origin, message: str, *, accepted: tuple[str, ...] = ()) -> SettingsError:
    return SettingsError(message, file=origin.file, line=origin.line, key=origin.key, accepted=accepted)


def _members(annotation: object) -> tuple[object, ...]:
    """The plain types of an annotation, through unions and Annotated, in whatever order they are nested."""
    origin = get_origin(annotation)
    if origin is Annotated:
        return _members(get_args(annotation)[0])
    if origin in {Union, UnionType}:
        return tuple(member for each in get_args(annotation) for member in _members(each))
    return (annotation,)
