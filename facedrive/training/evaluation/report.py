"""The sections of a report as text: tables for people."""

from __future__ import annotations

from typing import Any

from facedrive.training.evaluation.comparison import Figures
from facedrive.training.evaluation.jitter import KINDS


def crop(crop: Figures) -> str:
    """Say how crops are cut."""
    return f"crops of {crop['size']} px, padding {crop['padding']:g}"


def photographs(section: Figures) -> list[str]:
    """Lay out the photographs."""
    live, every = section["intervals"]["live"]["pearson"], section["intervals"]["all"]["pearson"]
    return [
        f"photographs: {section['faces']} of {section['people']} people; "
        f"95 % over people: mean r {_span(live)} live, {_span(every)} all",
        *_summary(section),
        *_channels(section),
        *_bands("head yaw, degrees", section["by_yaw_deg"]),
        *_bands("mean grey of the face", section["by_brightness"]),
    ]


def converged(section: Figures) -> list[str]:
    """Lay out the photographs by converged scores."""
    itself = section["teacher_itself"]
    return [
        f"the same photographs, by the teacher's converged scores: {section['faces']}",
        *_summary(section),
        *_channels(section),
        f"it agrees with its first looks: r {_text(itself['mean_pearson_live'])}, "
        f"MAE {_text(itself['mean_mae_live'])}",
    ]


def landmarks(section: Figures) -> list[str]:
    """Lay out the landmarks."""
    errors = {"shape predictor": section["predictor"], "model": section["model"]}
    return [
        f"landmarks: {section['faces']} photographs, error in % of the outer eye corners' distance",
        f"{'by':<26}{'all 68':>8}{'no jaw':>8}",
        *(f"{name:<26}{_figure(row['all'], 2)}{_figure(row['without_jaw'], 2)}"
          for name, row in errors.items() if row is not None),
    ]  # fmt: skip


def clips(section: Figures) -> list[str]:
    """Lay out the clips."""
    pooled = section["pooled"]
    rows = section["clips"] | {"teacher on single frames": section["teacher_itself"]}
    return [
        f"clips: {pooled['faces']} of {pooled['frames']} frames, {pooled['missed']} missed",
        *_summary(pooled),
        *_channels(pooled),
        f"{'clip':<26}{'frames':>8}{'missed':>8}{'live':>8}{'r live':>8}{'r all':>8}{'MAE':>8}"
        f"{'r gaze':>8}",
        *(_clip(name, clip) for name, clip in rows.items()),
    ]


def _clip(name: str, clip: Figures) -> str:
    columns = ("mean_pearson_live", "mean_pearson", "mean_mae_live", "mean_pearson_gaze")
    counts = f"{clip['frames']:>8}{clip['missed']:>8}{_live(clip):>8}"
    return f"{name:<26}{counts}" + "".join(_figure(clip[column]) for column in columns)


def synthetic(section: Figures) -> list[str]:
    """Lay out the synthetic faces."""
    title = f"synthetic: {section['faces']} faces of {section['identities']} identities"
    return [title, *_summary(section), *_channels(section)]


def cross_talk(section: Figures) -> list[str]:
    """Lay out AUs that should rest."""
    lines = ["cross-talk: AUs that should rest", f"{'faces':<26}{'AU':<16}{'p95':>8}{'<= 0.1':>8}"]
    for kind, rows in section.items():
        for name, row in rows.items():
            if name != "faces":
                figures = _figure(row["p95"]) + _figure(row["resting_share"])
                lines.append(f"{kind + ', ' + str(rows['faces']):<26}{name:<16}{figures}")
    return lines


def warped(section: Figures) -> list[str]:
    """Lay out the warped photographs."""
    lines = [f"warped photographs: {section['faces']}", *_summary(section), *_channels(section)]
    lines.append(f"{'mean answer where the AU':<26}{'rests':>8}{'is on':>8}")
    for name, row in section["rise"].items():
        lines.append(f"{name:<26}{_figure(row['resting'])}{_figure(row['raised'])}")
    return lines


def tracking(section: Figures) -> list[str]:
    """Lay out the clips that were tracked."""
    lines = [
        "tracking: frames with a face beside MediaPipe's, and landmarks in % of the eye distance",
        f"{'clip':<26}{'frames':>8}{'peer':>8}{'seen':>8}{'missed':>8}{'alone':>8}{'mean':>8}"
        f"{'p99':>8}{'most':>8}{'> 4 %':>8}",
    ]
    for name, clip in section["clips"].items():
        counts = "".join(f"{clip[key]:>8}" for key in ("frames", "peer", "seen", "missed", "alone"))
        row = clip["landmarks"] or {}
        near = "".join(_figure(row.get(key), 2) for key in ("mean", "p99", "most"))
        lines.append(f"{name:<26}{counts}{near}{_figure(row.get('beyond'))}")
    return lines


def finding(section: Figures) -> list[str]:
    """Lay out the heads that were to be found, a row a tilt."""
    yaws = list(section["by_yaw"])
    tilts = list(dict.fromkeys(pose.split("/")[1] for pose in section["heads"]))
    lines = [
        f"finding: share of {section['clips']} still heads found within a second, by yaw and tilt",
        f"{'tilt, degrees':<26}" + "".join(f"{yaw:>8}" for yaw in yaws),
    ]
    for tilt in tilts:
        shares = (section["heads"][f"{yaw}/{tilt}"]["found"] for yaw in yaws)
        lines.append(f"{tilt:<26}" + "".join(map(_figure, shares)))
    for name in ("found", "held"):
        shares = (section["by_yaw"][yaw][name] for yaw in yaws)
        lines.append(f"{'any, ' + name:<26}" + "".join(map(_figure, shares)))
    empty = section["empty"]
    lines.append(f"without a face: {empty['seen']} of {empty['frames']} frames with one, "
                 f"{empty['median_ms']:.1f} ms a frame, 95th percentile {empty['p95_ms']:.1f} ms, "
                 f"{empty['network_runs']:.2f} looks of the model a frame")  # fmt: skip
    return lines


def rest(section: Figures) -> list[str]:
    """Lay out the people at rest."""
    groups = section["groups"]
    lines = [
        f"rest: {section['people']} people, {_taught(section)}; {section['unseen']} unseen",
        f"{'AU':<26}{'mean':>8}{'p95':>8}" + "".join(f"{name:>12}" for name in groups)
        + f"{'differ':>8}{'auto':>8}{'p95':>8}",
    ]  # fmt: skip
    for name, row in section["aus"].items():
        each = "".join(f"{_text(row['by_group'][group]):>12}" for group in groups)
        known = section["automatic"][name]
        lines.append(f"{name:<26}{_figure(row['mean'])}{_figure(row['p95'])}{each}"
                     f"{_figure(row['difference'])}{_figure(known['mean'])}"
                     f"{_figure(known['p95'])}")  # fmt: skip
    smile = section["smile"]
    lines.append(f"smiles 0.5 above rest: {_text(smile['raised_share'])}, "
                 f"least {_text(smile['least'])}")  # fmt: skip
    return lines


def _taught(section: Figures) -> str:
    return "who were not taught" if section["held_out"] else "whom the model may have been taught"


def avatars(section: Figures) -> list[str]:
    """Lay out the heads of another maker."""
    wink, down = section["wink"], section["down"]
    lines = [
        f"avatars: {section['heads']} heads, {_taught(section)}, "
        f"mean r {_text(section['mean_pearson'])}, "
        f"{section['answered']} AUs answered",
        f"{'AU':<26}{'r':>8}{'at 1':>8}",
    ]
    for name, row in section["aus"].items():
        lines.append(f"{name:<26}{_figure(row['pearson'])}{_figure(row['response'])}")
    lines.append(f"{'the open eye of a wink':<26}{_figure(wink['mean'])}{_figure(wink['p95'])}")
    lines.append(f"{'eyes that look down':<26}{_figure(down['mean'])}{_figure(down['p95'])}")
    return lines


def jitter(section: Figures) -> list[str]:
    """Lay out the still pictures."""
    lines = [
        f"jitter: mean change a frame, {section['frames']} frames, noise {section['noise']:g}",
        f"{'still':<26}{'live':>8}{'fixed':>8}{'teacher':>8}{'apart':>8}",
    ]
    for name, row in {"mean": section, **section["stills"]}.items():
        lines.append(f"{name:<26}" + "".join(_figure(row.get(kind), 4) for kind in KINDS))
    return lines


def speed(section: Figures) -> list[str]:
    """Lay out the speed."""
    return [f"speed: {section['median_ms']:.2f} ms a face, 95th percentile "
            f"{section['p95_ms']:.2f} ms, over {section['faces']} faces"]  # fmt: skip


def goals(goals: list[dict[str, Any]]) -> list[str]:
    """Lay out the figures to reach, and how many are."""
    lines = [f"{'figure to reach':<46}{'goal':>10}{'measured':>10}  met"]
    for goal in goals:
        sign = ">=" if goal["at"] == "least" else "<="
        name = f"{goal['section']}: {goal['figure']}"
        limit, measured = f"{sign} {goal['limit']:g}", _figure(goal["measured"], 4).strip()
        met = "yes" if goal["met"] else "no "
        lines.append(f"{name:<46}{limit:>10}{measured:>10}  {met}  {goal['remark']}".rstrip())
    met = sum(goal["met"] for goal in goals)
    return [*lines, f"{met} of {len(goals)} met"]


def _summary(section: Figures) -> list[str]:
    return [
        f"mean over {_live(section)} live AUs: r {_text(section['mean_pearson_live'])}, "
        f"MAE {_text(section['mean_mae_live'])}; over {len(section['aus'])}: "
        f"r {_text(section['mean_pearson'])}, MAE {_text(section['mean_mae'])}"
    ]


def _channels(section: Figures) -> list[str]:
    lines = [f"{'channel':<26}{'r':>8}{'MAE':>8}{'slope':>8}{'std':>8}"]
    for name, row in (section["aus"] | section["gaze"]).items():
        figures = [row[column] for column in ("pearson", "mae", "slope", "label_std")]
        flat = "" if row.get("live", True) else "  hardly varies"
        lines.append(f"{name:<26}" + "".join(map(_figure, figures)) + flat)
    return lines


def _bands(title: str, bands: list[Figures]) -> list[str]:
    lines = [f"{title:<26}{'faces':>8}{'r live':>8}{'MAE':>8}{'r gaze':>8}"]
    for band in bands:
        figures = (band["mean_pearson_live"], band["mean_mae_live"], band["mean_pearson_gaze"])
        limits = f"{band['from']:g} to {band['to']:g}"
        lines.append(f"{limits:<26}{band['faces']:>8}" + "".join(map(_figure, figures)))
    return lines


def _live(section: Figures) -> int:
    return sum(row["live"] for row in section["aus"].values())


def _span(interval: tuple[float, float]) -> str:
    return f"{_text(interval[0])} to {_text(interval[1])}"


def _figure(value: float | None, digits: int = 3) -> str:
    return f"{_text(value, digits):>8}"


def _text(value: float | None, digits: int = 3) -> str:
    return "-" if value is None else f"{value:.{digits}f}"
