"""The Faust app of a worker: agents over our transport, and nothing else of Faust's."""

from collections.abc import Mapping
from typing import Any

import faust

from streams.runner.transport import Runner, Transport
from streams.settings.connection import connection
from streams.settings.model import Kafka

REBALANCE_S = 15.0  # in which workers give up what they have; the runner takes half of it at most
ANSWER_S = 5.0  # beyond it: a request without an answer is lost
FETCH_BYTES = 4 * 1_048_576  # of one partition at once: a request costs the same, however much it brings


class App(faust.App):  # type: ignore[misc] # untyped
    """A Faust app over our transport. Web server, tables and Faust's own commits are off."""

    def __init__(self, kafka: Kafka, runner: Runner) -> None:
        self.runner = runner
        self.joined = False  # the group; set by whoever starts the app
        session_timeout_s = kafka.session_timeout_ms / 1000
        super().__init__(
            kafka.group,
            broker=[f"kafka://{server.strip()}" for server in kafka.bootstrap_servers.split(",")],
            broker_credentials=_credentials(connection(kafka)),
            web_enabled=False,
            web_tables_enabled=False,
            web_router_enabled=False,
            topic_allow_declare=False,
            topic_disable_leader=True,
            stream_wait_empty=False,
            consumer_auto_offset_reset="none",
            # After a broker restart the group's leader may assign from empty metadata: look again soon.
            consumer_metadata_max_age_ms=5_000,
            broker_max_poll_records=5_000,
            consumer_max_fetch_size=FETCH_BYTES,
            # A broker that crashes while the group forms can leave a JoinGroup without an answer for good:
            # what asks again after Faust's minute and a half has missed an outage.
            broker_rebalance_timeout=REBALANCE_S,
            broker_request_timeout=max(REBALANCE_S, session_timeout_s) + ANSWER_S,
            broker_session_timeout=session_timeout_s,
            broker_heartbeat_interval=session_timeout_s / 4,
            producer_acks=-1,
        )
        self.on_partitions_revoked.connect(self._revoked, weak=False)

    async def failed(self) -> BaseException:
        """Wait until a part of Faust crashed, and return why."""
        await self._crashed.wait()
        return self.crash_reason or RuntimeError("Faust ended without a reason")

    async def _revoked(self, *_: Any, **__: Any) -> None:
        await self.runner.revoked()

    def _new_transport(self) -> Transport:
        return Transport(self.conf.broker_consumer, self)

    def _create_directories(self) -> None:
        """Make no folders: they are for tables, and there are none."""

    def batches(self, topic: str, name: str, take: Any) -> None:
        """Start an agent that gives each batch of a topic to `take`, one after the other."""

        async def agent(stream: Any) -> None:
            async for batch in stream.noack():
                await take(batch)

        agent.__name__ = name
        source = self.topic(topic, acks=False, key_serializer="raw", value_serializer="raw")
        self.agent(source, name=name)(agent)


def _credentials(arguments: Mapping[str, Any]) -> faust.types.auth.CredentialsT | None:
    """Return in Faust's words how a client connects; None: in the clear, unnamed."""
    context = arguments.get("ssl_context")
    if "sasl_mechanism" in arguments:
        return faust.SASLCredentials(
            username=arguments["sasl_plain_username"],
            password=arguments["sasl_plain_password"],
            mechanism=arguments["sasl_mechanism"],
            ssl_context=context,
        )
    return faust.SSLCredentials(context) if context is not None else None
