"""One process, one song: what each stage takes, cold and warm.

``python -m bench.stages SONG FOLDER REPEATS`` prints JSON. A process of its own for each song, because both the first
run and the peak of memory can be measured only once.
"""

from __future__ import annotations

import json
import statistics
import sys
import time
from pathlib import Path

STARTED = time.perf_counter()


def run_once(song: Path, folder: Path, checkpoint, steps: int) -> dict[str, float]:
    """Seconds of each stage from the sound file to the motion files."""
    from tokendance_core.commands.reports import StageClock
    from tokendance_core.dance import pipeline
    from tokendance_core.dance.settings import GenerateSettings
    from tokendance_core.files import clip as clip_file
    from tokendance_core.music import audio

    clock = StageClock()
    clock.enter("load")
    music = audio.load(song)
    clip = pipeline.generate(music, checkpoint, GenerateSettings(steps=steps), lambda stage, _: clock.enter(stage))
    for suffix in (".npz", ".bvh"):
        clock.enter(f"export {suffix[1:]}")
        clip_file.save(clip, folder / f"{song.stem}{suffix}")
    generator = "generator, 1 step" if steps == 1 else f"generator, {steps} steps"
    return {generator if stage == "generator" else stage: seconds for stage, seconds in clock.seconds().items()}


def peak_megabytes() -> float | None:
    """Peak resident memory of this process so far; None where the system does not tell."""
    status = Path("/proc/self/status")
    if status.exists():  # Linux counts what the parent had as well in what ``resource`` tells
        (line,) = (line for line in status.read_text().splitlines() if line.startswith("VmHWM"))
        return int(line.split()[1]) / 2**10
    try:
        import resource
    except ImportError:
        return None
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / (2**20 if sys.platform == "darwin" else 2**10)


def main(song: Path, folder: Path, repeats: int) -> dict[str, object]:
    """Cold and warm seconds by stage (medians of ``repeats``), and the peak of memory after one dance."""
    from tokendance_core.commands.devices import keep_large_blocks

    keep_large_blocks()
    from tokendance_core.dance import checkpoint

    weights = checkpoint.load()
    cold = {"start and checkpoint": time.perf_counter() - STARTED} | run_once(song, folder, weights, 8)
    peak = peak_megabytes()
    one_step = [run_once(song, folder, weights, 1) for _ in range(repeats)]
    eight_steps = [run_once(song, folder, weights, 8) for _ in range(repeats)]
    stages = dict.fromkeys(stage for pair in zip(one_step[0], eight_steps[0], strict=True) for stage in pair)
    warm = {stage: statistics.median(run[stage] for run in one_step + eight_steps if stage in run) for stage in stages}
    return {"cold": cold, "warm": warm, "peak_megabytes": peak}


if __name__ == "__main__":
    print(json.dumps(main(Path(sys.argv[1]), Path(sys.argv[2]), int(sys.argv[3]))))
