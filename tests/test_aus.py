"""The AU table."""

from facedrive.aus import AU_INDEX, AU_NAMES, AUS, MIRROR


def test_numbers_run_from_1_to_24_in_order() -> None:
    assert [au.number for au in AUS] == list(range(1, 25))
    assert [AU_INDEX[name] for name in AU_NAMES] == list(range(24))


def test_mirroring_twice_changes_nothing() -> None:
    assert (MIRROR[MIRROR] == range(24)).all()


def test_a_sided_au_mirrors_to_the_other_side_of_the_same_facs_unit() -> None:
    for au in AUS:
        other = AUS[AU_INDEX[au.mirror]]
        assert other.facs == au.facs
        assert {au.side, other.side} in ({"left", "right"}, {"both"})


def test_the_papers_table_2_is_kept() -> None:
    assert AUS[9].name == "jaw_slide_left" and AUS[9].facs == "AD30"
    assert AUS[22].name == "cheeks_puff" and AUS[22].facs == "AD34"
    assert AUS[23].name == "nose_wrinkle" and AUS[23].facs == "AU9"
