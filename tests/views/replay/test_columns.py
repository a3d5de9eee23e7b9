"""Columns as bytes: read back by a reader of its own, as the page reads them."""

import json
import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from society.views.replay.columns import pack, unpack

#: What a number of each dtype is to ``struct``, and as which it is written.
PLAIN = {
    "int8": "b", "uint8": "B", "int16": "h", "uint16": "H", "int32": "i", "uint32": "I", "float32": "f", "float64": "d",
}  # fmt: skip


def read(data):
    """Columns and notes by the rules of the format alone: struct and JSON, no numpy."""
    magic, length = struct.unpack_from("<4sI", data)
    assert magic == b"SOC1"
    begin = 8 + length
    assert begin % 8 == 0
    header, found = json.loads(data[8:begin]), {}
    codes = {f"{np.dtype(name).kind}{np.dtype(name).itemsize}": sign for name, sign in PLAIN.items()}
    for name, dtype, rows, offset in header["columns"]:
        assert offset % 8 == 0
        if dtype == "text":
            bounds = struct.unpack_from(f"<{rows + 1}i", data, begin + offset)
            words = begin + offset + 4 * (rows + 1)
            found[name] = [data[words + bounds[i] : words + bounds[i + 1]].decode() for i in range(rows)]
        else:
            found[name] = list(struct.unpack_from(f"<{rows}{codes[dtype]}", data, begin + offset))
    return found, header["notes"]


@pytest.mark.parametrize("dtype", PLAIN)
@given(data=st.data())
def test_every_dtype_comes_back(dtype, data):
    column = data.draw(arrays(dtype, st.integers(0, 9)))
    odd = np.zeros(3, np.uint8)  # so that the column behind it has to be aligned
    found, notes = read(pack({"odd": odd, "x": column}, {"tick": 7}))
    assert np.array_equal(np.array(found["x"], dtype), column, equal_nan=column.dtype.kind == "f")
    assert found["odd"] == [0, 0, 0]
    assert notes == {"tick": 7}
    assert np.array_equal(unpack(pack({"x": column}))[0]["x"], column, equal_nan=column.dtype.kind == "f")


@pytest.mark.parametrize("dtype", [">i4", ">f8", ">u2"])
def test_other_orders_of_bytes_are_turned(dtype):
    assert read(pack({"x": np.array([1, 2, 300], dtype)}))[0]["x"] == [1, 2, 300]


@given(st.lists(st.integers(-(2**53), 2**53), max_size=9))
def test_ids_of_agents_are_exact_up_to_two_to_the_53rd(ids):
    assert read(pack({"id": np.array(ids, np.int64)}))[0]["id"] == ids


def test_truth_values_are_ones_and_zeros():
    assert read(pack({"x": np.array([True, False])}))[0]["x"] == [1, 0]


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=20), max_size=5))
def test_text_comes_back_whatever_it_is(texts):
    found, _ = read(pack({"x": np.array(texts, object), "y": np.array([5], np.int16)}))
    assert found == {"x": texts, "y": [5]}


def test_half_a_surrogate_is_no_reason_to_fail():
    assert read(pack({"x": np.array(["a\ud800b"], object)}))[0]["x"] == ["a?b"]


@pytest.mark.parametrize("dtype", ["complex128", "datetime64[ns]", "U3", "float16"])
def test_what_has_no_typed_array_is_refused(dtype):
    with pytest.raises(TypeError, match="column 'x'"):
        pack({"x": np.zeros(2, dtype)})
