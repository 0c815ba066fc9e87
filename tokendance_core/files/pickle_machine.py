"""Runs a pickle's instructions without Python's own machine for them, which believes what it reads.

A pickle is a program for a small machine with a stack and a memo. This one has the instructions that build data; what
the pickle names it finds in a table of stand-ins, and nothing else can be called, made or changed. No instruction
takes more memory than the bytes it stands on, and their number is limited.

Source: the comments on every instruction in ``pickletools`` of Python's library.
"""

from __future__ import annotations

import codecs
import struct
from collections.abc import Callable, Mapping
from typing import Any, BinaryIO

from tokendance_core.files import limits

_LONGEST_WHOLE = 64
"""Bytes of a whole number."""


class ForbiddenError(ValueError):
    """The pickle names something that is not data."""


class StandIn:
    """What the machine makes in place of an object of the file; only such an object takes a state."""

    __slots__ = ("memo_keys",)

    def __init__(self) -> None:
        self.memo_keys: list[int] = []

    def with_state(self, state: Any) -> Any:
        """What the object is once it has its state. Raises ValueError for a state that makes no sense."""
        raise ValueError("an object that has no state is given one")


class Machine:
    """Runs the pickle in ``file``, of ``size`` bytes, where ``known`` gives ``module.name`` its stand-in: a subclass of
    ``StandIn``, or a function that checks what it is called with.
    """

    def __init__(self, file: BinaryIO, size: int, known: Mapping[str, Any]) -> None:
        self._file, self._left, self._known = file, size, known
        self._stack: list[Any] = []
        self._outer: list[list[Any]] = []
        """Stacks below each mark."""
        self._memo: dict[int, Any] = {}

    def run(self) -> Any:
        """The value that the pickle builds. Raises ValueError or LookupError where it is damaged, ``ForbiddenError``
        where it asks for more than data.
        """
        for _ in range(limits.PICKLE_OPCODES):
            code = self._take(1)
            if code == b".":
                return self._stack.pop()
            instruction = _INSTRUCTIONS.get(code)
            if instruction is None:
                raise ValueError(f"the instruction {code!r} builds no data")
            instruction(self)
        raise ValueError(f"more than {limits.PICKLE_OPCODES} instructions")

    # --- reading ---------------------------------------------------------------------------------------------------

    def _take(self, count: int) -> bytes:
        """The next bytes of the file."""
        if not 0 <= count <= self._left:
            raise ValueError(f"{self._left} bytes are left where {count} are wanted")
        self._left -= count
        return self._file.read(count)

    def _line(self) -> bytes:
        line = self._file.readline(self._left)
        self._left -= len(line)
        if not line.endswith(b"\n"):
            raise ValueError("it ends within a line")
        return line[:-1]

    def _number(self, form: str) -> Any:
        return struct.unpack(form, self._take(struct.calcsize(form)))[0]

    def _counted(self, form: str) -> bytes:
        """Bytes that stand behind their number."""
        return self._take(self._number(form))

    # --- the stack -------------------------------------------------------------------------------------------------

    def push(self, value: Any) -> None:
        self._stack.append(value)

    def _mark(self) -> None:
        self._outer.append(self._stack)
        self._stack = []

    def _marked(self) -> list[Any]:
        """What lies above the last mark, which goes."""
        found, self._stack = self._stack, self._outer.pop()
        return found

    def _pop(self) -> None:
        if self._stack:
            self._stack.pop()
        else:
            self._marked()

    def _top(self, kind: type) -> Any:
        if type(self._stack[-1]) is not kind:
            raise ValueError(f"a change of a {type(self._stack[-1]).__name__}")
        return self._stack[-1]

    def _put(self, key: int) -> None:
        value = self._stack[-1]
        self._memo[key] = value
        if isinstance(value, StandIn):
            value.memo_keys.append(key)

    # --- data ------------------------------------------------------------------------------------------------------

    def _append(self, values: list[Any]) -> None:
        self._top(list).extend(values)

    def _set_items(self, items: list[Any]) -> None:
        found = self._top(dict)
        for key, value in zip(items[::2], items[1::2], strict=True):
            if type(key) not in (str, bytes, int):  # to hash a nested key may take forever
                raise ValueError(f"a {type(key).__name__} as a key")
            found[key] = value

    def _dictionary(self) -> None:
        items = self._marked()
        self.push({})
        self._set_items(items)

    def _whole_line(self) -> None:
        digits = self._line()
        self.push({b"00": False, b"01": True}[digits] if digits in (b"00", b"01") else self._whole(digits))

    def _whole(self, digits: bytes) -> int:
        if len(digits) > _LONGEST_WHOLE:
            raise ValueError(f"a number of {len(digits)} digits")
        return int(digits.removesuffix(b"L"))

    def _long(self, form: str) -> None:
        content = self._counted(form)
        if len(content) > _LONGEST_WHOLE:
            raise ValueError(f"a number of {len(content)} bytes")
        self.push(int.from_bytes(content, "little", signed=True))

    def _quoted(self) -> None:
        line = self._line().strip()
        if len(line) < 2 or line[:1] not in (b"'", b'"') or line[:1] != line[-1:]:
            raise ValueError("a text without quotes")
        self.push(codecs.escape_decode(line[1:-1])[0].decode("latin1"))

    def _text(self, form: str) -> None:
        self.push(self._counted(form).decode("utf-8"))

    # --- what the pickle names --------------------------------------------------------------------------------------

    def _find(self, name: str) -> None:
        if name not in self._known:
            raise ForbiddenError(name[:200])
        self.push(self._known[name])

    def _global(self) -> None:
        module, name = self._line(), self._line()
        self._find(f"{module.decode()}.{name.decode()}")

    def _stack_global(self) -> None:
        module, name = self._stack.pop(-2), self._stack.pop()
        self._find(f"{module}.{name}" if type(module) is type(name) is str else "something without a name")

    def _call(self) -> None:
        function, arguments = self._stack.pop(-2), self._stack.pop()
        if not callable(function) or isinstance(function, type) or type(arguments) is not tuple:
            raise ValueError(f"a call of a {type(function).__name__}")
        self.push(function(*arguments))

    def _new(self) -> None:
        kind, arguments = self._stack.pop(-2), self._stack.pop()
        if not (isinstance(kind, type) and issubclass(kind, StandIn)) or arguments != ():
            raise ValueError("an object made of something other than its class")
        self.push(kind())

    def _build(self) -> None:
        state, target = self._stack.pop(), self._stack.pop()
        if not isinstance(target, StandIn):
            raise ValueError(f"a state for a {type(target).__name__}")
        built = target.with_state(state)
        self.push(built)
        for key in target.memo_keys:
            self._memo[key] = built


_INSTRUCTIONS: dict[bytes, Callable[[Machine], object]] = {
    b"\x80": lambda machine: machine._take(1),  # protocol
    b"\x95": lambda machine: machine._take(8),  # frame: a hint of how much to read at once
    b"(": Machine._mark,
    b"0": Machine._pop,
    b"1": Machine._marked,
    b"2": lambda machine: machine.push(machine._stack[-1]),
    b"N": lambda machine: machine.push(None),
    b"\x88": lambda machine: machine.push(True),
    b"\x89": lambda machine: machine.push(False),
    b"I": Machine._whole_line,
    b"L": lambda machine: machine.push(machine._whole(machine._line())),
    b"J": lambda machine: machine.push(machine._number("<i")),
    b"K": lambda machine: machine.push(machine._number("<B")),
    b"M": lambda machine: machine.push(machine._number("<H")),
    b"\x8a": lambda machine: machine._long("<B"),
    b"\x8b": lambda machine: machine._long("<i"),
    b"F": lambda machine: machine.push(float(machine._line())),
    b"G": lambda machine: machine.push(machine._number(">d")),
    b"S": Machine._quoted,
    b"T": lambda machine: machine.push(machine._counted("<i").decode("latin1")),
    b"U": lambda machine: machine.push(machine._counted("<B").decode("latin1")),
    b"V": lambda machine: machine.push(machine._line().decode("raw-unicode-escape")),
    b"X": lambda machine: machine._text("<I"),
    b"\x8c": lambda machine: machine._text("<B"),
    b"\x8d": lambda machine: machine._text("<Q"),
    b"B": lambda machine: machine.push(machine._counted("<I")),
    b"C": lambda machine: machine.push(machine._counted("<B")),
    b"\x8e": lambda machine: machine.push(machine._counted("<Q")),
    b"\x96": lambda machine: machine.push(machine._counted("<Q")),  # a bytearray, which nobody changes here
    b")": lambda machine: machine.push(()),
    b"t": lambda machine: machine.push(tuple(machine._marked())),
    b"\x85": lambda machine: machine.push((machine._stack.pop(),)),
    b"\x86": lambda machine: machine.push((machine._stack.pop(-2), machine._stack.pop())),
    b"\x87": lambda machine: machine.push((machine._stack.pop(-3), machine._stack.pop(-2), machine._stack.pop())),
    b"]": lambda machine: machine.push([]),
    b"l": lambda machine: machine.push(machine._marked()),
    b"a": lambda machine: machine._append([machine._stack.pop()]),
    b"e": lambda machine: machine._append(machine._marked()),
    b"}": lambda machine: machine.push({}),
    b"d": Machine._dictionary,
    b"s": lambda machine: machine._set_items([machine._stack.pop(-2), machine._stack.pop()]),
    b"u": lambda machine: machine._set_items(machine._marked()),
    # Sets are kept as lists: nobody asks for them, and to hash what a file holds may take forever.
    b"\x8f": lambda machine: machine.push([]),
    b"\x90": lambda machine: machine._append(machine._marked()),
    b"\x91": lambda machine: machine.push(machine._marked()),
    b"p": lambda machine: machine._put(machine._whole(machine._line())),
    b"q": lambda machine: machine._put(machine._number("<B")),
    b"r": lambda machine: machine._put(machine._number("<I")),
    b"\x94": lambda machine: machine._put(len(machine._memo)),
    b"g": lambda machine: machine.push(machine._memo[machine._whole(machine._line())]),
    b"h": lambda machine: machine.push(machine._memo[machine._number("<B")]),
    b"j": lambda machine: machine.push(machine._memo[machine._number("<I")]),
    b"c": Machine._global,
    b"\x93": Machine._stack_global,
    b"R": Machine._call,
    b"\x81": Machine._new,
    b"b": Machine._build,
}
"""Instruction -> what it does; those that name other objects of the process, or make them by their class, are left
out.
"""
