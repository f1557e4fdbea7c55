"""Formats what the doctor found as lines for people and as JSON for bug reports."""

import json
from collections.abc import Sequence
from typing import Any

from live.doctor.exam import Exam
from live.doctor.finding import Finding, Mark
from live.doctor.privacy import Privacy

FORMAT = 1
_SIGNS: dict[Mark, str] = {"ok": " ok ", "warning": "  ! ", "bad": "BAD ", "absent": "  - "}
_NAME_WIDTH = 15


def lines(exam: Exam, findings: Sequence[Finding], privacy: Privacy) -> str:
    """The exam's findings for people, each on its own line."""
    return "\n".join(_line(exam.name, privacy.cleared(finding)) for finding in findings)


def verdict(findings: Sequence[Finding]) -> str:
    """The last line, which sums up all findings."""
    marks = [finding.mark for finding in findings]
    bad, warnings = marks.count("bad"), marks.count("warning")
    if bad:
        return f"The demo does not run here: {bad} thing{'s' if bad > 1 else ''} to fix (BAD)."
    if warnings:
        return f"The demo runs. {warnings} thing{'s' if warnings > 1 else ''} could be better (!)."
    return "All is well."


def as_json(examined: Sequence[tuple[Exam, Sequence[Finding]]], privacy: Privacy) -> str:
    """All findings for a bug report, without names: {"format", "bad", "findings": [{"exam", "mark", "text", "do"}]}."""
    rows: list[dict[str, Any]] = []
    for exam, findings in examined:
        cleared = (privacy.cleared(finding, report=True) for finding in findings)
        rows += [{"exam": exam.name, "mark": f.mark, "text": f.text, "do": f.do} for f in cleared]
    bad = sum(row["mark"] == "bad" for row in rows)
    return json.dumps({"format": FORMAT, "bad": bad, "findings": rows}, indent=1)


def _line(name: str, finding: Finding) -> str:
    do = f"; do this: {finding.do}" if finding.do else ""
    return f"{_SIGNS[finding.mark]} {name:<{_NAME_WIDTH}} {finding.text}{do}"
