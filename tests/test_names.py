"""Our three import names are ours: no dependency may install one, or the tree would hide it (or it us)."""

from importlib import metadata

import pytest

OURS = ("streams", "sinks", "detectors")


@pytest.mark.parametrize("name", OURS)
def test_no_dependency_installs_a_package_of_our_name(name):
    owners = set(metadata.packages_distributions().get(name, ()))
    assert owners <= {"fenghuo"}
