"""Every look that opens no device, on the machine of the tests: it is whole, or no test would run."""

import importlib

import pytest

from live.doctor.exam import CAMERA, EXAMS, VIRTUAL_CAMERA, Exam


@pytest.mark.parametrize("exam", [e for e in EXAMS if e not in (CAMERA, VIRTUAL_CAMERA)], ids=lambda exam: exam.name)
def test_each_look_finds_something_and_nothing_bad(exam: Exam) -> None:
    found = importlib.import_module(exam.module).findings()
    assert found and all(finding.text for finding in found)
    assert [finding for finding in found if finding.mark == "bad"] == []
    if exam.needed:
        assert found[0].mark == "ok"
