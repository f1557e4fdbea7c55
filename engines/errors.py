"""The errors that a user may meet. Each says what failed, what it got, what it wanted, and what to do."""

_LONGEST_REASON = 300  # characters of a runtime's own message that still help a reader


class UserError(Exception):
    """Base of all our errors that a user may meet.

    Arguments: `what` failed, what it `got`, what it `wanted`, and what the user can `do` about it. The last three may
    be empty; `str()` joins the rest into one readable sentence.
    """

    def __init__(self, what: str, *, got: str = "", wanted: str = "", do: str = "") -> None:
        parts = [what]
        if got:
            parts.append(f"got: {got}")
        if wanted:
            parts.append(f"wanted: {wanted}")
        if do:
            parts.append(f"do this: {do}")
        super().__init__("; ".join(parts))
        self.what, self.got, self.wanted, self.do = what, got, wanted, do


class EngineError(UserError):
    """An engine cannot be opened or run, or was given wrong input."""


class BundleError(EngineError):
    """A target bundle is missing, damaged, or of another format."""


def reason(error: BaseException) -> str:
    """A library's error message in one line of at most 300 characters."""
    line = " ".join(str(error).split()) or type(error).__name__
    return line if len(line) <= _LONGEST_REASON else line[: _LONGEST_REASON - 3] + "..."
