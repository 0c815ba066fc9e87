"""Motorica Dance Dataset: dances as BVH at 120 frames a second (``bvh/``) with music of the same stem (``wav/``).

Names follow AIST's: ``kthjazz_gCH_sFM_cAll_d02_mCH_ch01_…_006`` or, without a music tag,
``kthjazz_gTP_sFM_sngl_d02_015``; of the tags only genre, dancer and music carry a meaning. The casual dances
(``kthmisc_gCA_…``) come without music, which the authors may not share.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from tokendance_core.datasets.recording import Recording, files, sounds
from tokendance_core.errors import DataError
from tokendance_core.retarget import read_bvh

GENRES = {
    "gLH": "hip-hop", "gKR": "krump", "gPO": "pop", "gLO": "lock",
    "gJZ": "jazz", "gCH": "charleston", "gTP": "tap", "gCA": "casual",
}  # fmt: skip
"""Genre by the tag in a name."""

TEST = frozenset(
    (
        "kthjazz_gCH_sFM_cAll_d02_mCH_ch01_whitemanpaulandhisorchestraloisiana_006",
        "kthjazz_gJZ_sFM_cAll_d02_mJZ_ch01_bennygoodmansugarfootstomp_003",
        "kthjazz_gTP_sFM_sngl_d02_015",
        "kthmisc_gCA_sFM_cAll_d01_mCA_ch24",
        "kthstreet_gKR_sFM_cAll_d01_mKR_ch01_chargedcableupyour_001",
        "kthstreet_gLH_sFM_cAll_d01_mLH_ch01_thisisit_001",
        "kthstreet_gLH_sFM_cAll_d02_mLH_ch01_lala_001",
        "kthstreet_gLO_sFM_cAll_d02_mLO_ch01_arethafranklinrocksteady_002",
        "kthstreet_gPO_sFM_cAll_d01_mPO_ch01_bombom_002",
        "kthstreet_gPO_sFM_cAll_d02_mPO_ch01_bombom_001",
    )
)
"""Takes that "Listen, Denoise, Action!" (SIGGRAPH 2023) keeps for its test."""


def load(folder: Path) -> Iterator[Recording]:
    """Every take, music None where the data set has none. Raises DataError for a missing folder, no music at all or an
    unknown skeleton.
    """
    takes = files(folder / "bvh", ".bvh", "the Motorica data set")
    songs = sounds(folder / "wav")
    if not songs:
        raise DataError(
            f"The Motorica data set has no music, expected sound files in {folder / 'wav'}.",
            hint="Unpack wav/ beside bvh/; some songs of it have to be fetched with the script that comes with the "
            "data.",
        )
    for path in takes:
        genre = next((GENRES[tag] for tag in path.stem.split("_") if tag in GENRES), "any")
        yield Recording(read_bvh.read(path), genre, songs.get(path.stem), "test" if path.stem in TEST else "train")
