"""The error tree."""

from facedrive.errors import RigError, unknown


def test_a_message_is_one_line_whatever_it_quotes() -> None:
    assert str(RigError("head.glb is glTF version \n; convert it.")).splitlines() == [
        "head.glb is glTF version ; convert it."
    ]


def test_an_unknown_name_lists_the_known_ones_in_order() -> None:
    assert unknown("sink", "x", {"osc", "csv"}) == "no sink 'x'; there are csv, osc."


def test_a_name_that_is_nearly_a_known_one_gets_a_suggestion() -> None:
    assert unknown("sink", "ocs", {"osc", "csv"}).endswith("there are csv, osc. Did you mean osc?")
