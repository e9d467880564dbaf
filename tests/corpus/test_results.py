"""Results are read by the tools that people use, summarised, and written as other tools' own."""

from __future__ import annotations

import csv
import json
import re
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest

import facedrive as fd
from facedrive.aus import AU_INDEX, AU_NAMES
from facedrive.cli.main import main
from facedrive.corpus.compare import FIGURES, Track, compare, read_tracks
from facedrive.corpus.episodes import RULES, find_episodes
from facedrive.corpus.like import OPENFACE, PYFEAT, columns_for, table_like, write_like
from facedrive.corpus.manifest import Notes, Record, write_manifest
from facedrive.corpus.results import Results
from facedrive.corpus.rows import ClipRows
from facedrive.corpus.store import FolderStore
from facedrive.corpus.summary import summarise_take
from facedrive.errors import DataError
from facedrive.export.corpusreport import tiers_of
from facedrive.export.eaf import Interval
from facedrive.export.textgrid import write_textgrid
from facedrive.takes.columns import COLUMNS, row_of
from facedrive.takes.take import Take
from facedrive.types import IDENTITY_HEAD, Sample

pytest.importorskip("pyarrow")
FPS = 25


def sample(index: int, person: int = 1, *, seen: bool = True, **aus: float) -> Sample:
    values = np.array([aus.get(name, 0.0) for name in AU_NAMES], np.float32)
    extras = np.zeros(14, np.float32)
    return Sample(index / FPS, index, values, np.zeros((2, 2), np.float32), IDENTITY_HEAD, seen,
                  1.0, extras=extras, person=person)  # fmt: skip


def film() -> list[Sample]:
    """Ten seconds of two people; the first blinks twice and smiles once, the second comes late."""
    found = []
    for index in range(250):
        shut = 0.9 if index in (50, 51, 52, 120, 121) else 0.0
        smile = 0.6 if 150 <= index < 200 else 0.0
        found.append(sample(index, left_eye_close=shut, right_eye_close=shut,
                            left_lip_corner_pull=smile, right_lip_corner_pull=smile))  # fmt: skip
        if index >= 125:
            found.append(sample(index, 2, jaw_drop=0.4))
    return found


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of results of one clip, written as a run writes it."""
    folder = tmp_path_factory.mktemp("results")
    store = FolderStore(folder)
    record = Record("a.mp4", "video", "in/a.mp4.parquet", frames=250, seconds=10.0, faces=375)
    broken = Record("b.mp4", "video", "b.mp4.parquet", error="it is damaged")
    with store.writing("in/a.mp4.parquet") as part:
        rows = ClipRows(part, COLUMNS)
        for each in film():
            rows.write("a.mp4", row_of(each))
        rows.note(Notes("x", (record,)))
        rows.close()
    write_manifest(store, [record, broken])
    (folder / "facedrive.json").write_text("{}")
    return folder


@pytest.mark.slow
def test_results_are_arrow_pandas_polars_and_duckdb(results: Path) -> None:
    found = fd.read(results)
    assert repr(found) == "Results(2 files, 250 frames, 375 faces, 1 broken)"
    assert found.to_arrow(["clip", "jaw_drop"]).num_rows == 375
    frame = found.to_pandas()
    assert frame.groupby("person")["jaw_drop"].mean().tolist() == pytest.approx([0, 0.4])
    assert found.manifest()["error"].dropna().tolist() == ["it is damaged"]
    polars, duckdb = pytest.importorskip("polars"), pytest.importorskip("duckdb")
    lazy = found.to_polars().filter(polars.col("person") == 2).collect()
    assert len(lazy) == 125 and set(lazy["clip"]) == {"a.mp4"}
    relation = found.to_duckdb()  # noqa: F841, named in the query
    assert duckdb.sql("select max(jaw_drop) from relation").fetchall()[0][0] == pytest.approx(0.4)


def test_a_column_that_is_not_there_is_named_and_guessed(results: Path) -> None:
    with pytest.raises(DataError, match=r"^no column 'jaw_dropp'.*Did you mean jaw_drop") as said:
        fd.read(results).to_pandas(["clip", "jaw_dropp"])
    assert len(str(said.value)) < 100


def test_without_a_manifest_the_clips_own_notes_are_read(results: Path, tmp_path: Path) -> None:
    (tmp_path / "a.mp4.parquet").write_bytes((results / "in/a.mp4.parquet").read_bytes())
    assert [each.path for each in Results.open(tmp_path).records] == ["a.mp4"]
    (tmp_path / "empty").mkdir()
    with pytest.raises(DataError, match="holds no results"):
        fd.read(tmp_path / "empty")


def test_blinks_and_smiles_have_onset_apex_and_offset() -> None:
    take = Take.of(film())
    first, second = find_episodes(take, "blink")
    assert (first.onset_s, first.offset_s) == pytest.approx((2.0, 2.08))
    assert second.apex_s == pytest.approx(4.8) and second.peak == pytest.approx(0.9)
    (smile,) = find_episodes(take, "smile")
    assert (smile.onset_s, smile.offset_s) == pytest.approx((6.0, 7.96))
    assert not find_episodes(take, "blink", person=2)


def test_a_shut_eye_is_no_blink_and_a_lost_face_ends_an_episode() -> None:
    shut = [sample(index, left_eye_close=1, right_eye_close=1, seen=index != 20)
            for index in range(40)]  # fmt: skip
    assert RULES["blink"].most_s == 0.5
    assert not find_episodes(Take.of(shut), "blink")
    smiling = [sample(index, left_lip_corner_pull=0.5, right_lip_corner_pull=0.5,
                      seen=index != 20) for index in range(40)]  # fmt: skip
    assert [each.onset_s for each in find_episodes(Take.of(smiling), "smile")] == [0.0, 0.84]


def test_a_person_is_summarised(results: Path) -> None:
    first, second = summarise_take("a", Take.of(film()))
    assert (first.frames, second.frames) == (250, 125)
    assert first.occurrence[AU_INDEX["left_eye_close"]] == pytest.approx(5 / 250)
    assert first.intensity[AU_INDEX["left_lip_corner_pull"]] == pytest.approx(0.6)
    assert first.a_minute("blink") == pytest.approx(60 * 2 / 9.96)
    pulls = AU_INDEX["left_lip_corner_pull"], AU_INDEX["right_lip_corner_pull"]
    assert first.both[pulls] == 50
    assert second.seconds == pytest.approx(9.96 / 2)


@pytest.mark.slow
def test_the_report_has_a_plot_and_the_json_the_figures(results: Path, tmp_path: Path) -> None:
    assert main(["analyze", str(results), "--out", str(tmp_path)]) == 0
    page = (tmp_path / "report.html").read_text()
    assert "data:image/svg+xml;base64," in page and "it is damaged" in page
    said = json.loads((tmp_path / "summary.json").read_text())
    assert said["people"][0]["a_minute"]["blink"] == pytest.approx(12.05, abs=0.01)
    assert said["occurrence"]["jaw_drop"] == pytest.approx(125 / 375)
    assert (tmp_path / "summary.png").read_bytes()[:4] == b"\x89PNG"


def test_episodes_are_read_by_elan_and_praat(results: Path, tmp_path: Path) -> None:
    words = ["analyze", str(results), "--out", str(tmp_path)]
    assert main([*words, "--episodes", "eaf", "--episodes", "textgrid"]) == 0
    root = ElementTree.parse(tmp_path / "in/a.mp4.eaf").getroot()
    tiers = {tier.get("TIER_ID"): len(list(tier.iter("ALIGNABLE_ANNOTATION")))
             for tier in root.iter("TIER")}  # fmt: skip
    assert tiers == {"blink 1": 2, "blink 2": 0, "smile 1": 1, "smile 2": 0}
    text = (tmp_path / "in/a.mp4.TextGrid").read_text()
    assert 'name = "blink 1"' in text and "xmax = 10.000000" in text
    times = [float(each) for each in re.findall(r"xmin = ([\d.]+)\n +xmax", text)][1:]
    assert times == sorted(times) or len(times) > 4


def test_a_clip_without_episodes_has_its_tiers_and_one_frame_lasts() -> None:
    calm = summarise_take("a", Take.of([sample(index) for index in range(50)]))
    assert tiers_of(calm, 1 / FPS) == {"blink 1": [], "smile 1": []}
    shut = [sample(index, left_eye_close=float(index == 10), right_eye_close=float(index == 10))
            for index in range(50)]  # fmt: skip
    tiers = tiers_of(summarise_take("a", Take.of(shut)), 1 / FPS)
    assert tiers["blink 1"] == [(pytest.approx(10 / FPS), pytest.approx(11 / FPS), "1.00")]


def test_a_textgrid_fills_the_whole_time(tmp_path: Path) -> None:
    rows = [Interval(1.0, 2.0, 'a "b"'), Interval(2.5, 2.5, "nothing")]
    write_textgrid(tmp_path / "a.TextGrid", {"tier": rows}, 3.0)
    text = (tmp_path / "a.TextGrid").read_text()
    assert re.findall(r"text = (.*)", text) == ['""', '"a ""b"""', '""']


def test_the_columns_of_other_tools(results: Path, tmp_path: Path) -> None:
    words = ["analyze", str(results), "--out", str(tmp_path), "--like", "openface"]
    assert main(words) == 0
    with (tmp_path / "in/a.mp4.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert (rows[0]["frame"], rows[0]["face_id"], rows[0]["success"]) == ("1", "0", "1")
    smiling = next(row for row in rows if row["frame"] == "161" and row["face_id"] == "0")
    assert float(smiling["AU12_r"]) == pytest.approx(3.0) and smiling["AU12_c"] == "1"
    assert "AU28_c" in rows[0] and "AU28_r" not in rows[0]
    table = table_like(Take.of(film()), "pyfeat")
    assert table["AU12"].max() == pytest.approx(0.6) and table["AU26"].max() == pytest.approx(0.4)


def test_rows_of_stills_name_their_picture_in_other_tools_columns(tmp_path: Path) -> None:
    take = Take.of([sample(0), sample(1)])
    write_like(take, tmp_path / "a.csv", "openface", ["x, y.jpg", "b.jpg"])
    with (tmp_path / "a.csv").open() as file:
        assert [row["input"] for row in csv.DictReader(file)] == ["x, y.jpg", "b.jpg"]


def test_every_name_of_another_tool_is_ours_or_left_out() -> None:
    assert columns_for("AU45") == ("left_eye_close", "right_eye_close")
    assert columns_for("AU01") == ("inner_brow_raise",)
    without = [name for name in {*OPENFACE, *PYFEAT} if not columns_for(name)]
    assert sorted(without) == ["AU06", "AU11", "AU23", "AU25"]


def test_extracts_are_compared_with_intervals(tmp_path: Path) -> None:
    random = np.random.default_rng(1)
    truth = random.uniform(0, 1, (1000, 24))
    tracks = {("a", person): Track(np.arange(100) / FPS, truth[person * 100 :][:100])
              for person in range(10)}  # fmt: skip
    shifted = {key: Track(each.times, each.aus + 0.1) for key, each in tracks.items()}
    found = compare(tracks, shifted)
    assert (found.frames, found.tracks, found.by) == (1000, 10, "people")
    figures = found.figures
    np.testing.assert_allclose(figures["r"].value, 1)
    np.testing.assert_allclose(figures["mae"].value, 0.1)
    np.testing.assert_allclose(figures["bias"].value, 0.1)
    np.testing.assert_allclose(figures["high"].value - figures["low"].value, 0, atol=1e-6)
    assert (figures["icc"].value < 0.99).all() and (figures["icc"].value > 0.9).all()
    noisy = {key: Track(each.times, each.aus + random.normal(0, 0.1, each.aus.shape))
             for key, each in tracks.items()}  # fmt: skip
    figures = compare(tracks, noisy).figures
    for name in FIGURES:
        assert (figures[name].low <= figures[name].value).all()
        assert (figures[name].value <= figures[name].high).all()
    width = figures["high"].value - figures["low"].value
    np.testing.assert_allclose(width, 2 * 1.96 * 0.1, rtol=0.1)


@pytest.mark.slow
def test_icc_is_that_of_a_statistics_package() -> None:
    pingouin, pandas = pytest.importorskip("pingouin"), pytest.importorskip("pandas")
    random = np.random.default_rng(0)
    one = random.uniform(0, 1, (60, 24))
    two = one + random.normal(0.05, 0.2, one.shape)
    found = compare({("", 1): Track(np.arange(60.0), one)}, {("", 1): Track(np.arange(60.0), two)})
    table = pandas.DataFrame({"frame": [*range(60)] * 2, "rater": ["a"] * 60 + ["b"] * 60,
                              "value": [*one[:, 3], *two[:, 3]]})  # fmt: skip
    theirs = pingouin.intraclass_corr(table, "frame", "rater", "value")
    value = theirs[theirs["Type"].isin(["ICC2", "ICC(A,1)"])]["ICC"].iloc[0]
    assert found.figures["icc"].value[3] == pytest.approx(value, abs=5e-3)


def test_compare_reads_results_takes_and_labels(
    results: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    first = [each for each in film() if each.person == 1]
    Take.of(first).to_csv(tmp_path / "take.csv")
    (tmp_path / "labels.csv").write_text("time_s,left_lip_corner_pull\n" + "".join(
        f"{each.time},{each.aus[11]}\n" for each in first))  # fmt: skip
    assert set(read_tracks(results)) == {("in/a.mp4", 1), ("in/a.mp4", 2)}
    words = [str(tmp_path / "take.csv"), str(tmp_path / "take.csv"), "--people"]
    assert main(["compare", *words, "--truth", str(tmp_path / "labels.csv")]) == 0
    told = capsys.readouterr().out
    assert "250 frames of 1 people in clips" in told and "against" in told
    with pytest.raises(DataError, match="no frame in common"):
        compare(read_tracks(results), {("other", 1): Track(np.zeros(1), np.zeros((1, 24)))})
