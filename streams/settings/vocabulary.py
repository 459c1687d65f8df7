"""The vocabulary of events: what metrics may filter by and add up, and what monitors may split by."""

from typing import NamedTuple

from streams.settings.model import EventKind, Metric


class Vocabulary(NamedTuple):
    """Names of one kind of event. Lines of an order add their own texts, numbers and dimensions."""

    types: frozenset[str]
    texts: frozenset[str]
    numbers: frozenset[str]
    dimensions: frozenset[str]
    any_dimension: bool = False  # samples from outside bring their own


# Never a dimension: personal data must not reach an alert, and one series per order or person says nothing.
PERSONAL: dict[str, str] = {
    "user_id": "it is personal data",
    "session_id": "it is personal data",
    "ip": "it is personal data",
    "order_id": "each order would be a series of its own, and it leads to a person",
    "event_id": "each event would be a series of its own",
    "ref": "each document would be a series of its own, and it leads to a person",
}


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


VOCABULARY: dict[EventKind, Vocabulary] = {
    "click": Vocabulary(
        types=_words(
            "impression click view search add_to_cart remove_from_cart favorite checkout purchase conversion"
        ),
        texts=_words("event_id user_id session_id sku category campaign channel device region ip"),
        numbers=_words("cost"),
        dimensions=_words("sku category campaign channel device region"),
    ),
    "order": Vocabulary(
        types=_words("created paid payment_failed cancelled refunded shipped adjusted"),
        texts=_words("event_id order_id user_id region currency channel campaign payment_method"),
        numbers=_words("amount"),
        dimensions=_words("region currency channel campaign payment_method"),
    ),
    "inventory": Vocabulary(
        types=_words("movement level"),
        texts=_words("event_id sku warehouse reason expires_on ref"),
        numbers=_words("delta outflow on_hand reserved"),
        dimensions=_words("sku warehouse reason"),
    ),
    "metric": Vocabulary(
        types=_words("sample"),
        texts=_words("event_id name unit"),
        numbers=_words("value"),
        dimensions=_words("name unit"),
        any_dimension=True,
    ),
}
LINES = Vocabulary(
    types=frozenset(),
    texts=_words("sku category"),
    numbers=_words("qty unit_price"),
    dimensions=_words("sku category"),
)


def vocabulary_of(metric: Metric) -> Vocabulary:
    """Return the names a base metric may use. Its `event` must be given."""
    assert metric.event is not None  # noqa: S101 (callers look first)
    words = VOCABULARY[metric.event]
    if not metric.lines:
        return words
    return words._replace(
        texts=words.texts | LINES.texts,
        numbers=words.numbers | LINES.numbers,
        dimensions=words.dimensions | LINES.dimensions,
    )
