"""Why a picture stays as it is: every reason in words that a photographer reads."""

from rules.reasons import in_code, others_words, reasons, to_avoid


def test_there_are_reasons_to_read() -> None:
    found = {reason.text for reason in reasons()}
    assert len(found) > 200
    assert {"saves too little", "it lies in a git work tree", "there is no such file"} <= found


def test_no_reason_is_written_for_programmers() -> None:
    assert [reason for reason in reasons() if in_code(reason.text)] == []


def test_every_reason_is_plain_english() -> None:
    assert [reason for reason in reasons() if to_avoid(reason.text)] == []


def test_no_reason_is_a_library_s_own_text() -> None:
    assert list(others_words()) == []


def test_what_is_looked_for_would_be_found() -> None:
    for text in (
        "<_io.BytesIO object at 0x7f>",
        "tag 927c",
        "KeyError: 'MPO'",
        "please build `libjxl`",
        "the compressor crashed (SIGSEGV)",
    ):
        assert in_code(text), text
    assert to_avoid("what it says of itself is not so")
    assert not in_code("its TIFF tag 37500, a stab at tagging")
