"""What is written to disk is what was gathered."""

from society.record.writer import Writer


def test_parts_are_written_by_one_thread(tmp_path):
    """With two, DuckDB 2.0.0 wrote words that are rare in a part of 300,000 events as empty texts, in 18 of 200 tries."""
    (threads,) = Writer(tmp_path).connection.execute("select current_setting('threads')").fetchone()
    assert threads == 1
