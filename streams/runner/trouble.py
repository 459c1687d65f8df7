"""Trouble with the broker that starting again does not cure: said in words, with the way out."""

import ssl
from collections.abc import Mapping

from aiokafka import errors

from streams.failure import Failure
from streams.machine import Output

# What Kafka refused -> what has to be granted (operation on resource).
GRANTS: Mapping[type[errors.KafkaError], str] = {
    errors.TopicAuthorizationFailedError: "Read, Write and Describe on our topics",
    errors.GroupAuthorizationFailedError: "Read on the consumer group",
    errors.TransactionalIdAuthorizationFailed: "Write on transactional ids that begin with the group's name",
    errors.ClusterAuthorizationFailedError: "IdempotentWrite on the cluster",
}
UNPROVEN = (
    errors.AuthenticationFailedError,
    errors.AuthenticationMethodNotSupported,
    errors.SaslAuthenticationFailed,
    errors.UnsupportedSaslMechanismError,
    errors.IllegalSaslStateError,
)
TOO_LARGE = (
    errors.MessageSizeTooLargeError,
    errors.RecordTooLargeError,
    errors.RecordListTooLargeError,
)


class NotAllowed(Failure):
    """Kafka refuses what the worker has to do."""


class TooLarge(Failure):
    """A record is larger than its topic takes: it would be refused again after every start."""


def explained(error: BaseException) -> BaseException:
    """Return a Failure that says what to do, or the error itself if starting again may help."""
    cause: BaseException | None = error
    while cause is not None:
        if (failure := _failure(cause)) is not None:
            return failure
        cause = cause.__cause__  # aiokafka wraps what its own tasks die of
    return error


def _failure(error: BaseException) -> Failure | None:
    for kind, grant in GRANTS.items():
        if isinstance(error, kind):
            return NotAllowed(
                f"Kafka does not allow it ({_named(error)}). Grant this user {grant}, then start again."
            )
    if isinstance(error, UNPROVEN):
        return NotAllowed(
            f"Kafka does not know who we are ({_named(error)}). Check kafka.security in the settings."
        )
    if isinstance(error, ssl.SSLCertVerificationError):
        return NotAllowed(
            f"Kafka's certificate is not vouched for ({error.verify_message}). Check kafka.security.ca_file, "
            f"and that kafka.bootstrap_servers has the names that the certificate has."
        )
    return None


def too_large(output: Output) -> TooLarge:
    """Return the failure for a record that the producer or the broker found too large."""
    size = len(output.value or b"")
    return TooLarge(
        f"a record of {size:,} bytes is larger than {output.topic} takes. `fenghuo topics apply` sets "
        f"max.message.bytes as it should be; if it is, give the topic more and start again: nothing is lost."
    )


def _named(error: BaseException) -> str:
    told = str(error)
    return told if type(error).__name__ in told else f"{type(error).__name__}: {told}"
