"""Gradient clipping by norm."""

import numpy as np
import pytest

from evorobo.learners.backprop.batched import clip_by_norm


def test_a_long_gradient_is_shortened_to_the_limit_and_keeps_its_direction():
    np.testing.assert_allclose(clip_by_norm(np.array([3.0, -4.0]), 1.0), [0.6, -0.8])


def test_a_short_gradient_is_not_changed():
    gradient = np.random.default_rng(0).normal(size=7)
    for limit in (np.linalg.norm(gradient) * 1.0001, 100.0, 1e300):
        np.testing.assert_array_equal(clip_by_norm(gradient.copy(), limit), gradient)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_several_gradients_are_clipped_separately(dtype):
    several = np.array([[3, 4], [0.3, 0.4], [0, 0], [-30, 40]], dtype)
    clipped = clip_by_norm(several.copy(), 2.5)
    assert clipped.dtype == dtype
    np.testing.assert_allclose(clipped, [[1.5, 2], [0.3, 0.4], [0, 0], [-1.5, 2]], rtol=1e-6)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("limit", [0.1, 1.0, 100.0])
def test_a_zero_gradient_stays_zero_without_a_warning(dtype, limit):
    np.testing.assert_array_equal(clip_by_norm(np.zeros(3, dtype), limit), 0)


def test_norms_never_exceed_the_limit():
    several = np.random.default_rng(1).normal(size=(200, 5)) * np.logspace(-3, 5, 200)[:, None]
    clipped = clip_by_norm(several.copy(), 2.0)
    norms, before = np.linalg.norm(clipped, axis=1), np.linalg.norm(several, axis=1)
    np.testing.assert_allclose(norms, np.minimum(before, 2.0))
    np.testing.assert_allclose(clipped / norms[:, None], several / before[:, None])


def test_clipping_happens_in_place():
    gradient = np.array([30.0, 40.0])
    assert clip_by_norm(gradient, 1.0) is gradient
    assert gradient.max() <= 1
