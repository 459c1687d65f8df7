"""A secret: text that shows in no log, no representation and no error."""

MASK = "(secret)"


class Secret:
    """Text that only `reveal` gives out.

    An empty one is falsy: nothing was given.
    """

    __slots__ = ("_text",)

    def __init__(self, text: str = "") -> None:
        self._text = text

    def reveal(self) -> str:
        """Return the text: for the moment it goes on the wire, never to be kept."""
        return self._text

    def __bool__(self) -> bool:
        return bool(self._text)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Secret) and self._text == other._text

    def __hash__(self) -> int:
        return hash(self._text)

    def __repr__(self) -> str:
        return MASK if self._text else "(no secret)"
