"""Colours and lines of what happens, in every figure and page: acts, ends of orders, marks on the axis of time, oversight."""

from collections.abc import Mapping

from society.views.style import Ink, ink

_GREY, _DARK, _PALE = Ink("#808080", "#8A8A8A"), Ink("#4D4D4D", "#B8B8B8"), Ink("#B0B0B0", "#5C636B")
#: Dotted and dashed lines of acts, in widths of the line.
DOTTED, DASHED = (1.5, 2.0), (4.5, 2.0)


def _dashed(colour: int, dash: tuple[float, ...]) -> Ink:
    plain = ink(colour)
    return Ink(plain.light, plain.dark, dash)


#: Edges by the word of the act, and trust.
ACTS: Mapping[str, Ink] = {
    "inflate": _dashed(1, DOTTED), "tamper": _dashed(7, DASHED), "copy": ink(0), "trust": ink(0), "ask": ink(3),
    "lobby": _dashed(9, DASHED), "appeal": ink(6), "report": ink(5), "deflate": _dashed(10, DOTTED), "honest": _GREY,
    "decline": _DARK,
}  # fmt: skip
#: How orders ended, in the order in which bars are stacked.
OUTCOMES: Mapping[str, Ink] = {
    "executed": _GREY, "executed_after_refusal": _DARK, "averted_on_merit": ink(3, 1), "averted_by_inflation": ink(1, 2),
    "cancelled": Ink(_PALE.light, _PALE.dark, (5.8, 2.2, 1.5, 2.2)), "tampered": ink(7, 4), "escaped": ink(0, 5),
    "pardoned": ink(2, 7), "refused": ink(5, 3), "lapsed": ink(8, 6), "open_at_end": Ink("#E4E4E4", "#3A4149", (2.2, 4.4)),
}  # fmt: skip
#: Marks on the axis of time; orders are danger, and drawn in the alarm of the page.
MARKS: Mapping[str, Ink] = {"rescue": ink(0), "tampering": ink(7), "maintenance": _GREY, "detection": ink(9)}
#: How far oversight got with an act, and the human's queue.
OVERSIGHT: Mapping[str, Ink] = {
    "missed": Ink("#D9D9D9", "#3A4149"), "watched": ink(0), "flagged": ink(1, 2), "detected": ink(9),
    "wrong": Ink(_DARK.light, _DARK.dark, (3.6, 2.2)), "human_queue": ink(7, 3),
}  # fmt: skip
