"""The guard of every reader: whatever a file makes it raise becomes its own error, one sentence with a way out."""

from __future__ import annotations

import functools
import inspect
import logging
from collections.abc import Callable
from pathlib import Path
from typing import ParamSpec, TypeVar

from tokendance_core.errors import TokenDanceError

P = ParamSpec("P")
T = TypeVar("T")

_LOG = logging.getLogger(__name__)


def guarded(error: type[TokenDanceError], says: str, hint: str) -> Callable[[Callable[P, T]], Callable[P, T]]:
    """Decorator of a function that reads: all it raises but TokenDanceErrors becomes ``error`` with ``hint``; the
    message ``says`` what the file is, such as "is no motion file or is damaged".

    A first parameter named ``path`` names the file. What a reader knows to be wrong it may say as ValueError, in words
    that fit into brackets. The traceback goes to the log, where a developer may ask for it (level debug).
    """

    def guard(read: Callable[P, T]) -> Callable[P, T]:
        reads_path = next(iter(inspect.signature(read).parameters)) == "path"

        @functools.wraps(read)
        def reader(*args: P.args, **kwargs: P.kwargs) -> T:
            try:
                return read(*args, **kwargs)
            except TokenDanceError:
                raise
            except Exception as problem:  # a hostile file reaches what no list of exceptions foresees
                _LOG.debug("%s.%s failed", read.__module__, read.__qualname__, exc_info=True)
                named = (args[0] if args else kwargs.get("path")) if reads_path else None
                raise _explained(problem, error, says, hint, Path(str(named)) if named else None) from problem

        return reader

    return guard


def _explained(
    problem: Exception, error: type[TokenDanceError], says: str, hint: str, path: Path | None
) -> TokenDanceError:
    if isinstance(problem, FileNotFoundError) and path is not None:
        return error(f"There is no file {path}.", hint="Check the path.")
    if isinstance(problem, OSError) and problem.errno and path is not None:
        return error(
            f"Cannot read {path}: {problem.strerror or problem}.", hint="Check that it is a file you may read."
        )
    reason = str(problem).rstrip(".") if isinstance(problem, ValueError) else ""
    if isinstance(problem, MemoryError):
        reason = "it takes more memory than there is"
    name = "This" if path is None else path.name
    return error(f"{name} {says} ({reason or type(problem).__name__}).", hint=hint)
