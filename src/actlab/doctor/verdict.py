"""What a repair came to, as one or two sentences in both languages."""

from __future__ import annotations

from collections.abc import Mapping

from .records import Margin, Repair

METRICS_ZH = {"accuracy": "准确率", "balanced accuracy": "平衡准确率", "metric": "指标"}
CONTROLS_ZH = {"no repair": "不修复", "new seed only": "仅换随机种子"}


def verdict(result: Repair, judged_as_trained: bool) -> Mapping[str, str]:
    """The verdict per language. judged_as_trained: no held-out data were to be had."""
    if result.interrupted:
        return {
            "en": "Interrupted before anything was proved; your model is as it was.",
            "zh": "在得出结论之前被中断；您的模型保持原样。",
        }
    if not result.accepted:
        return _refused(result)
    metric = result.before.metric_name
    by_loss = any(m.by == "loss" for m in result.margins)
    names = ("loss", "损失") if by_loss else (metric, METRICS_ZH.get(metric, metric))
    control, repaired = (arm.mean_and_error("losses" if by_loss else "scores")[0] for arm in result.arms[::2])
    where = ("Training", "训练数据上的") if judged_as_trained else ("Held-out", "留出数据上的")
    seeds = len(result.arms[-1].seeds)
    en = (
        f"The repair is accepted. {where[0]} {names[0]} goes from {control:.3g} to {repaired:.3g} (means of {seeds} "
        f"seeds), ahead of {_told(result.margins, 'en')}; no alarm is left."
    )
    zh = (
        f"接受此修复。{where[1]}{names[1]}由 {control:.3g} 变为 {repaired:.3g}（{seeds} 个随机种子的均值），"
        f"领先于{_told(result.margins, 'zh')}；已无警报。"
    )
    return {"en": en, "zh": zh}


def _told(margins: tuple[Margin, ...], lang: str) -> str:
    if lang == "zh":
        return "、".join(f"“{CONTROLS_ZH[m.control]}” {m.difference:.3g} ± {m.error:.2g}" for m in margins)
    return " and ".join(f'"{m.control}" by {m.difference:.3g} ± {m.error:.2g}' for m in margins)


def _refused(result: Repair) -> Mapping[str, str]:
    if not result.left:
        return {"en": "There is nothing to repair: no alarm was raised.", "zh": "没有警报，无需修复。"}
    tried = [attempt for attempt in result.tried if attempt.outcome != "by hand"]
    if not tried:
        return {
            "en": "No verified repair: no prescription could be carried out automatically; the advice needs a change "
            "in your code.",
            "zh": "没有经过验证的修复：没有可以自动执行的处方；建议需要您修改代码。",
        }
    stays = sum(attempt.outcome == "alarm stays" for attempt in tried)
    beaten = sum(attempt.outcome == "not better" for attempt in tried)
    return {
        "en": f"No verified repair: of {len(tried)} prescriptions tried, {stays} left an alarm and {beaten} did not "
        "beat both controls by more than two standard errors. Nothing was changed.",
        "zh": f"没有经过验证的修复：共试了 {len(tried)} 个处方，其中 {stays} 个仍有警报，{beaten} "
        "个未能以超过两个标准误优于两个对照组。未作任何更改。",
    }
