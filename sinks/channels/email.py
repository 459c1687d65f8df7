"""E-mail by SMTP, encrypted from the start (tls) or after the greeting (starttls)."""

import asyncio
import smtplib
import socket
import ssl
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from email.message import EmailMessage
from email.utils import format_datetime
from html import escape
from typing import Any, Literal, NamedTuple

from sinks.address import Policy
from sinks.bucket import Rate
from sinks.channels.channel import Parcel
from sinks.message import HEX, Desk, Message
from sinks.outcome import DELIVERED, Outcome, refused, retry
from sinks.resolver import AddressRefused, checked
from sinks.secret import Secret
from sinks.wording import MESSAGE

PORTS = {"starttls": 587, "tls": 465, "none": 25}
DOMAIN = "fenghuo.invalid"  # of message ids: they need one, and no host's name is given away


class Mailbox(NamedTuple):
    """Where mail goes. password: empty when the server wants none."""

    host: str
    port: int
    encryption: Literal["starttls", "tls", "none"]
    username: str
    password: Secret
    sender: str
    to: tuple[str, ...]
    timeout_s: float
    policy: Policy
    ca_file: str
    desk: Desk
    clock: Callable[[], float]  # epoch seconds


class Email:
    """Sends one mail a parcel, from a thread of its own: smtplib blocks."""

    rates: tuple[Rate, ...] = (Rate(60, 60.0),)
    digest_from: int | None = 5

    def __init__(self, mailbox: Mailbox) -> None:
        self._mailbox = mailbox
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="mail")

    async def send(self, parcel: Parcel) -> Outcome:
        """Try once."""
        mail = letter(parcel.message, self._mailbox)
        return await asyncio.get_running_loop().run_in_executor(self._thread, deliver, mail, self._mailbox)


def letter(message: Message, mailbox: Mailbox) -> EmailMessage:
    """Return the mail: plain text and HTML; the mails of one incident make one thread."""
    mail = EmailMessage()
    mail["Subject"] = " ".join(message.title.split())
    mail["From"] = mailbox.sender
    mail["To"] = ", ".join(mailbox.to)
    mail["Message-ID"] = f"<{message.key}@{DOMAIN}>"
    mail["Date"] = format_datetime(datetime.fromtimestamp(mailbox.clock(), UTC))
    mail["Auto-Submitted"] = "auto-generated"
    if message.thread:
        mail["References"] = mail["In-Reply-To"] = f"<{message.thread}@{DOMAIN}>"
    separator = MESSAGE[mailbox.desk.locale]["separator"]
    mail.set_content(_text(message, separator))
    mail.add_alternative(_html(message, separator), subtype="html")
    return mail


def deliver(mail: EmailMessage, mailbox: Mailbox) -> Outcome:
    """Hand the mail to the server; what goes wrong is an outcome."""
    try:
        return _deliver(mail, mailbox)
    except smtplib.SMTPRecipientsRefused as error:
        return _of_code(max(code for code, _ in error.recipients.values()), "took no recipient")
    except smtplib.SMTPResponseException as error:
        return _of_code(error.smtp_code, f"answered {error.smtp_code}")
    except smtplib.SMTPNotSupportedError:
        return refused("has no STARTTLS, or none of the logins we know")
    except AddressRefused as error:
        return retry(str(error))
    except (smtplib.SMTPException, OSError, ValueError) as error:
        return retry(f"cannot talk to {mailbox.host}:{mailbox.port}: {type(error).__name__}")


def _deliver(mail: EmailMessage, mailbox: Mailbox) -> Outcome:
    with _connect(mailbox) as server:
        if mailbox.encryption == "starttls":
            server.starttls(context=_tls(mailbox))
        if mailbox.password:
            server.login(mailbox.username, mailbox.password.reveal())
        left_out = server.send_message(mail)
    return DELIVERED._replace(reason=f"{len(left_out)} recipients refused") if left_out else DELIVERED


def _of_code(code: int, words: str) -> Outcome:
    return refused(words) if code >= 500 else retry(words)


def _connect(mailbox: Mailbox) -> smtplib.SMTP:
    if mailbox.encryption == "tls":
        return _CheckedTls(mailbox)
    return _Checked(mailbox)


def _tls(mailbox: Mailbox) -> ssl.SSLContext:
    return ssl.create_default_context(cafile=mailbox.ca_file or None)


def _socket(mailbox: Mailbox) -> socket.socket:
    """Connect to an address that was checked. Raises AddressRefused, OSError."""
    found = socket.getaddrinfo(mailbox.host, mailbox.port, type=socket.SOCK_STREAM)
    last: OSError | None = None
    for _, address in checked(mailbox.policy, mailbox.host, found):
        try:
            return socket.create_connection((address, mailbox.port), mailbox.timeout_s)
        except OSError as error:
            last = error
    raise last or OSError("no address")


class _Checked(smtplib.SMTP):
    """Connects where the policy allows; certificates are still checked against the host's name."""

    def __init__(self, mailbox: Mailbox) -> None:
        self._mailbox = mailbox
        super().__init__(mailbox.host, mailbox.port, timeout=mailbox.timeout_s)

    def _get_socket(self, host: str, port: int, timeout: float) -> Any:  # noqa: ARG002 (smtplib's hook)
        return _socket(self._mailbox)


class _CheckedTls(_Checked):
    """The same, encrypted from the start."""

    def _get_socket(self, host: str, port: int, timeout: float) -> Any:  # noqa: ARG002 (smtplib's hook)
        plain = _socket(self._mailbox)
        return _tls(self._mailbox).wrap_socket(plain, server_hostname=self._mailbox.host)


def _text(message: Message, separator: str) -> str:
    lines = [f"{line.label}{separator}{line.text}" if line.label else line.text for line in message.lines]
    links = [f"{link.text}{separator}{link.url}" for link in message.links]
    return "\n\n".join(filter(None, [message.title, message.text, "\n".join(lines), "\n".join(links)]))


def _html(message: Message, separator: str) -> str:
    colour = HEX[message.colour]
    lines = "".join(
        f"<p><b>{escape(line.label)}</b>{separator if line.label else ''}{escape(line.text)}</p>"
        for line in message.lines
    )
    links = "".join(f'<p><a href="{escape(link.url)}">{escape(link.text)}</a></p>' for link in message.links)
    heading = f'<h3 style="border-left:8px solid {colour};padding-left:8px">{escape(message.title)}</h3>'
    return f"<html><body>{heading}<p>{escape(message.text)}</p>{lines}{links}</body></html>"
