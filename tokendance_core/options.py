"""Options, each declared once: a field of a frozen dataclass that knows its range, its unit and a sentence for people.

    energy: float = option(0.0, "0 follows the song, below dances smaller, above bigger", least=-2.0, most=2.0)

Everything else is derived from the field: the range check, options of a command line, columns of a table, JSON, and
(in the add-on) Blender's properties. No front end states a default, a range or a choice of its own.
"""

from __future__ import annotations

import argparse
import dataclasses
import json
import math
from collections.abc import Container, Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Any, ClassVar, Protocol, TypeVar, cast

from tokendance_core.errors import SettingError, TokenDanceError

_KEY = "option"
_TRUTHS = {"1": True, "yes": True, "true": True, "on": True, "0": False, "no": False, "false": False, "off": False}


class Settings(Protocol):
    """A dataclass, some of whose fields are options."""

    __dataclass_fields__: ClassVar[dict[str, dataclasses.Field[Any]]]


_S = TypeVar("_S", bound=Settings)
Value = bool | int | float | str


@dataclass(frozen=True, kw_only=True)
class Option:
    """One option: ``name`` in code, ``default`` and with it the type, ``text`` for people, and what it may be.

    ``least`` and ``most`` bound a number (None: no bound), ``usual`` is where a slider may end; ``choices``: value ->
    label and sentence. ``unit``: "s", "m", "frames", "part" (0 to 1), "file", or empty. ``once``: it names what one
    request is about, so nobody remembers it for the next one.
    """

    name: str
    default: Value
    text: str
    label: str
    hint: str = ""
    least: float | None = None
    most: float | None = None
    usual: float | None = None
    choices: Mapping[str, tuple[str, str]] = dataclasses.field(default_factory=dict)
    unit: str = ""
    once: bool = False

    @property
    def kind(self) -> type[Value]:
        return type(self.default)

    @property
    def expected(self) -> str:
        """What a value has to be, in words: "a number from -2 to 2"."""
        if self.choices:
            return _listed(list(self.choices))
        if self.kind is bool:
            return "yes or no"
        if self.kind is str:
            return "a file" if self.unit == "file" else "a text"
        noun = "a whole number" if self.kind is int else "a number"
        unit = {"s": " of seconds", "m": " of metres", "frames": " of frames"}.get(self.unit, "")
        return f"{noun}{unit}{_bounds(self.least, self.most)}"

    def allows(self, value: object) -> bool:
        """Whether ``value`` is of this option's type and range; whole numbers count as numbers."""
        if self.choices:
            return isinstance(value, str) and value in self.choices
        if self.kind in (bool, str):
            return isinstance(value, self.kind)
        wanted = (int,) if self.kind is int else (int, float)
        if not isinstance(value, wanted) or isinstance(value, bool) or not math.isfinite(value):
            return False
        return (self.least is None or value >= self.least) and (self.most is None or value <= self.most)

    def parse(self, text: str) -> Value:
        """The value that a person wrote; SettingError when it is none."""
        word = text.strip()
        try:
            value = self._value(word)
        except (ValueError, KeyError):
            value = None
        if value is None or not self.allows(value):
            raise self.refusal(word)
        return value

    def _value(self, word: str) -> Value:
        if self.choices:
            return word.lower().replace(" ", "_")
        if self.kind is bool:
            return _TRUTHS[word.lower()]
        return self.kind(word)

    def refusal(self, value: object, error: type[TokenDanceError] = SettingError) -> TokenDanceError:
        """The error for a value that is not allowed."""
        return error(f"“{self.name}” is {value!r}, expected {self.expected}.", hint=self.hint or f"{self.text}.")


def _listed(words: list[str]) -> str:
    return " or ".join([", ".join(words[:-1]), words[-1]] if len(words) > 1 else words)


def _bounds(least: float | None, most: float | None) -> str:
    if least is not None and most is not None:
        return f" from {least:.10g} to {most:.10g}"
    if least is not None:
        return f" of {least:.10g} or more"
    return f" of {most:.10g} or less" if most is not None else ""


# --- declaring --------------------------------------------------------------------------------------------------------


def option(
    default: Value,
    text: str,
    *,
    label: str = "",
    hint: str = "",
    least: float | None = None,
    most: float | None = None,
    usual: float | None = None,
    choices: Mapping[str, tuple[str, str]] | None = None,
    unit: str = "",
    once: bool = False,
) -> Any:
    """A dataclass field that is an option: see ``Option``. ``text`` begins with a capital and ends without a stop."""
    stated = {
        **{"text": text, "label": label, "hint": hint, "least": least, "most": most, "usual": usual},
        **{"choices": choices or {}, "unit": unit, "once": once},
    }
    return dataclasses.field(default=default, metadata={_KEY: stated})


def like(settings: type[Settings], name: str, **changes: Any) -> Any:
    """A field that is the option ``name`` of another class, with another ``default`` or ``text`` where one is given."""
    field = settings.__dataclass_fields__[name]
    stated = {**field.metadata[_KEY], **{key: value for key, value in changes.items() if key != "default"}}
    return option(changes.get("default", cast(Value, field.default)), **stated)


# --- deriving ---------------------------------------------------------------------------------------------------------


def options(settings: type[Settings] | Settings) -> Mapping[str, Option]:
    """Name -> option, in the order in which a class declares them; other fields are left out."""
    return _declared(settings if isinstance(settings, type) else type(settings))


@cache
def _declared(settings: type[Settings]) -> Mapping[str, Option]:
    return {
        field.name: Option(
            **{**field.metadata[_KEY], "label": field.metadata[_KEY]["label"] or _label(field.name)},
            name=field.name,
            default=cast(Value, field.default),
        )
        for field in dataclasses.fields(cast(Any, settings))
        if _KEY in field.metadata
    }


def _label(name: str) -> str:
    return name.replace("_", " ").title()


def values(settings: Settings) -> dict[str, Value]:
    """Name -> value of every option."""
    return {name: getattr(settings, name) for name in options(settings)}


def check(settings: Settings, error: type[TokenDanceError] = SettingError) -> None:
    """``error`` for the first option that is out of its range: for ``__post_init__``."""
    for name, declared in options(settings).items():
        if not declared.allows(getattr(settings, name)):
            raise declared.refusal(getattr(settings, name), error)


def add_arguments(
    parser: argparse.ArgumentParser | argparse._ArgumentGroup, settings: type[Settings], without: Container[str] = ()
) -> None:
    """Give a command line an option ``--like-this`` for every option of a class; ranges are checked by the class."""
    for name, declared in options(settings).items():
        flag = f"--{name.replace('_', '-')}"
        stated: dict[str, Any] = {"default": declared.default, "help": _help(declared)}
        if name in without:
            continue
        if declared.kind is bool:
            parser.add_argument(flag, action=argparse.BooleanOptionalAction, **stated)
        elif declared.choices:
            parser.add_argument(flag, choices=tuple(declared.choices), **stated)
        else:
            parser.add_argument(flag, type=declared.kind, metavar=_metavar(declared), **stated)


def _metavar(declared: Option) -> str:
    units = {"s": "S", "file": "FILE"}
    return units.get(declared.unit) or {int: "N", float: "X"}.get(cast(Any, declared.kind), "NAME")


def _help(declared: Option) -> str:
    text = (declared.text[0].lower() + declared.text[1:]).replace("%", "%%")
    return text if declared.kind is bool or not str(declared.default) else f"{text} (default: %(default)s)"


def from_arguments(settings: type[_S], arguments: argparse.Namespace, **more: Any) -> _S:
    """Settings from a parsed command line; ``more`` are fields that are given otherwise. SettingError as ``check``."""
    given = {name: getattr(arguments, name) for name in options(settings) if name not in more}
    return settings(**given, **more)


def take(settings: type[_S], found: Mapping[str, Any]) -> _S:
    """Settings from a mapping that may hold more, or less: what is missing or makes no sense is the default.

    For what people and older versions have kept. Numbers of another type are converted: Blender keeps truth as 0 and 1.
    """
    given = {
        name: _converted(declared, found.get(name, declared.default)) for name, declared in options(settings).items()
    }
    return settings(**given)


def _converted(declared: Option, value: Any) -> Value:
    try:
        converted = value if declared.allows(value) else declared.kind(value)
    except (TypeError, ValueError, OverflowError):
        return declared.default
    return cast(Value, converted) if declared.allows(converted) else declared.default


# --- JSON -------------------------------------------------------------------------------------------------------------


def from_json(settings: type[_S], content: object) -> _S:
    """Settings from parsed JSON; SettingError for a field that is missing, unknown, or of another kind."""
    fields = {field.name: field for field in dataclasses.fields(cast(Any, settings))}
    if not isinstance(content, dict) or content.keys() != fields.keys():
        raise SettingError(
            f"{settings.__name__} is given as {json.dumps(content)[:80]}, expected an object of {', '.join(fields)}.",
            hint="Give all of them, and nothing else.",
        )
    nested = {name: value for name, value in _nested(settings)}
    given = {
        name: from_json(nested[name], value) if name in nested and value is not None else value
        for name, value in content.items()
    }
    return settings(**given)


def _nested(settings: type[Settings]) -> Iterator[tuple[str, type[Settings]]]:
    """Fields that hold settings themselves: those whose default is made by such a class."""
    for field in dataclasses.fields(cast(Any, settings)):
        made = cast(Any, field.default_factory)
        if dataclasses.is_dataclass(made):
            yield field.name, cast(type[Settings], made)
