"""What a chat robot's answer says: success is a code in the body, whatever the HTTP status."""

from collections.abc import Mapping

import msgspec

from sinks.http import Answer
from sinks.outcome import DELIVERED, Outcome, refused, retry

WORDS_MAX = 120


def outcome_of(answer: Answer, field: str, pauses_s: Mapping[int, float]) -> Outcome:
    """Return the outcome by the code in `field`: 0 is success, `pauses_s` says which may be tried again."""
    if answer.outcome.what != "delivered":
        return answer.outcome
    try:
        said = msgspec.json.decode(answer.body, type=dict[str, object])
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError):
        return retry("answered what is no JSON object")
    code = said.get(field)
    if code == 0:
        return DELIVERED
    words = str(said.get("errmsg") or said.get("msg") or "")[:WORDS_MAX]
    reason = f"answered {field} {code}: {' '.join(words.split())}"
    if isinstance(code, int) and code in pauses_s:
        return retry(reason, pauses_s[code])
    return refused(reason)
