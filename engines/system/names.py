"""Which names a user may give to a data set, a target or a profile: one folder level, the same on every system."""

import unicodedata

LONGEST = 200  # bytes; file systems allow 255, and a lock or a `.run` beside it needs a longer name
_SEPARATORS = '/\\:*?"<>|'  # what some system takes for a separator or a pattern
_CONTROL = ("Cc", "Cs", "Zl", "Zp")  # Unicode's categories: control, lone surrogate, line and paragraph end
_DEVICES = {"con", "prn", "aux", "nul", *(f"{port}{n}" for port in ("com", "lpt") for n in "0123456789¹²³")}


def name_error(name: str) -> str | None:
    """Why `name` cannot be a name, in words for a usage message; None if it can. Unicode and spaces are fine."""
    if not name.strip():
        return "an empty name"
    if separators := sorted({sign for sign in name if sign in _SEPARATORS}):
        return f"not a name: {name!r}; wanted: a name, not a path, so without {' '.join(separators)}"
    if any(unicodedata.category(sign) in _CONTROL for sign in name):
        return f"not a name: {name!r}; wanted: readable characters only"
    if name.startswith("."):
        return f"not a name: {name!r}; wanted: no dot at the beginning"
    if name != name.strip() or name.endswith("."):
        return f"not a name: {name!r}; wanted: no space at either end, no dot at the end"
    if name.split(".")[0].strip().lower() in _DEVICES:
        return f"not a name: {name!r}; wanted: another one, as Windows uses this for a device"
    if (size := len(name.encode())) > LONGEST:
        return f"a name of {size} bytes; wanted: at most {LONGEST}"
    return None
