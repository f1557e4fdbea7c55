"""What a user may meet: each error says what failed, what it got, what it wanted, and what to do."""

_LONGEST_REASON = 300  # characters of a runtime's own message that still help a reader


class UserError(Exception):
    """Base of every error of ours that a user may meet.

    Arguments: `what` failed, what it `got`, what it `wanted`, and what the user can `do` about it. The last three may
    be empty; `str()` joins those that are there into one readable sentence.
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
    """An engine that cannot be opened or run, or was fed wrongly."""


class BundleError(EngineError):
    """A target bundle that is missing, damaged, or of another format."""


def reason(error: BaseException) -> str:
    """The message of a foreign error in one line of at most 300 characters."""
    line = " ".join(str(error).split()) or type(error).__name__
    return line if len(line) <= _LONGEST_REASON else line[: _LONGEST_REASON - 3] + "..."
