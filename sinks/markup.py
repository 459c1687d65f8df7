"""Setting a message in the Markdown of chat robots, without letting its texts be mark-up themselves."""

from sinks.message import Line, Message
from sinks.wording import MESSAGE

_CUT = "\n…"
# Shop data stands in these texts (a category, a sku): it may not become a link, a mention or a tag.
_HARMLESS = str.maketrans({"<": "＜", ">": "＞", "[": "［", "]": "］", "*": "＊", "`": "＇", "\\": "＼"})


def harmless(text: str) -> str:
    """Return the text with the characters of mark-up replaced by their full-width likenesses."""
    return text.translate(_HARMLESS)


def markdown(message: Message, heading: str, locale: str, bytes_max: int, gap: str = "\n") -> str:
    """Return heading, sentence, lines and links, cut to what the robot takes (bytes of UTF-8).

    heading: the title as the robot's dialect shows it, colour and all. gap: between lines.
    """
    separator = MESSAGE[locale]["separator"]
    parts = [heading]
    if message.text:
        parts.append(harmless(message.text))
    parts += (_set(line, separator) for line in message.lines)
    if message.links:
        parts.append(" | ".join(f"[{harmless(link.text)}]({link.url})" for link in message.links))
    return cut(gap.join(parts), bytes_max)


def cut(text: str, bytes_max: int) -> str:
    """Return the text, or as much of it as fits, whole lines if possible; marked where it was cut."""
    data = text.encode()
    if len(data) <= bytes_max:
        return text
    kept = data[: bytes_max - len(_CUT.encode())].decode(errors="ignore")
    lines = kept.rpartition("\n")[0]
    return (lines or kept) + _CUT


def _set(line: Line, separator: str) -> str:
    if not line.label:
        return harmless(line.text)
    return f"**{harmless(line.label)}**{separator}{harmless(line.text)}"
