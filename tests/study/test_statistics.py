"""The statistics, against SciPy, published numbers and simulation."""

from __future__ import annotations

import itertools
import random
from collections.abc import Callable, Sequence

import pytest
from scipy import stats

from actlab.study import statistics
from actlab.study.statistics import (
    Difference,
    compare_scores,
    fewest_seeds,
    holm,
    mean_interval,
    ranks,
    seeds_to_decide,
    share_interval,
    signed_rank,
)

Compare = Callable[[Sequence[float | None], Sequence[float | None]], Difference]


def sample(mean: float, sd: float, count: int, shuffle: int = 0) -> list[float]:
    """Normal quantiles moved and scaled to exactly this mean and standard deviation, in a seeded order."""
    quantiles = [float(stats.norm.ppf((index + 0.5) / count)) for index in range(count)]
    spread = (sum(value * value for value in quantiles) / (count - 1)) ** 0.5
    values = [mean + sd * value / spread for value in quantiles]
    random.Random(shuffle).shuffle(values)
    return values


def against(scores: Sequence[float | None], baseline: Sequence[float | None], margin: float = 0.1) -> Difference:
    return compare_scores([scores], baseline, margin)[0]


@pytest.mark.parametrize("seed", range(20))
def test_the_signed_rank_test_is_scipys_exact_one(seed: int) -> None:
    """Without ties the p-value is that of scipy.stats.wilcoxon(method="exact")."""
    source = random.Random(seed)
    values = [source.gauss(0.4, 1) for _ in range(source.randint(4, 25))]
    assert signed_rank(values)[1] == pytest.approx(stats.wilcoxon(values, method="exact").pvalue, rel=1e-12)


@pytest.mark.parametrize("values", [[1, 1, -1, 2, 3, 3], [0.5, 0, 0, 2, -2, 0.5, 4], [1, 1, 1, 1, 1, 1], [0, 0], []])
def test_with_ties_the_p_value_is_the_share_of_all_sign_patterns(values: list[float]) -> None:
    """Counting all 2**n sign patterns by hand gives the same number; zeros are left out."""
    moved = [abs(value) for value in values if value]
    placed = ranks(moved)
    seen = abs(sum(rank if value > 0 else -rank for rank, value in zip(placed, filter(None, values), strict=True)))
    patterns = list(itertools.product((1, -1), repeat=len(moved)))
    extreme = sum(abs(sum(s * r for s, r in zip(signs, placed, strict=True))) >= seen for signs in patterns)
    assert signed_rank(values)[1] == pytest.approx(extreme / len(patterns))


def test_six_pairs_are_the_fewest_that_can_be_significant() -> None:
    """Five equal signs give p = 0.0625, six 0.03125; with more comparisons Holm asks for more seeds."""
    assert signed_rank([1.0, 2, 3, 4, 5])[1] == 0.0625 and signed_rank([1.0, 2, 3, 4, 5, 6])[1] == 0.03125
    assert [fewest_seeds(count) for count in (1, 5, 10, 45, 190)] == [6, 8, 9, 11, 13]


def test_holm_corrects_as_published() -> None:
    """The textbook example, in any order, never above 1."""
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx([0.03, 0.06, 0.06, 0.02])
    assert holm([0.6, 0.9]) == [1.0, 1.0] and holm([]) == []


@pytest.mark.parametrize(("count", "total"), [(0, 10), (1, 10), (5, 10), (7, 10), (10, 10), (0, 1), (23, 40)])
def test_the_interval_of_a_share_is_scipys_exact_one(count: int, total: int) -> None:
    """Clopper-Pearson as in scipy.stats.binomtest; half counts lie between their neighbours."""
    expected = stats.binomtest(count, total).proportion_ci(0.95, "exact")
    assert share_interval(count, total) == pytest.approx((expected.low, expected.high), abs=1e-9)
    if count < total:
        assert share_interval(count, total)[0] <= share_interval(count + 0.5, total)[0]


def test_equal_ranks_are_shared() -> None:
    """As scipy.stats.rankdata."""
    values = [3.0, 1, 3, float("inf"), 2, 3, float("inf")]
    assert ranks(values) == stats.rankdata(values).tolist()


def test_the_interval_of_the_mean_is_scipys_bca_one_level_further_out() -> None:
    """At the level it chooses the interval is SciPy's own, it contains the plain 95 % one, and does not vary."""
    values = sample(1.0, 2.0, 10)
    low, high = mean_interval(values) or (0, 0)
    plain = stats.bootstrap((values,), lambda x, axis: x.mean(axis=axis), method="BCa", rng=1).confidence_interval
    assert low < plain.low < 1.0 < plain.high < high and mean_interval(values) == (low, high)
    student = stats.t.interval(0.95, 9, loc=1.0, scale=2.0 / 10**0.5)
    assert (low, high) == pytest.approx(student, abs=0.25)


def test_the_interval_holds_the_truth_in_about_95_of_100_studies(monkeypatch: pytest.MonkeyPatch) -> None:
    """With ten skewed or normal pairs the interval is honest; a plain bootstrap would hold it in less than 90 %."""
    monkeypatch.setattr(statistics, "RESAMPLES", 999)
    source = random.Random(0)
    held = 0
    for _ in range(300):
        low, high = mean_interval([source.gauss(0.3, 1) for _ in range(10)]) or (1, 0)
        held += low <= 0.3 <= high
    assert 0.92 <= held / 300 <= 0.99


@pytest.mark.parametrize("values", [[], [1.0], [2.0, 2.0, 2.0], [1.0, 2.0], [0.0] * 9 + [1.0]])
def test_small_and_constant_samples_get_an_interval_or_none(values: list[float]) -> None:
    """No sample makes the interval fail, warn, or leave the range of the values."""
    interval = mean_interval(values)
    assert (interval is None) == (len(values) < 2)
    assert interval is None or min(values) <= interval[0] <= interval[1] <= max(values)


# README of the Mish repository, SqueezeNet on CIFAR-10: (mean, SD, printed unpaired p against Mish)
MISH_3 = {"mish": (87.93, 0.04358), "swish": (87.363, 0.135, 0.0023), "gelu": (87.28, 0.1558, 0.0023)}
MISH_23 = {
    "mish": (87.48, 0.3967),
    "relu": (86.66, 0.584, 0.0000),
    "swish": (87.323, 0.414, 0.1973),
    "gelu": (87.371, 0.472, 0.4003),
    "elish": (87.377, 0.477, 0.4283),
}


@pytest.mark.parametrize(
    ("table", "count", "name"),
    [(table, count, name) for table, count in ((MISH_3, 3), (MISH_23, 23)) for name in table if name != "mish"],
)
def test_the_constructed_samples_reproduce_the_published_p_values(
    table: dict[str, tuple[float, ...]], count: int, name: str
) -> None:
    """The samples used below are those of the publication: Student's unpaired test gives its printed p.

    The printed means are rounded to 0.005, which moves p by up to 0.002.
    """
    mish, other = (sample(*table[key][:2], count) for key in ("mish", name))
    assert stats.ttest_ind(mish, other).pvalue == pytest.approx(table[name][2], abs=2e-3)


def test_three_seeds_decide_nothing_though_published_as_significant() -> None:
    """Mish against Swish with 3 seeds, printed p = 0.0023, gone (p = 0.20) with 23: here it is no decision at once."""
    found = against(sample(87.93, 0.04358, 3), sample(87.363, 0.135, 3, shuffle=1))
    assert found.verdict == "no decision" and found.p == 0.25 and found.mean == pytest.approx(0.567)
    assert found.more_seeds is not None and found.more_seeds >= 3


@pytest.mark.parametrize("shuffle", range(3))
def test_23_seeds_decide_for_mish_against_relu_and_not_against_swish(shuffle: int) -> None:
    """The large effect (d = 1.6) is better after Holm, the small ones are undecided with a need for more seeds."""
    mish = sample(87.48, 0.3967, 23)
    names = ["relu", "swish", "gelu", "elish"]
    others = [sample(*MISH_23[name][:2], 23, shuffle=10 * shuffle + 7 + place) for place, name in enumerate(names)]
    found = compare_scores(others, mish, margin=0.1)
    assert [each.verdict for each in found] == ["worse", "no decision", "no decision", "no decision"]
    assert found[0].mean == pytest.approx(-0.82) and found[0].p_better < 0.3
    assert all(each.more_seeds for each in found[1:]) and found[0].more_seeds is None


def check_direction(compare: Compare) -> None:
    """A comparison must say better for larger scores, worse for smaller ones, with matching signs and shares."""
    high, low = sample(2.0, 0.3, 12), sample(1.0, 0.3, 12, shuffle=1)
    up, down = compare(high, low), compare(low, high)
    assert (up.verdict, down.verdict) == ("better", "worse")
    assert up.mean is not None and up.low is not None and down.high is not None
    assert up.mean > up.low > 0 > down.high and up.p == down.p < 0.01
    assert up.p_better > 0.9 and up.p_better_low > 0.5 and down.p_better < 0.1 and down.p_better_high < 0.5


def test_larger_scores_are_better() -> None:
    """Direction of every part of a difference."""
    check_direction(against)


def test_the_check_of_direction_catches_a_swapped_sign() -> None:
    """Canary: scores and baseline exchanged, or only the metric read the wrong way round, do not pass."""
    with pytest.raises(AssertionError):
        check_direction(lambda scores, baseline: against(baseline, scores))
    with pytest.raises(AssertionError):
        check_direction(lambda s, b: compare_scores([s], b, 0.1, larger_is_better=False)[0])


def check_false_alarms(p_value: Callable[[list[float]], float]) -> None:
    """Without any difference a valid test says p < 0.05 in at most 5 % of studies (here 600, so up to 7 %)."""
    source = random.Random(5)
    alarms = sum(p_value([source.gauss(0, 1) for _ in range(8)]) < 0.05 for _ in range(600))
    assert 0.02 < alarms / 600 < 0.07


def test_the_exact_test_keeps_its_level() -> None:
    """False alarms stay at the stated rate with eight pairs."""
    check_false_alarms(lambda values: signed_rank(values)[1])


def test_the_check_of_the_level_catches_a_one_sided_p_value() -> None:
    """Canary: a p-value half as large, or one from a normal interval, raises too many alarms."""
    with pytest.raises(AssertionError):
        check_false_alarms(lambda values: signed_rank(values)[1] / 2)


def test_when_smaller_is_better_the_verdict_turns_and_the_difference_stays() -> None:
    """For an error measure the difference is still score minus baseline."""
    high, low = sample(2.0, 0.3, 12), sample(1.0, 0.3, 12, shuffle=1)
    (found,) = compare_scores([low], high, 0.1, larger_is_better=False)
    assert found.verdict == "better" and found.mean == pytest.approx(-1.0) and found.p_better > 0.9


def test_a_small_certain_difference_is_practically_equal() -> None:
    """Equal means the whole interval lies within the margin, even where the difference is significant."""
    baseline = sample(90.0, 1.0, 12)
    shifted = [value + 0.02 + 0.001 * index for index, value in enumerate(baseline)]
    found = against(shifted, baseline)
    assert found.verdict == "practically equal" and found.p < 0.001 and found.more_seeds is None
    assert against(baseline, baseline).verdict == "practically equal"
    assert against(baseline, baseline).p_better == 0.5


def test_fewer_than_six_seeds_never_decide() -> None:
    """Neither better nor equal is said with five seeds."""
    values = sample(90.0, 1.0, 5)
    assert against([value + 50 for value in values], values).verdict == "no decision"
    assert against(values, values).verdict == "no decision"


def test_failed_runs_count_as_worst_and_never_vanish() -> None:
    """Scores that are better where they exist do not win when half of the runs failed."""
    baseline = sample(90.0, 0.5, 12)
    fragile = [value + 1 if index % 2 else None for index, value in enumerate(baseline)]
    found = against(fragile, baseline)
    assert found.mean == pytest.approx(1.0) and found.pairs == 6 and found.p_better == 0.5
    assert found.verdict == "no decision" and found.more_seeds is None
    assert against(baseline, fragile).verdict == "no decision"
    nothing = against([None] * 12, baseline)
    assert nothing.verdict == "worse" and nothing.mean is None and nothing.low is None and nothing.p_better == 0
    assert against(baseline, [None] * 12).verdict == "better"
    both = against([None] * 12, [None] * 12)
    assert both.verdict == "no decision" and both.p == 1 and both.p_better == 0.5


@pytest.mark.parametrize(("mean", "sd"), [(0.5, 1.0), (0.0, 0.3), (0.02, 0.2), (3.0, 1.0)])
def test_the_number_of_seeds_needed_is_where_the_interval_gets_narrow_enough(mean: float, sd: float) -> None:
    """With that many seeds, same mean and spread, the t interval leaves out zero or lies within the margin."""
    needed = seeds_to_decide(sample(mean, sd, 10), margin=0.1)

    def half(count: int) -> float:
        return float(stats.t.ppf(0.975, count - 1)) * sd / count**0.5

    assert half(needed) <= max(mean, 0.1 - mean) * 1.001
    assert needed == 11 or half(int(needed / 1.06) - 1) > max(mean, 0.1 - mean)


def test_scores_of_different_length_are_refused() -> None:
    """Pairs cannot be made of unequal lists."""
    with pytest.raises(ValueError, match="argument"):
        against([1.0, 2.0], [1.0])
