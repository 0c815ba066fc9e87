"""Published tables: of the right form, and figure by figure those of a second transcription."""

from __future__ import annotations

import pytest

from tokendance_core.evaluate.benchmarks import published

SECOND_READING = {
    ("AIST++ (Table 1)", "TokenDance"): """
        | FIDk | FIDg | DIVk | DIVg | BAS
        GT         | –     | –     | 8.19 | 7.45 | .2374
        FACT       | 35.35 | 22.11 | 5.94 | 6.18 | .2209
        Bailando   | 28.16 | 9.62  | 7.83 | 6.34 | .2332
        EDGE       | 42.16 | 22.12 | 3.96 | 4.61 | .2334
        Lodge      | 37.09 | 18.79 | 5.58 | 4.85 | .2423
        TokenDance | 21.55 | 11.85 | 8.05 | 7.12 | .2313""",
    ("FineDance (Table 2)", "TokenDance"): """
        | FIDk | FIDg | DIVk | DIVg | BAS
        GT         | –      | –     | 9.73 | 7.44 | .2120
        FACT       | 113.38 | 97.05 | 3.36 | 6.37 | .1831
        Bailando   | 82.81  | 28.17 | 7.74 | 6.25 | .2029
        EDGE       | 94.34  | 50.38 | 8.13 | 6.45 | .2116
        Lodge      | 45.56  | 34.29 | 6.75 | 5.64 | .2397
        TokenDance | 47.20  | 31.85 | 6.62 | 6.81 | .2385""",
    ("PopDanceSet (Table 3)", "TokenDance"): """
        | FIDk | FIDg | DIVk | DIVg | BAS
        GT         | –     | –     | 8.32 | 7.68 | .2603
        FACT       | 37.62 | 26.32 | 5.63 | 6.13 | .2162
        Bailando   | 29.56 | 22.47 | 5.92 | 6.29 | .2253
        EDGE       | 34.58 | 23.72 | 6.13 | 6.48 | .2334
        POPDG      | 27.13 | 21.41 | 6.52 | 6.37 | .2403
        TokenDance | 17.77 | 15.95 | 6.25 | 6.94 | .2326""",
    ("Latency in seconds (Table 4)", "TokenDance"): """
        | @1024 | @4096
        FACT       | 35.88 | 142.12
        Bailando   | 5.46  | 14.72
        EDGE       | 8.59  | 27.91
        Lodge      | 4.57  | 11.96
        TokenDance | 1.22  | 2.31""",
    ("User study, 40 people, 30 clips, 5 points (Table 5)", "TokenDance"): """
        | DS | DQ | DC
        GT         | 4.52 | 4.45 | 4.37
        FACT       | 2.11 | 2.03 | 1.98
        Bailando   | 3.48 | 3.44 | 3.32
        EDGE       | 3.52 | 3.46 | 3.41
        Lodge      | 3.71 | 3.78 | 3.69
        TokenDance | 4.12 | 4.09 | 3.96""",
    ("Music tokens added (Table 6)", "TokenDance"): """
        | FIDk | FIDg | DIVk | DIVg | BAS
        TokenDance                | 47.20  | 31.85 | 6.62 | 6.81 | .2385
        TokenDance + music tokens | 45.95  | 30.42 | 6.75 | 6.89 | .2412
        Bailando                  | 82.81  | 28.17 | 7.74 | 6.25 | .2029
        Bailando + music tokens   | 68.34  | 24.50 | 8.01 | 6.52 | .2147
        FACT                      | 113.38 | 97.05 | 3.36 | 6.37 | .1831
        FACT + music tokens       | 105.12 | 89.45 | 3.68 | 6.48 | .1893""",
    ("Other semantic features (Table 7)", "TokenDance"): """
        | FIDk | FIDg | DIVk | DIVg | BAS
        MERT                      | 42.40 | 45.90 | 6.62 | 6.78 | .232
        MERT, no music tokens     | 35.10 | 48.60 | 6.42 | 6.50 | .228
        Jukebox                   | 36.80 | 32.46 | 6.15 | 6.53 | .202
        Jukebox, no music tokens  | 49.30 | 31.97 | 5.20 | 5.12 | .223
        Wav2Vec2                  | 60.90 | 32.60 | 6.32 | 5.95 | .225
        Wav2Vec2, no music tokens | 84.31 | 65.10 | 5.91 | 6.21 | .215
        MFCC (full model)         | 47.20 | 31.85 | 6.62 | 6.81 | .239""",
    ("Music reconstruction, mean absolute error (Table 8)", "TokenDance"): """
        | semantic | acoustic | full
        without decomposition | 0.642 | 0.358 | 0.544
        full model            | 0.519 | 0.269 | 0.345""",
    ("Ablations (Table 9)", "TokenDance"): """
        | FIDk | FIDg | DIVk | DIVg | BAS
        no music decomposition | 53.12 | 36.45 | 6.10 | 6.22 | .225
        Mamba in one direction | 46.95 | 34.20 | 6.55 | 6.48 | .231
        Transformer            | 61.37 | 42.78 | 5.75 | 5.89 | .210
        full model             | 47.20 | 31.85 | 6.62 | 6.81 | .239""",
    ("FineDance, 1024 frames", "Lodge"): """
        | FIDk | FIDg | FSR | DIVk | DIVg | BAS | s
        GT           | –      | –     | 6.22  | 9.73 | 7.44 | .2120 | –
        FACT         | 113.38 | 97.05 | 28.44 | 3.36 | 6.37 | .1831 | 35.88
        MNET         | 104.71 | 90.31 | 39.36 | 3.12 | 6.14 | .1864 | 38.91
        Bailando     | 82.81  | 28.17 | 18.76 | 7.74 | 6.25 | .2029 | 5.46
        EDGE         | 94.34  | 50.38 | 20.04 | 8.13 | 6.45 | .2116 | 8.59
        Lodge (DDIM) | 50.00  | 35.52 | 2.76  | 5.67 | 4.96 | .2269 | 4.57
        Lodge (DDPM) | 45.56  | 34.29 | 5.01  | 6.75 | 5.64 | .2397 | 30.93""",
    ("FineDance, windows of 1024 frames", "MEGADance"): """
        | FIDk | FIDg | DIVk | DIVg | BAS
        MEGADance  | 50.00 | 13.02 | 6.23 | 6.27 | .226
        Lodge      | 55.03 | 14.87 | 6.14 | –    | .218
        Bailando++ | 54.79 | 16.29 | 6.18 | –    | .213
        FineNet    | 65.15 | 23.81 | 5.84 | –    | .219""",
    ("FineDance, windows of 1024 frames", "FlowerDance"): """
        | FIDk | FIDg | DIVk | BAS
        FlowerDance | 29.73 | 19.59 | 8.42 | .232""",
    ("FineDance, 18 songs, 270 clips", "DGFM"): """
        | FID | DIV | PFC | BAS
        DGFM            | 23.65 | 7.63 | .207 | .2204
        EDGE            | 53.34 | –    | –    | –
        Bailando        | 52.37 | –    | –    | –
        DanceRevolution | 98.40 | –    | –    | –""",
    ("FineDance, whole dances, mean of 10 runs", "MambaDance"): """
        | PFC | FIDk | FIDg | BAS
        EDGE       | –     | 179   | 1234  | –
        POPDG      | –     | 190   | 1479  | –
        Lodge      | .0585 | 84.99 | 64.57 | .2410
        MambaDance | .0119 | 51.36 | 43.11 | .2441""",
    ("AIST++, 40 dances", "rows of Lodge"): """
        | FIDk | FIDg | DIVk | DIVg | BAS
        Li et al. (Lodge)           | 86.43 | 43.46 | –    | –    | –
        DanceNet (Lodge)            | 69.18 | 25.49 | 2.86 | 2.85 | .1430
        DanceRevolution (Lodge)     | 73.42 | 25.92 | 3.52 | 4.87 | .1950
        FACT (Lodge)                | 35.35 | 22.11 | 5.94 | 6.18 | .2209
        Bailando (Lodge)            | 28.16 | 9.62  | 7.83 | 6.34 | .2332
        EDGE (Lodge)                | 42.16 | 22.12 | 3.96 | 4.61 | .2334
        Lodge (Lodge)               | 37.09 | 18.79 | 5.58 | 4.85 | .2423
        DiffDance (Danceba)         | 24.09 | 20.68 | 6.02 | 2.89 | .2418
        Bailando++ (Danceba)        | 22.74 | 11.58 | 7.94 | 6.34 | .2263
        E3D2 (Danceba)              | 26.25 | 8.94  | 7.96 | 6.49 | .2232
        Danceba, best               | 11.67 | 11.90 | 8.52 | 7.55 | .2714
        Danceba, mean               | 15.48 | 13.57 | 7.85 | 7.49 | .2779
        MEGADance (own, may differ) | 25.89 | 12.62 | 5.84 | 6.23 | .238
        FlowerDance (own, may differ) | 20.50 | –   | –    | 6.52 | –""",
    ("AIST++, clips of 5 s at 30 fps", "EDGE"): """
        | PFC | BAS | DIVk | DIVg
        GT   | 1.332  | .24 | 10.61 | 7.48
        EDGE | 1.5363 | .26 | 9.48  | 5.72""",
    ("AIST++", "BADM"): """
        | DIVk | DIVg | BAS | PFC | FIDg
        BADM | 8.29 | 6.76 | .2366 | 1.424 | 20.24
        EDGE | –    | –    | .2281 | 1.654 | 24.71""",
    ("AIST++", "Beat-It"): """
        | PFC | BAS
        Beat-It | .966 | .661""",
    ("AIST++", "OpenDance"): """
        | PFC | FIDk | FIDg | BAS
        GT        | 1.332 | 17.10 | 10.60 | .2374
        EDGE      | 1.536 | 31.82 | 22.16 | .2043
        MoMask    | 1.648 | 44.92 | 26.20 | .2312
        OpenDance | 1.140 | 24.82 | 12.54 | .2513""",
    ("AIST++, official checkpoints run again, clips of 20 s", "Skeleton2Stage"): """
        | PFC | FIDk | FIDg | BAS
        GT         | 1.47 | 19.47 | 9.33  | .2292
        FACT       | 1.21 | 69.04 | 19.63 | .2380
        EDGE       | .872 | 61.67 | 20.77 | .2847
        Bailando   | 1.55 | 26.99 | 10.25 | .2320
        Bailando++ | 1.91 | 21.71 | 9.66  | .2383
        Danceba    | 1.38 | 31.90 | 16.22 | .2506""",
    ("AIST++, whole dances, mean of 10 runs", "MambaDance"): """
        | PFC | FIDk | FIDg | BAS
        EDGE       | –    | 126   | 28.7  | –
        Lodge      | –    | 67.1  | 28.9  | –
        MambaDance | 1.06 | 65.86 | 26.58 | .2701""",
    ("PopDanceSet", "POPDG"): """
        | PFC | BAS
        GT       | 1.58 | .174
        Bailando | 3.98 | .230
        EDGE     | 3.84 | .224
        POPDG    | 1.83 | .233""",
}
"""(title, start of the source) -> the table transcribed from notes on the papers, apart from the tables under test."""

SHORT = {
    "FIDk": "fid_kinetic", "FIDg": "fid_geometric", "FID": "fid", "DIVk": "diversity_kinetic",
    "DIVg": "diversity_geometric", "DIV": "diversity", "BAS": "beat_alignment", "PFC": "physical_foot_contact",
    "FSR": "skating_percent", "s": "seconds", "@1024": "frames_1024", "@4096": "frames_4096",
    "DS": "synchronisation", "DQ": "quality", "DC": "creativity",
}  # fmt: skip
"""Heading of a printed column -> our name; others are called the same."""


def _read(text: str) -> tuple[tuple[str, ...], dict[str, tuple[float | None, ...]]]:
    """Columns, and rows by system."""
    (_, *headings), *lines = ([part.strip() for part in line.split("|")] for line in text.strip().splitlines())
    rows = {
        "ground truth" if system == "GT" else system: tuple(None if value == "–" else float(value) for value in values)
        for system, *values in lines
    }
    return tuple(SHORT.get(heading, heading) for heading in headings), rows


@pytest.mark.parametrize("table", published.TABLES, ids=lambda table: f"{table.source} {table.title}")
def test_figures_are_those_of_a_second_reading(table: published.Table) -> None:
    (text,) = [
        text
        for (title, source), text in SECOND_READING.items()
        if title == table.title and table.source.startswith(source)
    ]
    assert (table.columns, dict(table.rows)) == _read(text)


def test_every_table_was_read_twice() -> None:
    assert len(published.TABLES) == len(SECOND_READING)


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
