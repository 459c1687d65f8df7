"""Sessions: who comes to the shop in a chunk, when, from where, and whether to buy."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from streams.simulate.season import MINUTE_MS
from streams.simulate.shop import Shop

GOLDEN = 0.618033988749895  # spreads consecutive user numbers evenly over the regions


@dataclass(frozen=True)
class Sessions:
    """One entry a session; all but `start_ms`, `user` and `buyer` are codes into the shop's mixes."""

    start_ms: NDArray[np.int64]
    user: NDArray[np.int64]
    channel: NDArray[np.int64]
    campaign: NDArray[np.int64]
    region: NDArray[np.int64]
    device: NDArray[np.object_]
    buyer: NDArray[np.bool_]

    def __len__(self) -> int:
        return len(self.start_ms)


def draw_sessions(
    shop: Shop, rng: np.random.Generator, start_ms: int, expected: NDArray[np.float64]
) -> Sessions:
    """Return the sessions that begin in the minutes after `start_ms`; `expected` sessions a minute."""
    minutes = np.repeat(np.arange(len(expected)), rng.poisson(expected))
    size = len(minutes)
    starts = start_ms + minutes * MINUTE_MS + rng.integers(0, MINUTE_MS, size)
    user = (shop.users * rng.random(size) ** 2).astype(np.int64)  # low numbers are regulars
    channel = shop.channels.draw(rng, size)
    return Sessions(
        start_ms=starts,
        user=user,
        channel=channel,
        campaign=shop.campaigns.draw(rng, size),
        region=shop.regions.pick(np.asarray(user * GOLDEN % 1, dtype=np.float64)),
        device=_devices(shop, channel, rng.random(size)),
        buyer=rng.random(size) < buyer_shares(shop)[channel],
    )


def buyer_shares(shop: Shop) -> NDArray[np.float64]:
    """Return the share of buyers among the visitors of each channel."""
    return shop.funnel.buyers * np.array([shop.appetite[name] for name in shop.channels.parts])


def _devices(shop: Shop, channel: NDArray[np.int64], uniform: NDArray[np.float64]) -> NDArray[np.object_]:
    devices = np.empty(len(channel), dtype=object)
    for code, name in enumerate(shop.channels.parts):
        of_channel = channel == code
        mix = shop.devices[name]
        devices[of_channel] = mix.names[mix.pick(uniform[of_channel])]
    return devices
