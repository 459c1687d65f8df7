"""A broker that asks who we are and shows a certificate: TLS with PLAIN and SCRAM, right and wrong."""

import msgspec
import pytest
import trustme
from cryptography.hazmat.primitives import serialization
from kafka import KafkaAdminClient
from kafka.admin import ScramMechanism, UserScramCredentialUpsertion

from streams.kafka.local import Broker
from streams.kafka.port import free_port
from streams.kafka.topics import KafkaAbsent, apply
from streams.settings import load
from streams.settings.model import Kafka, Settings, Topics
from tests.deploy.stack import until
from tests.kafka.conftest import JARS
from tests.kafka.process import read, workers

pytestmark = pytest.mark.kafka
USER, PASSWORD = "fenghuo", "beacon"
SECURED = """\
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,SASL_SSL:SASL_SSL,CONTROLLER:PLAINTEXT
ssl.keystore.type=PEM
ssl.keystore.location={keystore}
sasl.enabled.mechanisms=PLAIN,SCRAM-SHA-256,SCRAM-SHA-512
listener.name.sasl_ssl.plain.sasl.jaas.config={module}.plain.PlainLoginModule required user_{user}="{word}";
listener.name.sasl_ssl.scram-sha-256.sasl.jaas.config={module}.scram.ScramLoginModule required;
listener.name.sasl_ssl.scram-sha-512.sasl.jaas.config={module}.scram.ScramLoginModule required;
"""
MODULE = "org.apache.kafka.common.security"


class SecuredBroker(Broker):
    """Has a second listener, for which one needs the authority's certificate and a password."""

    def __init__(self, data, authority):
        super().__init__(data, JARS)
        self.secured = f"127.0.0.1:{free_port()}"
        self.ca_file = self.data / "ca.pem"
        self.data.mkdir(parents=True, exist_ok=True)
        authority.cert_pem.write_to_path(self.ca_file)
        (self.data / "keystore.pem").write_bytes(_keystore(authority.issue_cert("127.0.0.1")))

    def _write_properties(self, port):
        super()._write_properties(port)
        plain, secured = f"PLAINTEXT://127.0.0.1:{port}", f"SASL_SSL://{self.secured}"
        text = self._properties.read_text().replace(plain, f"{plain},{secured}")
        more = SECURED.format(keystore=self.data / "keystore.pem", module=MODULE, user=USER, word=PASSWORD)
        self._properties.write_text(text + more)


def _keystore(certificate):
    """Return key (PKCS 8, which Kafka wants) and chain as one PEM."""
    key = serialization.load_pem_private_key(certificate.private_key_pem.bytes(), None)
    form = serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    return key.private_bytes(*form) + b"".join(one.bytes() for one in certificate.cert_chain_pems)


@pytest.fixture(scope="module")
def secured(tmp_path_factory):
    with SecuredBroker(tmp_path_factory.mktemp("secured"), trustme.CA()) as running:
        client = KafkaAdminClient(bootstrap_servers=running.bootstrap_servers)
        for mechanism in (ScramMechanism.SCRAM_SHA_256, ScramMechanism.SCRAM_SHA_512):
            client.alter_user_scram_credentials([UserScramCredentialUpsertion(USER, mechanism, PASSWORD)])
        client.close()
        yield running


def config(broker, folder, sasl, *, word=PASSWORD, ca_file=None):
    """Return the path of settings with topics of their own for the secured listener."""
    (folder / "password").write_text(f"{word}\n")
    names = {name: f"{sasl}.{topic}" for name, topic in msgspec.structs.asdict(Topics()).items()}
    security = {
        "tls": True,
        "ca_file": str(ca_file or broker.ca_file),
        "sasl": sasl,
        "username": USER,
        "password_file": str(folder / "password"),
    }
    kafka = {"bootstrap_servers": broker.secured, "group": sasl, "security": security}
    path = folder / "fenghuo.yaml"
    path.write_bytes(msgspec.yaml.encode({"kafka": kafka, "topics": names, "server": {"port": free_port()}}))
    return path


@pytest.mark.parametrize("sasl", ["plain", "scram-sha-256", "scram-sha-512"])
def test_a_worker_with_the_password_works_over_tls(sasl, secured, tmp_path):
    path = config(secured, tmp_path, sasl)
    settings = load(str(path))
    apply(settings)
    with workers(tmp_path) as fleet:
        fleet.command("worker", "--no-supervise", "--config", str(path)).wait_said("ready")
        unsecured = Settings(kafka=Kafka(bootstrap_servers=secured.bootstrap_servers))
        until(lambda: any(read(unsecured, settings.topics.partial, 4)), "nothing was committed")


def test_a_wrong_password_ends_the_worker_for_good_and_is_not_printed(secured, tmp_path):
    path = config(secured, tmp_path, "scram-sha-512", word="guessed")
    with workers(tmp_path) as fleet:
        worker = fleet.command("worker", "--no-supervise", "--config", str(path))
        assert worker.wait(60) == 1, worker.log.read_text()[-2000:]
        assert "Check kafka.security in the settings" in worker.log.read_text()
        assert "guessed" not in worker.log.read_text()
    with pytest.raises(KafkaAbsent, match=r"kafka\.security"):
        apply(load(str(path)))


def test_a_broker_of_an_unknown_authority_is_not_talked_to(secured, tmp_path):
    stranger = tmp_path / "stranger.pem"
    trustme.CA().cert_pem.write_to_path(stranger)
    path = config(secured, tmp_path, "scram-sha-512", ca_file=stranger)
    with workers(tmp_path) as fleet:
        worker = fleet.command("worker", "--no-supervise", "--config", str(path))
        assert worker.wait(60) == 1, worker.log.read_text()[-2000:]
        assert "kafka.security.ca_file" in worker.log.read_text()
    with pytest.raises(KafkaAbsent, match=r"kafka\.security"):
        apply(load(str(path)))
