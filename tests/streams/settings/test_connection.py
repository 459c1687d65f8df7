"""What every Kafka client is given, by what stands in kafka.security."""

import ssl

import pytest
import trustme

from sinks.secret import Secret
from streams.settings.connection import connection
from streams.settings.model import Kafka, KafkaSecurity

PLAIN = {"bootstrap_servers": "127.0.0.1:9092"}
LOGIN = {"sasl_plain_username": "fenghuo", "sasl_plain_password": "hunter2"}


@pytest.mark.parametrize(
    ("security", "given"),
    [
        pytest.param({}, {}, id="nothing"),
        pytest.param({"tls": True}, {"security_protocol": "SSL"}, id="TLS"),
        pytest.param(
            {"sasl": "scram-sha-256"},
            {"security_protocol": "SASL_PLAINTEXT", "sasl_mechanism": "SCRAM-SHA-256", **LOGIN},
            id="SCRAM-SHA-256",
        ),
        pytest.param(
            {"sasl": "scram-sha-512", "tls": True},
            {"security_protocol": "SASL_SSL", "sasl_mechanism": "SCRAM-SHA-512", **LOGIN},
            id="SCRAM-SHA-512 by TLS",
        ),
        pytest.param(
            {"sasl": "plain", "tls": True},
            {"security_protocol": "SASL_SSL", "sasl_mechanism": "PLAIN", **LOGIN},
            id="PLAIN by TLS",
        ),
    ],
)
def test_the_arguments_of_a_client(security, given):
    login = {"username": "fenghuo", "password": Secret("hunter2")} if "sasl" in security else {}
    arguments = connection(Kafka(security=KafkaSecurity(**security, **login)))
    context = arguments.pop("ssl_context", None)
    assert arguments == {**PLAIN, **given}
    assert (context is not None) == bool(security.get("tls"))


def test_a_broker_has_to_show_a_certificate_of_the_authority_with_its_name(tmp_path):
    authority = trustme.CA()
    authority.cert_pem.write_to_path(tmp_path / "ca.pem")
    context = connection(Kafka(security=KafkaSecurity(tls=True, ca_file=str(tmp_path / "ca.pem"))))[
        "ssl_context"
    ]
    assert (context.verify_mode, context.check_hostname) == (ssl.CERT_REQUIRED, True)
    assert len(context.get_ca_certs()) == 1
