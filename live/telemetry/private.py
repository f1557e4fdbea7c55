"""`Private`: a line for the user that contains a secret, which is kept out of the log."""


class Private(str):
    """Say it like any other text: `say(Private("the page: http://.../secret/", secret="secret"))`.

    `public` is the line without the secret.
    """

    public: str

    def __new__(cls, text: str, *, secret: str) -> "Private":
        line = super().__new__(cls, text)
        line.public = text.replace(secret, "…")
        return line
