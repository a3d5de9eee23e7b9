"""Special functions for kernels agree with scipy's."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import special

from society.ground.special import beta_cdf, normal_cdf, normal_quantile


@given(st.floats(0, 1, allow_subnormal=False), st.floats(0.01, 500), st.floats(0.01, 500))
def test_beta_cdf(x, a, b):
    assert abs(beta_cdf(x, a, b) - special.betainc(a, b, x)) < 1e-10


def test_beta_cdf_of_the_smallest_number():
    """I_x(a, 2) = x^a (1 + a - a x); scipy loses digits here, at 5e-324."""
    a, x = 0.015625, 5e-324
    assert beta_cdf(x, a, 2.0) == pytest.approx(np.exp(a * np.log(x)) * (1 + a), rel=1e-10)


def test_normal_quantile():
    p = np.concatenate([np.linspace(1e-6, 1 - 1e-6, 2001), 10.0 ** -np.arange(7, 300, 20)])
    assert np.allclose([normal_quantile(value) for value in p], special.ndtri(p), rtol=1e-14, atol=1e-15)


def test_normal_cdf():
    x = np.linspace(-8, 8, 401)
    assert np.allclose([normal_cdf(value) for value in x], special.ndtr(x), atol=1e-15)
