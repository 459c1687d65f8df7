import numpy as np
import pytest

from detectors import distance


@pytest.mark.parametrize(
    ("parts", "square", "p"),
    [
        (1, 3.841459, 0.05),
        (1, 10.82757, 0.001),
        (2, 5.991465, 0.05),
        (3, 7.814728, 0.05),
        (3, 21.10751, 0.0001),
        (7, 24.32189, 0.001),
        (8, 15.50731, 0.05),
        (8, 31.82763, 0.0001),
    ],
)
def test_nats_are_those_of_the_chi_square_table(parts, square, p):
    assert distance.nats_of(np.array([square]), parts)[0] == pytest.approx(-np.log(p), abs=1e-4)


@pytest.mark.parametrize("parts", [1, 2, 7, 8])
def test_nats_grow_with_the_distance_and_stay_finite(parts):
    nats = distance.nats_of(np.array([0.0, 1e-9, 1.0, 20.0, 49.9, 50.1, 1e3, 1e5]), parts)
    assert nats[0] == pytest.approx(0, abs=1e-6)
    assert (np.diff(nats) >= 0).all()
    assert np.isfinite(nats).all()


def test_a_move_across_what_goes_together_is_farther_than_one_along_it():
    covariance = np.array([[1.0, 0.9], [0.9, 1.0]])[..., None]
    along, across = (distance.square_of(np.array(y)[:, None], covariance)[0] for y in ([1, 1], [1, -1]))
    assert across > 5 * along


def test_the_covariance_learned_is_that_of_the_vectors():
    rng = np.random.default_rng(1)
    covariance = np.eye(2)[..., None]
    for i in range(4000):
        common = rng.normal()
        y = np.array([common, common + 0.5 * rng.normal()])[:, None]
        covariance = distance.learned(covariance, y, np.array([float(i)]), 2000)
    np.testing.assert_allclose(covariance[..., 0], [[1, 1], [1, 1.25]], atol=0.15)
