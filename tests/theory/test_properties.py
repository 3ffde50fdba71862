"""Properties against hand-computed numbers, and facts over the whole catalogue."""

from __future__ import annotations

import json
import math
import subprocess
import sys

import numpy as np
import pytest

from actlab.catalogue import ENTRIES
from actlab.catalogue.lookup import define
from actlab.theory import Rows, properties, slope, value
from actlab.theory.collapse import FORMATS

INF = math.inf
SCALAR = [entry.name for entry in ENTRIES.values() if not entry.along_axis]

# name -> (low, attained, high, attained)
RANGES = {
    "step": (0, True, 1, True),
    "signum": (-1, True, 1, True),
    "identity": (-INF, False, INF, False),
    "relu": (0, True, INF, False),
    "relu6": (0, True, 6, True),
    "leaky_relu": (-INF, False, INF, False),
    "elu": (-1, False, INF, False),
    "selu": (-1.7580993408473766, False, INF, False),
    "s_shaped_relu": (0, True, INF, False),
    "absolute": (0, True, INF, False),
    "hard_tanh": (-1, True, 1, True),
    "hard_swish": (-0.375, True, INF, False),
    "sigmoid": (0, False, 1, False),
    "tanh": (-1, False, 1, False),
    "lecun_tanh": (-1.7159, False, 1.7159, False),
    "arctan": (-math.pi / 2, False, math.pi / 2, False),
    "softsign": (-1, False, 1, False),
    "log_sigmoid": (-INF, False, 0, False),
    "log_log": (0, False, 1, False),
    "gelu": (-0.16997120747990369, True, INF, False),
    "silu": (-0.27846454276107380, True, INF, False),
    "mish": (-0.30884341301725041, True, INF, False),
    "softplus": (0, False, INF, False),
    "sinusoid": (-1, True, 1, True),
    "sinc": (-0.21723362821122166, True, 1, True),
    "gaussian": (0, False, 1, True),
    "softmax": (0, False, 1, False),
    "log_softmax": (-INF, False, 0, False),
}


@pytest.mark.parametrize("name", RANGES)
def test_ranges_know_what_is_attained_and_what_is_only_approached(name):
    """Both ends of the range agree with exact values, and say whether they are taken."""
    found = properties(name).range
    low, low_attained, high, high_attained = RANGES[name]
    assert found.low.value == pytest.approx(low, rel=1e-12, abs=1e-15)
    assert found.high.value == pytest.approx(high, rel=1e-12, abs=1e-15)
    assert (found.low.attained, found.high.attained) == (low_attained, high_attained)


@pytest.mark.parametrize(
    ("name", "place"),
    [("gelu", -0.7517915246935645), ("silu", -1.2784645427610738), ("mish", -1.1924312145154952), ("hard_swish", -1.5)],
)
def test_minima_are_found_where_they_are(name, place):
    """The place of the lowest value is refined to the last digits."""
    assert properties(name).range.low.at == pytest.approx(place, abs=2e-8)


# name -> (lowest slope, highest slope, where the highest is)
SLOPES = {
    "sigmoid": (0, 0.25, 0.0),
    "tanh": (0, 1, 0.0),
    "gelu": (-0.12890414, 1.12890414, math.sqrt(2)),
    "silu": (-0.09983932, 1.09983932, 2.39935728),
    "log_log": (0, 1 / math.e, 0.0),
    "gaussian": (-math.sqrt(2 / math.e), math.sqrt(2 / math.e), -math.sqrt(0.5)),
    "selu": (0, 1.7580993408473766, 0.0),
    "hard_swish": (-0.5, 1.5, 3.0),
    "leaky_relu": (0.01, 1, None),
    "bent_identity": (0.5, 1.5, INF),
    "softsign": (0, 1, 0.0),
    "step": (0, 0, None),
    "softmax": (0, 0.25, 0.0),
}


@pytest.mark.parametrize("name", SLOPES)
def test_slope_ranges_and_their_peaks(name):
    """Lowest and highest slope and the place of the highest agree with exact values."""
    low, high, at = SLOPES[name]
    found = properties(name)
    assert found.slope_range.low.value == pytest.approx(low, abs=1e-8)
    assert found.slope_range.high.value == pytest.approx(high, abs=1e-8)
    assert found.slope_range.high.at == (at if at is None else pytest.approx(at, abs=1e-6))
    if name not in ("step", "softmax"):
        assert found.lipschitz == pytest.approx(max(abs(low), abs(high)), abs=1e-8)


def test_a_jump_has_no_lipschitz_constant():
    """The step's slope is 0 everywhere, yet no finite constant bounds its rise."""
    found = properties("step")
    assert found.lipschitz == INF
    assert not found.trainable
    assert found.smoothness == -1
    assert [(kink.at, kink.value_jump) for kink in found.kinks] == [(0.0, 1.0)]


@pytest.mark.parametrize(
    ("name", "params", "order"),
    [
        ("relu", {}, 0),
        ("elu", {}, 1),
        ("elu", {"alpha": 0.5}, 0),
        ("celu", {"alpha": 0.5}, 1),
        ("selu", {}, 0),
        ("softsign", {}, 1),
        ("signum", {}, -1),
        ("tanh", {}, INF),
        ("sinc", {}, INF),
        ("s_shaped_relu", {"slope_left": 1.0, "slope_right": 1.0}, INF),
    ],
)
def test_smoothness_counts_continuous_derivatives(name, params, order):
    """-1 for a jump, 0 for a corner, then the number of continuous derivatives."""
    assert properties(name, **params).smoothness == order


@pytest.mark.parametrize(
    ("name", "stretches"),
    [
        ("identity", ((-INF, INF),)),
        ("relu", ((0.0, INF),)),
        ("relu6", ((0.0, 6.0),)),
        ("hard_tanh", ((-1.0, 1.0),)),
        ("hard_swish", ((0.0, 0.0), (3.0, INF))),
        ("signum", ((-1.0, -1.0), (0.0, 0.0), (1.0, 1.0))),
        ("step", ((1.0, 1.0),)),
        ("tanh", ((0.0, 0.0),)),
        ("gelu", ((0.0, 0.0),)),
        ("sinusoid", ((0.0, 0.0),)),
        ("softplus", ()),
        ("cosine", ((0.7390851332151607, 0.7390851332151607),)),
        ("sigmoid", ((0.6590460684074067, 0.6590460684074067),)),
    ],
)
def test_fixed_points_are_points_and_stretches(name, stretches):
    """f(x) = x is solved, and a tail that only rounds to x is no fixed point."""
    found = properties(name)
    assert not found.more_fixed_points
    assert found.fixed_points == tuple((pytest.approx(a), pytest.approx(b)) for a, b in stretches)


@pytest.mark.parametrize(
    ("name", "left", "right"),
    [
        ("sigmoid", -4.584863339122, 4.584863339122),
        ("tanh", -2.993222846126, 2.993222846126),
        ("arctan", -math.sqrt(99), math.sqrt(99)),
        ("softsign", -9.0, 9.0),
        ("relu", 0.0, None),
        ("elu", math.log(0.01), None),
        ("hard_tanh", -1.0, 1.0),
        ("leaky_relu", None, None),
        ("sinusoid", None, None),
        ("softplus", -math.log(99), None),
        ("step", INF, -INF),
    ],
)
def test_saturation_begins_where_the_slope_falls_below_a_hundredth(name, left, right):
    """The flat tails begin where |slope| crosses 0.01, on each side that has one."""
    found = properties(name).saturation
    assert found == tuple(edge if edge is None else pytest.approx(edge, abs=1e-9) for edge in (left, right))


def test_direction_symmetry_and_curvature():
    """Monotone, odd, even, convex and concave are measured."""
    asked = {name: properties(name) for name in SCALAR}
    falling = {
        "absolute", "gelu", "gelu_tanh", "silu", "swish", "mish", "hard_swish", "sinusoid", "cosine", "sinc",
        "gaussian",
    }  # fmt: skip
    rising = {"relu", "leaky_relu", "elu", "selu", "sigmoid", "tanh", "softsign", "softplus", "log_sigmoid", "step"}
    assert not any(asked[name].monotone for name in falling)
    assert {asked[name].direction for name in rising} == {"increasing"}
    forms = {"identity": "affine", "log_sigmoid": "concave", "softplus": "convex", "relu": "convex", "gelu": "neither"}
    assert {name: asked[name].convexity for name in forms} == forms
    assert [asked[name].even for name in ("absolute", "cosine", "sinc", "gaussian", "tanh", "relu")] == [True] * 4 + [
        False
    ] * 2
    assert all(p.zero_centred for p in asked.values() if p.odd)
    assert asked["selu"].zero_centred and not asked["elu"].zero_centred


def test_periodic_functions_say_their_period():
    """Sine and cosine repeat after 2 pi, an absolute sine after pi, a damped one never."""
    assert properties("sinusoid").period == pytest.approx(2 * math.pi, rel=1e-12)
    assert properties(define("abs(sin(x))", "own_arches")).period == pytest.approx(math.pi, rel=1e-12)
    assert properties("sinc").period is None and properties("tanh").period is None


def test_endless_sets_are_cut_and_say_so():
    """A function with infinitely many kinks or fixed points lists those nearest to 0."""
    arches = properties(define("abs(sin(x))", "own_arches"))
    assert arches.more_kinks and len(arches.kinks) == 16
    assert arches.kinks[8].at == pytest.approx(0.0, abs=1e-12) or any(kink.at == 0 for kink in arches.kinks)
    drift = properties(define("x+sin(x)", "own_drift"))
    assert drift.more_fixed_points
    assert (0.0, 0.0) in drift.fixed_points


@pytest.mark.parametrize("name", ["sigmoid", "tanh", "gelu", "relu", "softsign", "arctan", "mish", "selu"])
@pytest.mark.parametrize("kind", FORMATS)
def test_beyond_the_collapse_all_outputs_are_equal_and_before_it_not(name, kind):
    """On each side the output at the edge equals that of the largest input, and one number further in it does not."""
    form, ends = FORMATS[kind], properties(name).collapse[kind]
    compared = 0
    for sign, edge in ((-1.0, ends.left), (1.0, ends.right)):
        if edge is None or edge == 0:
            continue
        code = form.encode(np.array([abs(edge)]))
        codes = np.concatenate([code - 1, code, code + 1, [form.largest]])
        out = form.encode(value(name, sign * form.decode(codes)))
        assert out[1] == out[2] == out[3] != out[0]
        compared += 1
    assert compared or name == "relu"


def test_collapse_of_known_functions():
    """float32 tanh is 1 from 9.01 on, sigmoid from 17.3; relu is 0 from 0 on to the left."""
    assert properties("tanh").collapse["float32"].right == pytest.approx(9.0109, abs=1e-3)
    assert properties("sigmoid").collapse["float32"].right == pytest.approx(17.329, abs=1e-2)
    assert properties("relu").collapse["float16"] == (0.0, None)
    assert properties("identity").collapse["bfloat16"] == (None, None)
    # a bfloat16 keeps the upper half of a float32, rounded to nearest
    torch = pytest.importorskip("torch")
    numbers = np.random.default_rng(0).normal(size=1000) * 10.0 ** np.arange(-20, 20).repeat(25)
    ours = FORMATS["bfloat16"].decode(FORMATS["bfloat16"].encode(np.abs(numbers)))
    theirs = torch.tensor(np.abs(numbers)).to(torch.float32).to(torch.bfloat16).double().numpy()
    assert np.array_equal(ours, theirs)


@pytest.mark.parametrize(
    ("name", "calls", "saved"),
    [("relu", 0, 4), ("identity", 0, 0), ("sigmoid", 1, 4), ("mish", 3, 4), ("softplus", 2, 4), ("hard_swish", 0, 4)],
)
def test_cost_counts_transcendental_calls_and_bytes(name, calls, saved):
    """Calls of exp and its like per element; a constant slope needs no saved input."""
    found = properties(name).cost
    assert (found.transcendental, found.saved_bytes) == (calls, saved)
    assert (found.forward_bytes, found.backward_bytes) == (8, 8 + saved)


def test_along_axis_entries_tell_what_their_rows_keep():
    """Softmax rows sum to 1 and ignore a shift; softmin reverses the order; log_softmax sums to nothing fixed."""
    assert properties("softmax").rows == Rows(1.0, True, "kept", False, pytest.approx(1.0), 0.0, 1.0)
    assert properties("softmin").rows == Rows(1.0, True, "reversed", False, pytest.approx(1.0), 0.0, 1.0)
    assert properties("log_softmax").rows == Rows(None, True, "kept", False, None, 0.0, 1.0)
    sparse, sink, pieces = (properties(name).rows for name in ("sparsemax", "softmax_off_by_one", "maxout"))
    assert sparse is not None and sparse.zeros > 0.5 and sparse.total == 1
    assert sink is not None and sink.total is None and sink.most is not None and sink.most < 1
    assert pieces is not None and pieces.stretch == 0.5 and properties("spherical_softmax").rows.scale_invariant
    assert properties("softmax").gain is None
    # two equal leaders: p (1 - p) [[1, -1], [-1, 1]] has norm 1/2; log_softmax reaches sqrt(n) on rows of n
    assert properties("softmax").lipschitz == pytest.approx(0.5, abs=1e-9)
    assert properties("softmin", temperature=2.0).lipschitz == pytest.approx(0.25, abs=1e-9)
    assert properties("log_softmax").lipschitz == INF


def test_parameters_change_the_properties():
    """Properties are those of the given parameters, checked like everywhere else."""
    assert properties("elu", alpha=2.0).range.low.value == -2.0
    assert properties("hard_tanh", min_val=-2.0, max_val=3.0).saturation == (-2.0, 3.0)
    assert properties("hard_tanh", min_val=0.0, max_val=0.0).direction == "constant"
    with pytest.raises(ValueError, match="alpha"):
        properties("celu", alpha=0.0)
    with pytest.raises(TypeError, match="gamma"):
        properties("celu", gamma=0.0)


def test_own_functions_get_properties_too():
    """Partial domains, poles, steep and growing functions are described rather than refused."""
    log = properties(define("log(x)", "own_log"))
    assert log.domain == (0.0, INF)
    assert (log.range.low.value, log.convexity, log.mean) == (-INF, "concave", None)
    pole = properties(define("1/x", "own_pole"))
    assert (pole.direction, pole.lipschitz, pole.fixed_points) == ("neither", INF, ((-1.0, -1.0), (1.0, 1.0)))
    bump = properties(define("x*exp(-x)", "own_bump"))
    assert bump.range.high == (pytest.approx(1 / math.e), True, pytest.approx(1.0))
    assert properties(define("exp(x)", "own_exp")).convexity == "convex"
    assert properties(define("exp(x*x)", "own_tower")).gain is None
    late = properties(define("maximum(x-2000, 0)", "own_late"))
    assert (late.smoothness, late.odd, late.saturation[0]) == (0, False, 2000.0)


@pytest.mark.parametrize("name", ENTRIES)
def test_every_entry_has_properties_that_serialise(name):
    """Each entry's properties become strict JSON and come back unchanged."""
    data = properties(name).to_json()
    assert json.loads(json.dumps(data, allow_nan=False)) == data
    assert {"domain", "range", "slope_range", "kinks", "collapse", "edge_of_chaos", "cost", "bounded"} <= set(data)


@pytest.mark.parametrize("name", SCALAR)
def test_no_value_or_slope_leaves_its_range(name):
    """Random inputs, the far tails included, never leave the stated ranges."""
    x = np.random.default_rng(1).normal(size=4000) * np.repeat([1.0, 10.0, 100.0, 1e5], 1000)
    found = properties(name)
    for y, ends in ((value(name, x), found.range), (slope(name, x), found.slope_range)):
        slack = 1e-12
        assert ends.low.value - slack <= y.min() and y.max() <= ends.high.value + slack


def test_one_entry_is_described_without_torch():
    """Computing properties imports neither torch nor scipy."""
    code = (
        "import sys; from actlab.theory import properties; properties('gelu'); "
        "sys.exit(any(m in sys.modules for m in ('torch', 'scipy', 'numba', 'matplotlib')))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
