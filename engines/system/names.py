"""What may be a name of the user's: of a data set, a target, a profile. One folder level, the same on every system."""

import unicodedata

LONGEST = 200  # bytes; file systems end at 255, and a lock or a `.run` beside it wants a name of its own
_SEPARATORS = '/\\:*?"<>|'  # of some system, or what it takes for a pattern
_CONTROL = ("Cc", "Cs", "Zl", "Zp")  # Unicode's categories: control, lone surrogate, line and paragraph end
_DEVICES = {"con", "prn", "aux", "nul", *(f"{port}{n}" for port in ("com", "lpt") for n in "0123456789¹²³")}


def name_error(name: str) -> str | None:
    """Why `name` is no name, in words for a usage message; None when it is one. Unicode and spaces are fine."""
    if not name.strip():
        return "an empty name"
    if separators := sorted({sign for sign in name if sign in _SEPARATORS}):
        return f"not a name: {name!r}; wanted: a name, not a path, so without {' '.join(separators)}"
    if any(unicodedata.category(sign) in _CONTROL for sign in name):
        return f"not a name: {name!r}; wanted: signs that can be read"
    if name.startswith("."):
        return f"not a name: {name!r}; wanted: no dot at its beginning"
    if name != name.strip() or name.endswith("."):
        return f"not a name: {name!r}; wanted: no space at its ends, and no dot"
    if name.split(".")[0].strip().lower() in _DEVICES:
        return f"not a name: {name!r}; wanted: another one, this is a device of Windows"
    if (size := len(name.encode())) > LONGEST:
        return f"a name of {size} bytes; wanted: at most {LONGEST}"
    return None
