"""How every Kafka client of ours connects: aiokafka's, kafka-python's and Faust's take the same words."""

import ssl
from functools import lru_cache
from typing import Any

from streams.settings.model import Kafka, KafkaSecurity

MECHANISMS = {"plain": "PLAIN", "scram-sha-256": "SCRAM-SHA-256", "scram-sha-512": "SCRAM-SHA-512"}


def connection(kafka: Kafka) -> dict[str, Any]:
    """Return the arguments of a client: where the brokers are, and how it proves who it is.

    They hold the password in the clear: pass them on, never log them.
    """
    arguments: dict[str, Any] = {"bootstrap_servers": kafka.bootstrap_servers}
    security = kafka.security
    if security.tls:
        arguments["ssl_context"] = tls_context(security)
    if security.sasl is not None:
        arguments |= {
            "sasl_mechanism": MECHANISMS[security.sasl],
            "sasl_plain_username": security.username,
            "sasl_plain_password": security.password.reveal() if security.password else "",
        }
    if security.tls or security.sasl is not None:
        arguments["security_protocol"] = _protocol(security)
    return arguments


@lru_cache(maxsize=8)
def tls_context(security: KafkaSecurity) -> ssl.SSLContext:
    """Return the context: certificates and names of brokers are checked. Raises OSError, ssl.SSLError."""
    context = ssl.create_default_context(cafile=security.ca_file or None)
    if security.certificate_file:
        password = security.key_password.reveal() if security.key_password else None
        context.load_cert_chain(security.certificate_file, security.key_file, password)
    return context


def _protocol(security: KafkaSecurity) -> str:
    if security.sasl is None:
        return "SSL"
    return "SASL_SSL" if security.tls else "SASL_PLAINTEXT"
