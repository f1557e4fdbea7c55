"""`numba`, which compiles the drawing code. It recompiles if its cache is missing, cut short or has no room.

Import numba from here and nowhere else.
"""

import contextlib
from typing import Any

import numba as numba
from numba.core import caching, dispatcher

_problem = ""


def cache_problem() -> str:
    """Why compiled code is not kept for the next start; "" if it is, as far as known."""
    return _problem


class _Cache(caching.FunctionCache):  # type: ignore[misc, unused-ignore]
    def load_overload(self, sig: Any, target_context: Any) -> Any:
        try:
            return super().load_overload(sig, target_context)  # type: ignore[no-untyped-call, unused-ignore]
        except Exception:  # unpickling raises anything if a full disk or a kill has cut the file short
            with contextlib.suppress(OSError):
                self.flush()  # type: ignore[no-untyped-call, unused-ignore]
            return None

    def save_overload(self, sig: Any, data: Any) -> None:
        try:
            super().save_overload(sig, data)  # type: ignore[no-untyped-call, unused-ignore]
        except OSError as error:
            _tell(error)


def _opened(function: Any) -> caching._Cache:
    try:
        return _Cache(function)  # type: ignore[no-untyped-call, unused-ignore]
    except RuntimeError as error:  # there is no writable folder
        _tell(error)
        return caching.NullCache()


def _tell(error: Exception) -> None:
    global _problem
    _problem = (error.strerror if isinstance(error, OSError) else "") or "no folder can be written"


dispatcher.FunctionCache = _opened  # type: ignore[attr-defined, unused-ignore]
