"""The README's promises: its configuration is accepted, its commands and pages exist."""

import re
from pathlib import Path

import pytest

from streams.cli.main import COMMANDS
from streams.settings.read import read

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text()


def test_the_first_own_monitor_is_accepted():
    (text,) = re.findall(r"```yaml\n(.*?)```", README, re.DOTALL)
    settings = read(text, "README.md", {})
    assert len(text.splitlines()) <= 10
    assert any(monitor.name == "app_searches" for monitor in settings.monitors)
    assert not next(monitor for monitor in settings.monitors if monitor.name == "unit_price").enabled


@pytest.mark.parametrize("page", sorted(set(re.findall(r"\]\(([\w/]+\.md)\)", README))))
def test_every_page_it_leads_to_exists(page):
    assert (ROOT / page).is_file()


@pytest.mark.parametrize("name", sorted(set(re.findall(r"fenghuo ([a-z]+) ", README)) - {"watches"}))
def test_every_command_it_names_exists(name):
    assert name in COMMANDS


@pytest.mark.parametrize("target", sorted(set(re.findall(r"^    make (\w+)", README, re.MULTILINE))))
def test_every_make_target_it_names_exists(target):
    assert re.search(rf"^{target}:", (ROOT / "Makefile").read_text(), re.MULTILINE)
