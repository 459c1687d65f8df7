"""What became of one attempt to deliver, and what the courier does next."""

from typing import Literal, NamedTuple

RETRIED = frozenset({408, 425, 429})  # of the 4xx: the same request may succeed later
REASON_MAX = 200


class Outcome(NamedTuple):
    """delivered: on to the next. retry: again, not before `after_s` if given. refused: never, give it up.

    reason  in words, without secrets; empty when delivered
    """

    what: Literal["delivered", "retry", "refused"]
    reason: str = ""
    after_s: float | None = None


DELIVERED = Outcome("delivered")


def retry(reason: str, after_s: float | None = None) -> Outcome:
    """Return that it may succeed later."""
    return Outcome("retry", reason[:REASON_MAX], after_s)


def refused(reason: str) -> Outcome:
    """Return that it will never succeed."""
    return Outcome("refused", reason[:REASON_MAX])


def of_status(status: int, after_s: float | None = None) -> Outcome:
    """Return what an HTTP status means. A redirect is refused: it could lead anywhere."""
    if 200 <= status < 300:
        return DELIVERED
    if status in RETRIED or status >= 500:
        return retry(f"answered {status}", after_s)
    return refused(f"answered {status}")
