"""What can be configured: one struct per section of fenghuo.yaml. Times in ms inside, `30s` in the file."""

from typing import Annotated, Literal, get_args

import msgspec

from sinks.secret import Secret

# ms inside; `250ms`, `30s`, `5m`, `1h`, `1d` in the file
DURATION_SCHEMA = {"type": "string", "pattern": "^[0-9]{1,9}(ms|s|m|h|d)$"}
Duration = Annotated[int, msgspec.Meta(extra_json_schema=DURATION_SCHEMA)]
EventKind = Literal["click", "order", "inventory", "metric"]
EVENT_KINDS: tuple[EventKind, ...] = get_args(EventKind)
Direction = Literal["up", "down", "both"]
GradeName = Literal["IV", "III", "II", "I"]
Lending = Literal["category", "shop", "none"]
ChannelKind = Literal["wecom", "dingtalk", "feishu", "webhook", "email"]
GRADES: tuple[GradeName, ...] = get_args(GradeName)
WITHIN_MS: dict[GradeName, int] = {"IV": 86_400_000, "III": 4 * 3_600_000, "II": 1_800_000, "I": 900_000}
Scalar = str | int | float | bool
DetectorSpec = (
    str | dict[str, object]
)  # `seasonal`, or {seasonal: {...}}, or {river: HalfSpaceTrees, window_size: 250}


class Section(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A section of the file: unknown keys are errors."""


class Time(Section, frozen=True, kw_only=True):
    """Event time (see docs/architecture.md, "Time")."""

    timezone: str = "UTC"
    pane_ms: Duration = msgspec.field(name="pane", default=60_000)
    lateness_ms: Duration = msgspec.field(name="lateness", default=30_000)
    idle_after_ms: Duration = msgspec.field(name="idle_after", default=10_000)
    silence_horizon_ms: Duration = msgspec.field(name="silence_horizon", default=86_400_000)
    max_skew_ms: Duration = msgspec.field(name="max_skew", default=600_000)
    restate_within_ms: Duration = msgspec.field(name="restate_within", default=900_000)
    notify_within_ms: Duration = msgspec.field(name="notify_within", default=1_800_000)
    replay: bool = False  # recorded events: no projection of the clock


class Topics(Section, frozen=True, kw_only=True):
    """Names. Dead letters go to `<topic>.dlq`, events too late for their window to `<topic>.late`."""

    click: str = "shop.click.v1"
    order: str = "shop.order.v1"
    inventory: str = "shop.inventory.v1"
    metric: str = "shop.metric.v1"
    partial: str = "fenghuo.partial.v1"
    alert: str = "fenghuo.alert.v1"
    notification: str = "fenghuo.notification.v1"
    control: str = "fenghuo.control.v1"
    ingest_state: str = "fenghuo.ingest-state.v1"
    detect_state: str = "fenghuo.detect-state.v1"
    notify_state: str = "fenghuo.notify-state.v1"
    courier_state: str = "fenghuo.courier-state.v1"

    def of_event(self, kind: EventKind) -> str:
        """Return the input topic of a kind of event."""
        return str(getattr(self, kind))


class KafkaSecurity(Section, frozen=True, kw_only=True):
    """How clients of ours prove who they are. A secret never stands in the file (see `Secret`)."""

    tls: bool = False
    ca_file: str = ""  # PEM; empty: the system's authorities
    certificate_file: str = ""  # of the client, PEM
    key_file: str = ""
    key_password: Secret | None = None
    key_password_file: str = ""
    sasl: Literal["plain", "scram-sha-256", "scram-sha-512"] | None = None
    username: str = ""
    password: Secret | None = None
    password_file: str = ""


class Kafka(Section, frozen=True, kw_only=True):
    """The event bus."""

    bootstrap_servers: str = "127.0.0.1:9092"
    group: str = "fenghuo"
    input_partitions: int = 4  # of every input topic, unless `partitions` says otherwise
    partitions: dict[EventKind, int] = {}
    partial_partitions: int = 4
    replication_factor: int = 1
    retention_ms: Duration = msgspec.field(name="retention", default=7 * 86_400_000)
    flush_ceiling_ms: Duration = msgspec.field(name="flush_ceiling", default=1_000)
    session_timeout_ms: Duration = msgspec.field(name="session_timeout", default=10_000)
    checkpoint_every_ms: Duration = msgspec.field(name="checkpoint_every", default=60_000)
    security: KafkaSecurity = KafkaSecurity()

    def partitions_of(self, kind: EventKind) -> int:
        """Return how many partitions the input topic of a kind of event has."""
        return self.partitions.get(kind, self.input_partitions)


class Limits(Section, frozen=True, kw_only=True):
    """Bounds on everything that can grow; each has a metric and a stated behaviour."""

    record_bytes: int = 262_144
    string_bytes: int = 1_024
    amount_max: float = 1e9
    ahead_ms: Duration = msgspec.field(name="ahead", default=300_000)
    duplicate_horizon_ms: Duration = msgspec.field(name="duplicate_horizon", default=120_000)
    duplicate_ids: int = 1_000_000
    series: int = 100_000  # per monitor and partial partition; further entities count as `other`
    categories: int = 1_000  # pooled, per monitor and partial partition; further ones are one pool, `other`
    series_ttl_ms: Duration = msgspec.field(name="series_ttl", default=30 * 86_400_000)  # without events
    samples: int = 30_000  # on /metrics, per worker


class Fuse(Section, frozen=True, kw_only=True):
    """Stop reading a partition that sends mostly rubbish, instead of pouring it into the dead letters."""

    ratio: float = 0.5
    volume: int = 500  # records looked at: the last so many
    enabled: bool = True


class Currency(Section, frozen=True, kw_only=True):
    """Amounts are turned into `base` by `rates` (1 unit of the currency = rate units of base)."""

    base: str
    rates: dict[str, float] = {}


class Server(Section, frozen=True, kw_only=True):
    """/metrics, /-/healthy, /-/ready."""

    host: str = "127.0.0.1"
    port: int = 9464
    courier_port: int = 9465  # of the courier, a process of its own
    token: Secret | None = None  # asked for as `Authorization: Bearer TOKEN`
    token_file: str = ""
    certificate_file: str = ""  # with `key_file`: https instead of http
    key_file: str = ""


class Edge(Section, frozen=True, kw_only=True):
    """Where channels and pushes may go. Only https, only to public addresses, only to these hosts.

    allowed_hosts  hosts of webhooks and mail servers; `*` allows any. The vendors' own need not be named
    trusted_hosts  hosts within one's own network: also http, unencrypted mail and private addresses
    """

    allowed_hosts: list[str] = []
    trusted_hosts: list[str] = []
    ca_file: str = ""  # PEM, of one's own authority; empty: the system's


class Channel(Section, frozen=True, kw_only=True):
    """Where people or programs are told (see docs/channels.md)."""

    name: str
    kind: ChannelKind
    enabled: bool = True
    url: str = ""  # webhook: where to; a robot: its server, if it is not the vendor's
    token: Secret | None = None  # of a robot: what its URL ends in
    token_file: str = ""
    secret: Secret | None = None  # signs what is sent
    secret_file: str = ""
    host: str = ""  # of the mail server
    port: int | None = None  # None: 587, 465 for encryption: tls
    encryption: Literal["starttls", "tls", "none"] = "starttls"
    username: str = ""
    password: Secret | None = None
    password_file: str = ""
    sender: str = ""
    to: list[str] = []
    per_minute: int | None = None  # None: what the vendor allows
    timeout_ms: Duration = msgspec.field(name="timeout", default=10_000)
    expire_ms: Duration = msgspec.field(name="expire", default=86_400_000)  # later it is no news
    queue: int = 500  # waiting notifications kept one by one
    digest_from: int | None = None  # so many waiting become one message; None: 5, webhook: never


class Route(Section, frozen=True, kw_only=True):
    """Which notifications go to which channels; an empty list takes all."""

    name: str
    channels: list[str]
    grades: list[GradeName] = []  # the worst the incident had
    owners: list[str] = []
    kinds: list[str] = []


class Alertmanagers(Section, frozen=True, kw_only=True):
    """Direct push of open alerts, beside Prometheus' rules. Without urls: none."""

    urls: list[str] = []
    token: Secret | None = None
    token_file: str = ""
    labels: dict[str, str] = {}  # the `external_labels` of the Prometheus that runs the rules
    resend_ms: Duration = msgspec.field(name="resend", default=60_000)
    timeout_ms: Duration = msgspec.field(name="timeout", default=5_000)


class Chain(Section, frozen=True, kw_only=True):
    """Who is told next when an owner does not acknowledge in time, and how long that is by grade."""

    then: list[str] = []
    within: dict[GradeName, Duration] = {}


class Response(Section, frozen=True, kw_only=True):
    """The response clock. Without chains and reminders nothing is told when it runs out."""

    within: dict[GradeName, Duration] = {}  # over WITHIN_MS
    chains: dict[str, Chain] = {}  # by owner
    remind_every: dict[GradeName, Duration] = {}  # when there is no next owner

    def within_ms(self, grade: int) -> int:
        """Return the time to acknowledge an alert of a grade 1 to 4."""
        name = GRADES[grade - 1]
        return self.within.get(name, WITHIN_MS[name])


class Budget(Section, frozen=True, kw_only=True):
    """How many new incidents people want to be told of; null: as many as there are (see docs/tuning.md)."""

    pages_a_day: float | None = 2.0  # grade II; grade I is never counted
    warnings_a_day: float | None = 10.0  # grade III


class Metric(Section, frozen=True, kw_only=True):
    """What is counted per pane: exactly one of the aggregates, or what is made of other metrics."""

    event: EventKind | None = None
    where: dict[str, Scalar | list[Scalar]] = {}
    lines: bool = False  # one observation a line of the order, with the line's sku and category
    count: bool = False
    sum: str | None = None
    min: str | None = None
    max: str | None = None
    mean: str | None = None
    last: str | None = None
    distinct: str | None = None
    ratio: tuple[str, str] | None = None  # numerator, denominator: names of count or sum metrics
    vector: tuple[str, ...] | None = None  # names of metrics that count, judged together by detector joint
    scale: int = 10_000  # fixed point: values are stored as round(value * scale) in int64
    unit: str = ""
    series: Literal["count", "value"] | None = None  # None: by aggregate, see streams/settings/kind.py


class MinChange(Section, frozen=True, kw_only=True):
    """An observation nearer to the expected value than either bound is grade 0."""

    relative: float = 0.0
    absolute: float = 0.0


class Text(Section, frozen=True, kw_only=True):
    """One sentence to a person; `{...}` fields are those of the alert (see docs/alerts.md)."""

    en: str = ""
    zh: str = msgspec.field(name="zh-CN", default="")


class Monitor(Section, frozen=True, kw_only=True):
    """Metric, dimensions, window, detector, and what an alert of it means to people."""

    name: str
    metric: str
    by: list[list[str]] = msgspec.field(default_factory=lambda: [[]])
    only: dict[str, list[str]] = {}  # dimension -> the values to watch
    window: str = "5m"  # a duration, or `auto`: 5m -> 1h -> 1d until the mean is >= 20 a window
    hop: str | None = None  # hopping windows: a divisor of the window
    detector: DetectorSpec = "seasonal"
    borrow: Lending | None = None  # None: as all do, `borrow` of the file
    direction: Direction = "both"
    min_change: MinChange = MinChange()
    min_expected: float = 0.0  # expected volume (exposure for ratios) below which a series is not judged
    grades: tuple[float, float, float, float] | None = (
        None  # nats for IV, III, II, I; None: by kind of series
    )
    grade_max: Literal[1, 2, 3, 4] = 4  # the worst grade this monitor may give
    persistence: int = 1  # windows in a row before it opens
    resolve_after: int = 3  # normal windows in a row before it resolves
    kind: str = "other"
    owner: str = "operations"
    respond_within_ms: Duration | None = msgspec.field(name="respond_within", default=None)  # None: by grade
    runbook_url: str = ""
    action: Text = Text()
    text: Text = Text()
    enabled: bool = True


class Settings(Section, frozen=True, kw_only=True):
    """The whole file, merged over the shipped catalogue."""

    shop: str = "shop"
    catalogue: bool = True  # false: only the metrics and monitors of the file, none of the shipped ones
    locale: Literal["en", "zh-CN"] = "en"
    borrow: Lending = "category"  # whose shape young and thin series take, at most so near (docs/tuning.md)
    time: Time = Time()
    topics: Topics = Topics()
    kafka: Kafka = Kafka()
    limits: Limits = Limits()
    fuse: Fuse = Fuse()
    currency: Currency | None = None
    server: Server = Server()
    security: Edge = Edge()
    channels: list[Channel] = []
    routes: list[Route] = []  # none: every channel is told everything
    links: dict[str, str] = {}  # text -> URL, under every message; `{...}` as in docs/channels.md
    alertmanagers: Alertmanagers = Alertmanagers()
    response: Response = Response()
    budget: Budget = Budget()
    fields: dict[EventKind, dict[str, str]] = {}  # our field name -> the producer's
    metrics: dict[str, Metric] = {}
    monitors: list[Monitor] = []
