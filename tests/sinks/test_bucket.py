from hypothesis import given
from hypothesis import strategies as st

from sinks.bucket import Bucket, Buckets, Rate


def sent_at(bucket, gaps):
    """Return when messages go out that come after these gaps and wait as they are told to."""
    now, times = 0.0, []
    for gap in gaps:
        now += gap
        while (wait := bucket.wait_s(now)) > 0:
            now += wait
        bucket.take(now)
        times.append(now)
    return times


@given(
    count=st.integers(1, 100),
    period=st.sampled_from([1.0, 60.0]),
    gaps=st.lists(st.floats(0, 30), min_size=2, max_size=120),
)
def test_a_rate_is_never_exceeded_in_any_period(count, period, gaps):
    times = sent_at(Bucket(Rate(count, period)), gaps)
    for first, start in enumerate(times):
        within = [at for at in times[first:] if at < start + period - 1e-6]
        assert len(within) <= count


def test_a_burst_goes_at_once_and_the_rest_evenly():
    times = sent_at(Bucket(Rate(20, 60.0)), [0.0] * 20)
    assert times[:5] == [0.0] * 5
    assert times[5] == 4.0
    assert times[-1] <= 60.0


def test_of_several_rates_each_is_kept():
    buckets = Buckets([Rate(5, 1.0), Rate(100, 60.0)])
    times = sent_at(buckets, [0.0] * 101)
    assert max(sum(start <= at < start + 1 for at in times) for start in times) <= 5
    assert times[-1] > 60.0


def test_without_a_rate_nothing_waits():
    assert Buckets([]).wait_s(0.0) == 0.0
