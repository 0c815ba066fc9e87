from __future__ import annotations

import pytest

from tokendance_core.evaluate.benchmarks import published


@pytest.mark.parametrize("table", published.TABLES, ids=lambda table: f"{table.source} {table.title}")
def test_rows_fit_their_columns(table: published.Table) -> None:
    assert table.rows
    assert len(set(table.columns)) == len(table.columns)
    assert {len(row) for row in table.rows.values()} == {len(table.columns)}
    assert all(any(value is not None for value in row) for row in table.rows.values())


def test_each_protocol_has_tables_beside_it() -> None:
    assert {table.dataset for table in published.beside("A")} == {"AIST++"}
    assert {table.dataset for table in published.beside("B")} == {"FineDance"}
    assert {table.dataset for table in published.beside("C")} == {"FineDance"}


def test_baselines_of_tokendance_are_those_of_lodge() -> None:
    ours, lodge = (
        next(t for t in published.beside("B") if t.source.startswith(name)) for name in ("TokenDance", "Lodge")
    )
    shared = [column for column in ours.columns if column in lodge.columns]
    for system in ("FACT", "Bailando", "EDGE", "ground truth"):
        printed = [dict(zip(table.columns, table.rows[system], strict=True)) for table in (ours, lodge)]
        assert [printed[0][column] for column in shared] == [printed[1][column] for column in shared]
