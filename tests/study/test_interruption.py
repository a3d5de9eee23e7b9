"""Ctrl-C is kept until it may be raised, and is never lost."""

import signal
import threading

import pytest

from society.ground.ctrl_c import interrupted
from society.study.run.interruption import Interruption


class LetGo:
    """An object during whose end Ctrl-C is pressed."""

    def __del__(self):
        signal.raise_signal(signal.SIGINT)


@pytest.mark.parametrize("presses", [1, 2])
def test_ctrl_c_while_an_object_is_let_go_of_is_kept(presses):
    with Interruption(lambda: True) as interruption:
        for _ in range(presses):
            one = LetGo()
            del one  # raised here, it would be printed and forgotten: pytest counts that as an error
        with pytest.raises(KeyboardInterrupt):
            interruption.check()


def test_the_second_ctrl_c_is_raised_at_once():
    with Interruption(lambda: False):
        signal.raise_signal(signal.SIGINT)
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)


def test_ctrl_c_that_would_be_lost_is_raised_later():
    before = signal.signal(signal.SIGINT, interrupted)
    try:
        one = LetGo()
        del one
        with pytest.raises(KeyboardInterrupt):
            threading.Event().wait(60)  # ended by it
    finally:
        signal.signal(signal.SIGINT, before)
