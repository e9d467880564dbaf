"""``facedrive analyze``: what a dataset's labels look like, and how far its coders agree."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from facedrive.cli.packages import need_analyze
from facedrive.cli.tables import table
from facedrive.errors import DataError
from facedrive.feafa.labels.video import Part
from facedrive.options import option

if TYPE_CHECKING:
    from facedrive.corpus.results import Results
    from facedrive.corpus.summary import Summary
    from facedrive.feafa.analysis.agreement import Agreement
    from facedrive.feafa.analysis.statistics import Analysis, PartStatistics


@dataclass(frozen=True, kw_only=True)
class Analyze:
    """Tell the agreement of coders, and occurrence, intensity and correlation of AUs."""

    data: Path | None = option(None, positional=True, metavar="DIR")
    """A dataset's folder, as facedrive data check takes it, or one of results of extract."""
    coders: Path | None = option(None, metavar="DIR")
    """Holds a folder per coder; DIR/coders where left out."""
    out: Path | None = option(None, metavar="DIR")
    """Write report.html, analysis.json and figures here."""
    left: Literal["subject", "camera"] = "subject"
    """Whose left the FEAFA+ labels mean."""
    part: Part = "posed"
    """Of videos whose path does not say."""
    like: Literal["openface", "pyfeat"] | None = None
    """Of results of extract: write each clip as a CSV with this tool's column names to --out."""
    episodes: tuple[Literal["eaf", "textgrid"], ...] = option((), metavar="eaf|textgrid")
    """Of results of extract: write blinks and smiles for ELAN or Praat to --out; several."""
    json: bool = False
    """One JSON object, nothing else."""

    def run(self) -> int:
        """Analyse the dataset, print the tables and write the report."""
        if self.data is not None and (self.data / "facedrive.json").is_file():
            return self._results(self.data)
        if self.like or self.episodes:
            raise DataError("--like and --episodes are for a folder of results of extract.")
        need_analyze("scipy")
        if self.out:
            need_analyze("matplotlib")
        if self.data is None and self.coders is None:
            raise DataError("no folder to analyze; give the dataset's, or --coders DIR.")
        from facedrive.feafa.analysis.statistics import analyse_folder

        analysis = analyse_folder(self.data, self.coders, self.left, self.part)
        if self.out:
            from facedrive.feafa.analysis.report import write_report

            write_report(analysis, self.out)
        print(json.dumps(analysis.as_dict(), allow_nan=False) if self.json else _tables(analysis))
        if not self.json:
            where = self.out / "report.html" if self.out else "add --out DIR"
            print(f"\nfigures and report: {where}")
        return 0

    def _results(self, folder: Path) -> int:
        """Summarise results of extract."""
        from facedrive.corpus.like import write_like
        from facedrive.corpus.results import Results
        from facedrive.corpus.summary import summarise
        from facedrive.export.corpusreport import write_episodes, write_report

        if (self.like or self.episodes) and self.out is None:
            raise DataError("--like and --episodes write files; say where with --out DIR.")
        results = Results.open(folder)
        summary = summarise(results.takes())
        if self.out and not (self.like or self.episodes):
            write_report(results, summary, self.out)
        if self.out and self.like:
            for name, kind, take in results.takes():
                pictures = results.pictures(name) if kind == "still" else []
                write_like(take, self.out / f"{name}.csv", self.like, pictures)
        if self.out and self.episodes:
            write_episodes(summary, results, self.out, self.episodes)
        print(json.dumps(summary.as_dict(), allow_nan=False) if self.json
              else _corpus_table(results, summary))  # fmt: skip
        return 0


@dataclass(frozen=True, kw_only=True)
class Icc:
    """Tell the six intraclass correlations of any raters' ratings."""

    ratings: Path = option(positional=True, metavar="RATINGS.csv")
    """A header, then a row per subject, a column per rater."""
    json: bool = False
    """One JSON object, nothing else."""

    def run(self) -> int:
        """Print the six forms."""
        from facedrive.feafa.analysis.ratings import rate, read_ratings

        need_analyze("scipy")
        report = rate(read_ratings(self.ratings)).as_dict()
        print(json.dumps(report, allow_nan=False) if self.json else _reliability_table(report))
        return 0


COMMANDS = {"": Analyze, "icc": Icc}


def _corpus_table(results: Results, summary: Summary) -> str:
    from facedrive.aus import AU_NAMES

    people = [(each.clip, each.person, each.frames, each.seconds, each.a_minute("blink"),
               each.a_minute("smile")) for each in summary.people]  # fmt: skip
    aus = list(zip(AU_NAMES, (100 * summary.occurrence).tolist(), strict=True))
    heads = ("<clip", "person", "frames", "seconds", "blinks/min", "smiles/min")
    return "\n\n".join(
        (repr(results), table(heads, people, 1), table(("<AU", "occurs, %"), aus, 1))
    )


def _tables(analysis: Analysis) -> str:
    """Lay the figures out for people; correlations are for the report."""
    blocks = [_agreement_table(analysis.agreement)] if analysis.agreement else []
    blocks += [_part_table(part, statistics) for part, statistics in analysis.parts.items()]
    return "\n\n".join(blocks)


def _agreement_table(agreement: Agreement) -> str:
    from facedrive.aus import AU_NAMES
    from facedrive.feafa.analysis.agreement import level

    title = (
        f"agreement of {len(agreement.coders)} coders ({', '.join(agreement.coders)}) over "
        f"{agreement.frames:,} frames of {len(agreement.videos)} videos"
        + (f"; {agreement.left_out} videos lack a coder" if agreement.left_out else "")
    )
    icc, (low, high) = agreement.icc, agreement.over_videos
    rows = [
        (
            name,
            _shown(icc.value[index]),
            _range(icc.low[index], icc.high[index]),
            _range(low[index], high[index]),
            str(agreement.reasons[index] or level(icc.low[index])),
        )
        for index, name in enumerate(AU_NAMES)
    ]
    heads = ("<AU", "ICC(2,k)", "95 %, frames", "95 %, videos", "<")
    return f"{title}\n{table(heads, rows)}"


def _part_table(part: str, statistics: PartStatistics) -> str:
    import numpy as np

    from facedrive.aus import AU_NAMES
    from facedrive.feafa.analysis.statistics import INTERVAL_NAMES

    title = (
        f"{part}: {statistics.frames:,} frames of {statistics.videos} videos, "
        f"{statistics.subjects} subjects; % of the frames in which the AU occurs, and of those by "
        "intensity"
    )
    shares = 100 * np.column_stack([statistics.occurrence, statistics.distribution])
    rows = [(name, *row) for name, row in zip(AU_NAMES, shares.tolist(), strict=True)]
    return f"{title}\n{table(('<AU', 'occurs', *INTERVAL_NAMES), rows, digits=1)}"


def _reliability_table(report: dict[str, Any]) -> str:
    from facedrive.feafa.analysis.ratings import MEAN_SQUARES

    left_out = f"; {report['left_out']} left out, not rated by all" if report["left_out"] else ""
    rows = [
        (form, row["value"], row["low"], row["high"], row["reason"] or row["meaning"])
        for form, row in report["forms"].items()
    ]
    return "\n".join([
        f"{report['n']} subjects, {report['k']} raters ({', '.join(report['raters'])}){left_out}",
        ", ".join(f"{name} {_shown(report[name], 4)}" for name in MEAN_SQUARES),
        table(("<form", "estimate", "95 % from", "to", "<"), rows),
    ])  # fmt: skip


def _shown(value: float | None, places: int = 3) -> str:
    return "-" if value is None or value != value else f"{value:.{places}f}"


def _range(low: float, high: float) -> str:
    return f"{_shown(low)} {_shown(high)}"
