"""Published result tables: where they come from, and what they may be compared with.

Figures are the papers' own. Most rows of the tables of TokenDance are not its own runs but copied from Lodge. "Own"
evaluators differ in feature extraction, frame rate, windows or pool, and Frechet distances of different evaluators
cannot be compared.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

Row = tuple[float | None, ...]

_FIVE = ("fid_kinetic", "fid_geometric", "diversity_kinetic", "diversity_geometric", "beat_alignment")
_LODGE = (
    "fid_kinetic",
    "fid_geometric",
    "skating_percent",
    "diversity_kinetic",
    "diversity_geometric",
    "beat_alignment",
    "seconds",
)
_PFC = ("physical_foot_contact", "fid_kinetic", "fid_geometric", "beat_alignment")


@dataclass(frozen=True)
class Table:
    """A printed table: ``rows`` by system, one value per column, None where the paper prints none.

    ``protocol``: which of ``protocols`` the figures follow, "" for an evaluator of the source's own.
    """

    title: str
    dataset: str
    protocol: str
    source: str
    columns: tuple[str, ...]
    rows: Mapping[str, Row]
    note: str = ""


_SKELETON = (
    "Measured on the SMPL or SMPL-X skeleton with librosa's beats; figures of another skeleton differ even for the "
    "same dance."
)
_TOKENDANCE = "TokenDance, arXiv 2603.27314"

TABLES: tuple[Table, ...] = (
    Table(
        "AIST++ (Table 1)",
        "AIST++",
        "A",
        _TOKENDANCE,
        _FIVE,
        {
            "ground truth": (None, None, 8.19, 7.45, 0.2374),
            "FACT": (35.35, 22.11, 5.94, 6.18, 0.2209),
            "Bailando": (28.16, 9.62, 7.83, 6.34, 0.2332),
            "EDGE": (42.16, 22.12, 3.96, 4.61, 0.2334),
            "Lodge": (37.09, 18.79, 5.58, 4.85, 0.2423),
            "TokenDance": (21.55, 11.85, 8.05, 7.12, 0.2313),
        },
        f"The paper names no protocol; its baselines are those of A. {_SKELETON}",
    ),
    Table(
        "FineDance (Table 2)",
        "FineDance",
        "B",
        _TOKENDANCE,
        _FIVE,
        {
            "ground truth": (None, None, 9.73, 7.44, 0.2120),
            "FACT": (113.38, 97.05, 3.36, 6.37, 0.1831),
            "Bailando": (82.81, 28.17, 7.74, 6.25, 0.2029),
            "EDGE": (94.34, 50.38, 8.13, 6.45, 0.2116),
            "Lodge": (45.56, 34.29, 6.75, 5.64, 0.2397),
            "TokenDance": (47.20, 31.85, 6.62, 6.81, 0.2385),
        },
        "The paper names no protocol; its baselines are those of B. Its Table 6 calls the same row the model without "
        f"music tokens. {_SKELETON}",
    ),
    Table(
        "PopDanceSet (Table 3)",
        "PopDanceSet",
        "",
        _TOKENDANCE,
        _FIVE,
        {
            "ground truth": (None, None, 8.32, 7.68, 0.2603),
            "FACT": (37.62, 26.32, 5.63, 6.13, 0.2162),
            "Bailando": (29.56, 22.47, 5.92, 6.29, 0.2253),
            "EDGE": (34.58, 23.72, 6.13, 6.48, 0.2334),
            "POPDG": (27.13, 21.41, 6.52, 6.37, 0.2403),
            "TokenDance": (17.77, 15.95, 6.25, 6.94, 0.2326),
        },
        "Poses of the data set are monocular estimates.",
    ),
    Table(
        "Latency in seconds (Table 4)",
        "FineDance",
        "",
        _TOKENDANCE,
        ("frames_1024", "frames_4096"),
        {
            "FACT": (35.88, 142.12),
            "Bailando": (5.46, 14.72),
            "EDGE": (8.59, 27.91),
            "Lodge": (4.57, 11.96),
            "TokenDance": (1.22, 2.31),
        },
        "Hardware is not stated, nor whether music features are included. Lodge is timed as DDIM here and judged as "
        "DDPM above.",
    ),
    Table(
        "User study, 40 people, 30 clips, 5 points (Table 5)",
        "FineDance",
        "",
        _TOKENDANCE,
        ("synchronisation", "quality", "creativity"),
        {
            "ground truth": (4.52, 4.45, 4.37),
            "FACT": (2.11, 2.03, 1.98),
            "Bailando": (3.48, 3.44, 3.32),
            "EDGE": (3.52, 3.46, 3.41),
            "Lodge": (3.71, 3.78, 3.69),
            "TokenDance": (4.12, 4.09, 3.96),
        },
    ),
    Table(
        "Music tokens added (Table 6)",
        "FineDance",
        "B",
        _TOKENDANCE,
        _FIVE,
        {
            "TokenDance": (47.20, 31.85, 6.62, 6.81, 0.2385),
            "TokenDance + music tokens": (45.95, 30.42, 6.75, 6.89, 0.2412),
            "Bailando": (82.81, 28.17, 7.74, 6.25, 0.2029),
            "Bailando + music tokens": (68.34, 24.50, 8.01, 6.52, 0.2147),
            "FACT": (113.38, 97.05, 3.36, 6.37, 0.1831),
            "FACT + music tokens": (105.12, 89.45, 3.68, 6.48, 0.1893),
        },
        "Contradicts Tables 2, 7 and 9, which call 47.20 and 31.85 the full model, music tokens included.",
    ),
    Table(
        "Other semantic features (Table 7)",
        "FineDance",
        "B",
        _TOKENDANCE,
        _FIVE,
        {
            "MFCC (full model)": (47.20, 31.85, 6.62, 6.81, 0.239),
            "MERT": (42.40, 45.90, 6.62, 6.78, 0.232),
            "MERT, no music tokens": (35.10, 48.60, 6.42, 6.50, 0.228),
            "Jukebox": (36.80, 32.46, 6.15, 6.53, 0.202),
            "Jukebox, no music tokens": (49.30, 31.97, 5.20, 5.12, 0.223),
            "Wav2Vec2": (60.90, 32.60, 6.32, 5.95, 0.225),
            "Wav2Vec2, no music tokens": (84.31, 65.10, 5.91, 6.21, 0.215),
        },
    ),
    Table(
        "Music reconstruction, mean absolute error (Table 8)",
        "FineDance",
        "",
        _TOKENDANCE,
        ("semantic", "acoustic", "full"),
        {"without decomposition": (0.642, 0.358, 0.544), "full model": (0.519, 0.269, 0.345)},
        "The last column is not the 20:15 weighted mean of the others.",
    ),
    Table(
        "Ablations (Table 9)",
        "FineDance",
        "B",
        _TOKENDANCE,
        _FIVE,
        {
            "no music decomposition": (53.12, 36.45, 6.10, 6.22, 0.225),
            "Mamba in one direction": (46.95, 34.20, 6.55, 6.48, 0.231),
            "Transformer": (61.37, 42.78, 5.75, 5.89, 0.210),
            "full model": (47.20, 31.85, 6.62, 6.81, 0.239),
        },
    ),
    Table(
        "FineDance, 1024 frames",
        "FineDance",
        "B",
        "Lodge, CVPR 2024 (A100)",
        _LODGE,
        {
            "ground truth": (None, None, 6.22, 9.73, 7.44, 0.2120, None),
            "FACT": (113.38, 97.05, 28.44, 3.36, 6.37, 0.1831, 35.88),
            "MNET": (104.71, 90.31, 39.36, 3.12, 6.14, 0.1864, 38.91),
            "Bailando": (82.81, 28.17, 18.76, 7.74, 6.25, 0.2029, 5.46),
            "EDGE": (94.34, 50.38, 20.04, 8.13, 6.45, 0.2116, 8.59),
            "Lodge (DDIM)": (50.00, 35.52, 2.76, 5.67, 4.96, 0.2269, 4.57),
            "Lodge (DDPM)": (45.56, 34.29, 5.01, 6.75, 5.64, 0.2397, 30.93),
        },
        f"20 songs: differences of a few points are noise. {_SKELETON}",
    ),
    Table(
        "FineDance, windows of 1024 frames",
        "FineDance",
        "C",
        "MEGADance, arXiv 2505.17543",
        ("fid_kinetic", "fid_geometric", "diversity_kinetic", "diversity_geometric", "beat_alignment"),
        {
            "MEGADance": (50.00, 13.02, 6.23, 6.27, 0.226),
            "Lodge": (55.03, 14.87, 6.14, None, 0.218),
            "Bailando++": (54.79, 16.29, 6.18, None, 0.213),
            "FineNet": (65.15, 23.81, 5.84, None, 0.219),
        },
        "Its generator starts from the first code of the ground truth.",
    ),
    Table(
        "FineDance, windows of 1024 frames",
        "FineDance",
        "C",
        "FlowerDance, arXiv 2511.21029",
        ("fid_kinetic", "fid_geometric", "diversity_kinetic", "beat_alignment"),
        {"FlowerDance": (29.73, 19.59, 8.42, 0.232)},
        "Not MEGADance's extractor: 66 kinetic values, frame time 1/60, standard deviations + 1e-4.",
    ),
    Table(
        "FineDance, 18 songs, 270 clips",
        "FineDance",
        "",
        "DGFM",
        ("fid", "diversity", "physical_foot_contact", "beat_alignment"),
        {
            "DGFM": (23.65, 7.63, 0.207, 0.2204),
            "EDGE": (53.34, None, None, None),
            "Bailando": (52.37, None, None, None),
            "DanceRevolution": (98.40, None, None, None),
        },
    ),
    Table(
        "FineDance, whole dances, mean of 10 runs",
        "FineDance",
        "",
        "MambaDance, WACV 2026",
        _PFC,
        {
            "EDGE": (None, 179.0, 1234.0, None),
            "POPDG": (None, 190.0, 1479.0, None),
            "Lodge": (0.0585, 84.99, 64.57, 0.2410),
            "MambaDance": (0.0119, 51.36, 43.11, 0.2441),
        },
        "On another scale than all other tables.",
    ),
    Table(
        "AIST++, 40 dances",
        "AIST++",
        "A",
        "rows of Lodge (CVPR 2024), Danceba (ICCV 2025) and the systems' own papers",
        _FIVE,
        {
            "Li et al. (Lodge)": (86.43, 43.46, None, None, None),
            "DanceNet (Lodge)": (69.18, 25.49, 2.86, 2.85, 0.1430),
            "DanceRevolution (Lodge)": (73.42, 25.92, 3.52, 4.87, 0.1950),
            "FACT (Lodge)": (35.35, 22.11, 5.94, 6.18, 0.2209),
            "Bailando (Lodge)": (28.16, 9.62, 7.83, 6.34, 0.2332),
            "EDGE (Lodge)": (42.16, 22.12, 3.96, 4.61, 0.2334),
            "Lodge (Lodge)": (37.09, 18.79, 5.58, 4.85, 0.2423),
            "DiffDance (Danceba)": (24.09, 20.68, 6.02, 2.89, 0.2418),
            "Bailando++ (Danceba)": (22.74, 11.58, 7.94, 6.34, 0.2263),
            "E3D2 (Danceba)": (26.25, 8.94, 7.96, 6.49, 0.2232),
            "Danceba, best": (11.67, 11.90, 8.52, 7.55, 0.2714),
            "Danceba, mean": (15.48, 13.57, 7.85, 7.49, 0.2779),
            "MEGADance (own, may differ)": (25.89, 12.62, 5.84, 6.23, 0.238),
            "FlowerDance (own, may differ)": (20.50, None, None, 6.52, None),
        },
        f"Ground truth against the pool: 17.10 and 10.60 (Bailando), 17.16 and 10.66 (Motius). {_SKELETON}",
    ),
    Table(
        "AIST++, clips of 5 s at 30 fps",
        "AIST++",
        "",
        "EDGE, CVPR 2023",
        ("physical_foot_contact", "beat_alignment", "diversity_kinetic", "diversity_geometric"),
        {"ground truth": (1.332, 0.24, 10.61, 7.48), "EDGE": (1.5363, 0.26, 9.48, 5.72)},
    ),
    Table(
        "AIST++",
        "AIST++",
        "",
        "BADM",
        ("diversity_kinetic", "diversity_geometric", "beat_alignment", "physical_foot_contact", "fid_geometric"),
        {"BADM": (8.29, 6.76, 0.2366, 1.424, 20.24), "EDGE": (None, None, 0.2281, 1.654, 24.71)},
        "Beat alignment from dance to music, without smoothing.",
    ),
    Table(
        "AIST++",
        "AIST++",
        "",
        "Beat-It",
        ("physical_foot_contact", "beat_alignment"),
        {"Beat-It": (0.966, 0.661)},
        "Another definition of beat alignment.",
    ),
    Table(
        "AIST++",
        "AIST++",
        "",
        "OpenDance, CVPR 2026",
        _PFC,
        {
            "ground truth": (1.332, 17.10, 10.60, 0.2374),
            "EDGE": (1.536, 31.82, 22.16, 0.2043),
            "MoMask": (1.648, 44.92, 26.20, 0.2312),
            "OpenDance": (1.140, 24.82, 12.54, 0.2513),
        },
    ),
    Table(
        "AIST++, official checkpoints run again, clips of 20 s",
        "AIST++",
        "",
        "Skeleton2Stage",
        _PFC,
        {
            "ground truth": (1.47, 19.47, 9.33, 0.2292),
            "FACT": (1.21, 69.04, 19.63, 0.2380),
            "EDGE": (0.872, 61.67, 20.77, 0.2847),
            "Bailando": (1.55, 26.99, 10.25, 0.2320),
            "Bailando++": (1.91, 21.71, 9.66, 0.2383),
            "Danceba": (1.38, 31.90, 16.22, 0.2506),
        },
        "Danceba printed 11.67 for what is 31.90 here.",
    ),
    Table(
        "AIST++, whole dances, mean of 10 runs",
        "AIST++",
        "",
        "MambaDance, WACV 2026",
        _PFC,
        {
            "EDGE": (None, 126.0, 28.7, None),
            "Lodge": (None, 67.1, 28.9, None),
            "MambaDance": (1.06, 65.86, 26.58, 0.2701),
        },
    ),
    Table(
        "PopDanceSet",
        "PopDanceSet",
        "",
        "POPDG, CVPR 2024",
        ("physical_foot_contact", "beat_alignment"),
        {"ground truth": (1.58, 0.174), "Bailando": (3.98, 0.230), "EDGE": (3.84, 0.224), "POPDG": (1.83, 0.233)},
        "Beat alignment is defined differently in TokenDance: ground truth is .174 here and .2603 there.",
    ),
)
"""Every table, those of TokenDance first."""


def beside(protocol: str) -> tuple[Table, ...]:
    """The tables whose figures follow a protocol ("A", "B" or "C")."""
    return tuple(table for table in TABLES if table.protocol == protocol)
