"""The words that stand for no value in any column, unless a person chose others."""

from __future__ import annotations

# "none" and "ندارد" are not among them: they often are an answer.
MISSING_WORDS = (
    "NA", "na", "N/A", "n/a", "#N/A", "NaN", "nan", "NAN", "null", "NULL", "Null", "<NA>", "n.a.", "N.A.", ".", "?",
    "-", "--", "–", "—", r"\N", "(null)", "0000-00-00", "0000-00-00 00:00:00", "#VALUE!", "#REF!", "#DIV/0!", "#NAME?", "#NUM!",
    "#NULL!", "#NV", "نامشخص", "نا مشخص", "نامعلوم", "ناموجود", "خالی", "بدون مقدار", "ثبت نشده", "ثبت‌نشده",
)  # fmt: skip
