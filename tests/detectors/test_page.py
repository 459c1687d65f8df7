"""The page on detectors names all of them, with their parameters, defaults and pictures."""

import inspect
import re
from pathlib import Path

import pytest

from detectors.registry import DETECTORS
from detectors.river_model import ADAPTERS, REFUSED, settings_of

DOCS = Path(__file__).parents[2] / "docs"
PAGE = (DOCS / "detectors.md").read_text(encoding="utf-8")
GIVEN = {"kind", "grades", "parts"}  # by fenghuo itself


def section(name):
    return PAGE.split(f"\n## {name}\n")[1].split("\n## ")[0]


@pytest.mark.parametrize("name", DETECTORS)
def test_a_detector_stands_there_with_its_parameters_and_their_defaults(name):
    told = dict(re.findall(r"^\| `(\w+)` \| `([^`]*)` \|", section(name), re.MULTILINE))
    parameters = inspect.signature(DETECTORS[name]).parameters.values()
    assert told == {one.name: str(one.default) for one in parameters if one.name not in GIVEN}
    if not told:
        assert "no\nparameters" in section(name) or "no parameters" in section(name)
    assert re.search(rf"^\| `{name}`", PAGE.split("\n## Cost\n")[1], re.MULTILINE)


@pytest.mark.parametrize("name", ADAPTERS)
def test_a_class_of_river_stands_there_with_its_parameters(name):
    (line,) = (one for one in section("river").splitlines() if one.startswith(f"| `{name}`"))
    for parameter, known in inspect.signature(ADAPTERS[name].build).parameters.items():
        if isinstance(known.default, int | float):
            assert f"`{parameter}`" in line
            settings_of(name, {parameter: known.default})


def test_what_is_refused_stands_there_with_the_reason():
    assert all(f"| `{name}` | {why} |" in section("river") for name, why in REFUSED.items())


def test_every_picture_is_there_and_shown_and_small():
    shown = re.findall(r"\]\((pictures/\w+\.svg)\)", PAGE)
    assert sorted(shown) == sorted(f"pictures/{path.name}" for path in (DOCS / "pictures").iterdir())
    assert {Path(path).stem for path in shown} == {*DETECTORS, "river"}
    assert all((DOCS / path).stat().st_size < 40_000 for path in shown)
