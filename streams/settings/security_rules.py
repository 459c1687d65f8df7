"""Rules of the edges: who we connect to and how, who may look at us."""

import re
import ssl
from collections.abc import Iterator
from pathlib import Path

from sinks.address import ANY, Policy
from sinks.message import check_link
from streams.settings.metric_rules import Finding
from streams.settings.model import Edge, KafkaSecurity, Section, Server, Settings

FILES = ("ca_file", "certificate_file", "key_file")
HOST = re.compile(r"(\*\.)?[A-Za-z0-9._:\[\]-]{1,253}", re.ASCII)
WEB = ("https://", "http://")


def security_findings(settings: Settings) -> Iterator[Finding]:
    """Yield what is wrong with security, kafka.security, the server's protection, and links."""
    yield from _below(_edge_findings(settings.security), "security")
    yield from _below(_kafka_findings(settings.kafka.security), "kafka", "security")
    yield from _below(_server_findings(settings.server), "server")
    for text, url in settings.links.items():
        if not url.startswith(WEB):
            yield ("links", text), f"found {url!r}; allowed: https://..."
            continue
        try:
            check_link(url)
        except ValueError as error:
            yield ("links", text), str(error)


def policy_of(settings: Settings) -> Policy:
    """Return where we may send to."""
    edge = settings.security
    return Policy(tuple(edge.allowed_hosts), tuple(edge.trusted_hosts))


def _edge_findings(edge: Edge) -> Iterator[Finding]:
    for key, hosts in (("allowed_hosts", edge.allowed_hosts), ("trusted_hosts", edge.trusted_hosts)):
        for host in hosts:
            if host != ANY and not HOST.fullmatch(host):
                yield (key,), f"found {host!r}; allowed: names of hosts: alerts.example.org, *.example.org"
    if ANY in edge.trusted_hosts:
        yield ("trusted_hosts",), "found '*'; allowed: names of hosts: not everything is one's own network"
    yield from _file_findings(edge)


def _kafka_findings(security: KafkaSecurity) -> Iterator[Finding]:
    yield from _file_findings(security)
    yield from _pair_findings(security)
    has_password = security.password is not None or bool(security.password_file)
    if security.sasl is None:
        if security.username or has_password:
            yield ("sasl",), "missing; allowed: plain, scram-sha-256, scram-sha-512"
        return
    if not security.username:
        yield ("username",), "missing: sasl needs one"
    if not has_password:
        yield (
            ("password",),
            "missing; allowed: a file, named in password_file, or FENGHUO_KAFKA__SECURITY__PASSWORD",
        )
    if security.sasl == "plain" and not security.tls:
        yield ("tls",), "sasl: plain sends the password readable; allowed: tls: true, or sasl: scram-sha-512"


def _server_findings(server: Server) -> Iterator[Finding]:
    yield from _file_findings(server)
    yield from _pair_findings(server)


def _pair_findings(section: KafkaSecurity | Server) -> Iterator[Finding]:
    if bool(section.certificate_file) != bool(section.key_file):
        missing = "key_file" if section.certificate_file else "certificate_file"
        yield (missing,), "missing: certificate_file and key_file go together"


def _file_findings(section: Section) -> Iterator[Finding]:
    for key in FILES:
        file = getattr(section, key, "")
        if file and not Path(file).is_file():
            yield (key,), f"there is no file {file}"
        elif file and key == "ca_file" and not _has_certificates(file):
            yield (key,), f"{file} holds no certificates; allowed: certificates as PEM"


def _has_certificates(file: str) -> bool:
    try:
        return bool(ssl.create_default_context(cafile=file).get_ca_certs())
    except (OSError, ssl.SSLError):
        return False


def _below(findings: Iterator[Finding], *above: str) -> Iterator[Finding]:
    return (((*above, *path), message) for path, message in findings)
