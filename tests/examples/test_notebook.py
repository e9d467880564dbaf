"""The notebook's cells run as they stand, in their order."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow
NOTEBOOK = Path(__file__).resolve().parents[2] / "examples/notebook/corpus.ipynb"


def test_every_cell_runs(capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("pyarrow")
    names: dict[str, object] = {"__name__": "notebook"}
    for cell in json.loads(NOTEBOOK.read_text())["cells"]:
        if cell["cell_type"] == "code":
            exec("".join(cell["source"]), names)
    told = capsys.readouterr().out
    assert "Results(1 files, 60 frames, 60 faces, 0 broken)" in told
    assert "blinks a minute" in told
    assert (Path(str(names["results_folder"])) / "report/report.html").exists()
