"""Trouble that starting again does not cure ends a worker for good, in words."""

import ssl

import pytest
from aiokafka import errors

from streams.failure import FAILED, Failure
from streams.machine import Output
from streams.runner.trouble import explained, too_large


def _unvouched():
    error = ssl.SSLCertVerificationError(1, "certificate verify failed")
    error.verify_message = "self-signed certificate"
    return error


@pytest.mark.parametrize(
    ("error", "hint"),
    [
        (errors.TopicAuthorizationFailedError("shop.click.v1"), "shop.click.v1.*Grant.*topics"),
        (errors.GroupAuthorizationFailedError("fenghuo"), "Grant.*group"),
        (errors.TransactionalIdAuthorizationFailed(), "Grant.*transactional"),
        (errors.ClusterAuthorizationFailedError(), "Grant.*cluster"),
        (errors.SaslAuthenticationFailed("bad password"), "bad password.*kafka.security"),
        (_unvouched(), "self-signed.*kafka.security.ca_file"),
    ],
    ids=lambda value: type(value).__name__,
)
def test_what_kafka_refuses_is_told_with_what_to_do(error, hint):
    failure = explained(error)
    assert isinstance(failure, Failure)
    assert failure.exit_code == FAILED
    with pytest.raises(Failure, match=hint):
        raise failure


@pytest.mark.parametrize(
    "error", [errors.KafkaConnectionError("x"), TimeoutError(), ValueError("bug")], ids=repr
)
def test_what_may_pass_by_itself_is_left_as_it_is(error):
    assert explained(error) is error


def test_a_cause_is_found_behind_what_it_led_to():
    error = errors.KafkaError("Unexpected error during batch delivery")
    error.__cause__ = errors.GroupAuthorizationFailedError("fenghuo")
    assert "Grant" in str(explained(error))


def test_a_record_too_large_names_its_topic_and_size():
    failure = too_large(Output("partial", None, bytes(12_000)))
    assert "12,000 bytes" in str(failure)
    assert "partial" in str(failure)
    assert failure.exit_code == FAILED
