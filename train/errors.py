"""The error of the training side: what failed, what it got, what it wanted, and what to do."""


class TrainError(Exception):
    """Anything that a user may meet while preparing, training, evaluating or exporting.

    Arguments: `what` failed, what it `got`, what it `wanted`, and what the user can `do` about it. The last three may
    be empty; `str()` joins those that are there into one readable sentence.
    """

    def __init__(self, what: str, *, got: str = "", wanted: str = "", do: str = "") -> None:
        named = (("got", got), ("wanted", wanted), ("do this", do))
        super().__init__("; ".join([what, *(f"{name}: {text}" for name, text in named if text)]))
        self.what, self.got, self.wanted, self.do = what, got, wanted, do
