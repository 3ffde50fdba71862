"""The sentences of a comparison, in English and Chinese."""

from __future__ import annotations

from collections.abc import Mapping

from .statistics import Difference
from .tasks import Metric, Task

_EN = {
    "better": "{name} is better than {baseline} on {task}: {effect}.",
    "worse": "{name} is worse than {baseline} on {task}: {effect}.",
    "practically equal": "{name} and {baseline} are practically equal on {task} (within ±{margin}): {effect}.",
    "no decision": "No decision between {name} and {baseline} on {task}: {effect}{more}.",
    "effect": "{metric} {mean} (95 % CI {low} to {high}, {seeds} paired seeds, P(better) = {p_better:.2f}, "
    "p = {p_holm:.2g} after Holm)",
    "short": "{metric} {mean} ({seeds} paired seeds, too few for an interval)",
    "failed": "no mean difference, because too many runs failed (P(better) = {p_better:.2f}, "
    "p = {p_holm:.2g} after Holm)",
    "more": "; about {total} seeds in all would decide",
    "failures": "{name} failed in {count} of {seeds} runs (95 % CI of the rate {low:.0%} to {high:.0%}); "
    "a failed run counts as worse than any other. First reason: {reason}",
    "diverged": "the training diverged.",
    "few seeds": "With {seeds} seeds and {comparisons} comparison(s) no difference can be significant; "
    "use at least {fewest}.",
    "edge": "{name}: the best learning rate {rate:g} is the {end} one tried, so a better one may lie outside.",
    "smallest": "smallest",
    "largest": "largest",
    "tuning failed": "{name}: every run of the learning-rate search failed; {rate:g} was used.",
    "unequal failures": "{name} and {baseline} did not fail equally often, so the mean difference "
    "covers only the {pairs} seeds that both finished.",
    "quick": "Quick budget: shorter training and a coarser search; for trying things out, not for deciding.",
}
_ZH = {
    "better": "在 {task} 上，{name} 优于 {baseline}：{effect}。",
    "worse": "在 {task} 上，{name} 不如 {baseline}：{effect}。",
    "practically equal": "在 {task} 上，{name} 与 {baseline} 实际相当（差异在 ±{margin} 以内）：{effect}。",
    "no decision": "在 {task} 上，{name} 与 {baseline} 难分高下：{effect}{more}。",
    "effect": "{metric}相差 {mean}（95% 置信区间 {low} 至 {high}，{seeds} 组配对种子，"
    "胜出概率 {p_better:.2f}，Holm 校正后 p = {p_holm:.2g}）",
    "short": "{metric}相差 {mean}（仅 {seeds} 组配对种子，不足以给出置信区间）",
    "failed": "失败的训练过多，无法给出平均差异（胜出概率 {p_better:.2f}，Holm 校正后 p = {p_holm:.2g}）",
    "more": "；总共约 {total} 个种子即可判定",
    "failures": "{name} 在 {seeds} 次训练中失败 {count} 次"
    "（失败率的 95% 置信区间 {low:.0%} 至 {high:.0%}）；失败的训练按最差计。首个原因：{reason}",
    "diverged": "训练发散。",
    "few seeds": "{seeds} 个种子、{comparisons} 项比较，任何差异都不可能达到显著；请至少使用 {fewest} 个种子。",
    "edge": "{name}：选出的学习率 {rate:g} 是所试范围的{end}值，更好的学习率可能在范围之外。",
    "smallest": "最小",
    "largest": "最大",
    "tuning failed": "{name}：搜索学习率时所有训练都失败了，改用 {rate:g}。",
    "unequal failures": "{name} 与 {baseline} 的失败次数不同，平均差异只包含两者都完成的 {pairs} 个种子。",
    "quick": "快速预算：训练更短、搜索更粗，适合试用，不宜据此下结论。",
}
TEXTS: Mapping[str, Mapping[str, str]] = {"en": _EN, "zh": _ZH}


def texts(lang: str) -> Mapping[str, str]:
    """The texts in this language; ValueError when it is neither "en" nor "zh"."""
    if lang not in TEXTS:
        raise ValueError(f"there is no language {lang!r}; write {' or '.join(map(repr, TEXTS))}")
    return TEXTS[lang]


def amount(value: float, metric: Metric, sign: str = "+") -> str:
    """A difference of the metric in its unit, e.g. "+1.8"; sign "" leaves the plus out."""
    return f"{value * metric.scale:{sign}.{metric.digits}f}".replace("-", "−")


def verdict_sentence(name: str, baseline: str, task: Task, difference: Difference, *, seeds: int, lang: str) -> str:
    """One comparison in one sentence: verdict, size, certainty."""
    text, metric = texts(lang), task.metric
    mean, low, high = (
        "" if value is None else amount(value, metric) for value in (difference.mean, difference.low, difference.high)
    )
    shape = "failed" if difference.mean is None else "short" if difference.low is None else "effect"
    effect = text[shape].format(
        mean=mean + metric.unit[lang],
        low=low,
        high=high + metric.unit[lang],
        metric=metric.names[lang],
        seeds=seeds,
        p_better=difference.p_better,
        p_holm=difference.p_holm,
    )
    return text[difference.verdict].format(
        name=name,
        baseline=baseline,
        task=task.name,
        effect=effect,
        margin=amount(task.margin, metric, sign="") + metric.unit[lang],
        more=text["more"].format(total=seeds + difference.more_seeds) if difference.more_seeds else "",
    )
