"""What a worker logs."""

import pytest

from streams.runner.consumer_thread import ConsumerThread
from streams.runner.faust_app import App
from streams.runner.transport import Consumer
from streams.runner.worker import QUIET


@pytest.mark.parametrize("service", [App, Consumer, ConsumerThread])
def test_services_of_faust_log_under_the_names_of_our_files_and_are_as_quiet(service):
    assert service.logger.name in QUIET
