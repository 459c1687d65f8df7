"""Whatever stands in the file: settings, or faults that say where; never another error."""

import yaml
from hypothesis import given
from hypothesis import strategies as st

from streams.settings.fault import SettingsRefused
from streams.settings.read import read

# fmt: off
KEYS = st.sampled_from([
    "shop", "time", "pane", "lateness", "topics", "click", "kafka", "limits", "series", "currency",
    "base", "rates", "fields", "order", "amount", "metrics", "orders", "ratio", "event", "where",
    "type", "count", "sum", "lines", "monitors", "name", "metric", "by", "only", "window", "hop",
    "detector", "grades", "min_change", "text", "en",
])
# fmt: on
SCALARS = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text("ab7{}: é中\n", max_size=8),
    st.sampled_from(["orders", "revenue", "order", "5m", "0s", "auto", "{actual}", "{"]),
)
TREES = st.recursive(
    SCALARS,
    lambda children: st.lists(children, max_size=3) | st.dictionaries(KEYS, children, max_size=4),
    max_leaves=12,
)
MONITORS = st.lists(st.dictionaries(KEYS, TREES, max_size=5), max_size=3)
FILES = st.fixed_dictionaries(
    {"catalogue": st.just(False)},
    optional={
        "metrics": st.dictionaries(KEYS, st.dictionaries(KEYS, TREES, max_size=4), max_size=3),
        "monitors": MONITORS,
    },
) | st.dictionaries(KEYS, TREES, max_size=4)


def faults_of(text):
    try:
        read(text)
    except SettingsRefused as refused:
        return refused.faults
    return None


def told_well(faults):
    """Tell whether there are none, or at least one, each with its place and words."""
    return faults is None or (len(faults) > 0 and all(f.mark.file and f.message for f in faults))


@given(FILES)
def test_any_tree_is_settings_or_faults(tree):
    assert told_well(faults_of(yaml.safe_dump(tree, allow_unicode=True)))


@given(st.text("ab: -[]{}&*!|>'\"%@`#,\n\t\x00\ufeff中7", max_size=40))
def test_any_text_is_settings_or_faults(text):
    assert told_well(faults_of(text))
