#!/usr/bin/env bash
# Train on a machine with a graphics card, from one folder, in MINUTES minutes altogether.
#
#   scripts/train_on_gpu.sh pack DATA FOLDER   here: all that is needed into FOLDER, under 45 MB
#   FOLDER/train_on_gpu.sh run [RESULTS]       there: a smoke test, then all stages; RESULTS is OUT or FOLDER/results
#   python -m tokendance_core train assemble --out RESULTS   here again: the checkpoint from what came back
#
# Variables: MINUTES (9), SIZE (large), DEVICE (auto), PYTHON (python3; it needs torch, numpy and safetensors),
# RUNS (FOLDER/runs: states to go on from). RESULTS gets the best weights of each network, at most 15 MB each, and the
# log; every file there is whole at any moment.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
python=${PYTHON:-python3}

pack() {
    cd "$here/.." && exec "$python" -m scripts.pack_for_training "$1" "$2"
}

# Copies under another name, then renames: what is read there is never half a file.
keep() {
    local path
    for path in "$runs"/{lower,upper,semantic,acoustic,generator}.safetensors "$runs"/*_statistics.npz "$runs"/train.log; do
        [ -f "$path" ] || continue
        if [ "$(stat -c %s "$path")" -gt 15000000 ]; then
            echo "${path##*/} is larger than 15 MB and stays in $runs"
            continue
        fi
        [ "$path" -nt "$results/${path##*/}" ] || continue
        cp "$path" "$results/.${path##*/}" && mv "$results/.${path##*/}" "$results/${path##*/}"
    done
}

run() {
    results=${1:-${OUT:-$here/results}} runs=${RUNS:-$here/runs}
    mkdir -p "$results" "$runs"
    results=$(cd "$results" && pwd) runs=$(cd "$runs" && pwd)
    cd "$here"
    train=("$python" -m tokendance_core train --device "${DEVICE:-auto}" "${@:2}")

    local smoke
    smoke=$(mktemp -d)
    "${train[@]}" --data smoke --out "$smoke" --size tiny --steps 6 --batch 4 --pairs 2 >"$smoke/said" 2>&1 ||
        { tail -n 20 "$smoke/said"; echo "The smoke test failed."; exit 1; }
    grep "CUDA graphs" "$smoke/said" || true
    rm -r "$smoke"
    echo "smoke test: ${SECONDS} s"

    # What the start of Python and the last copy take is left to them.
    local left
    left=$("$python" -c "print(max((60 * ${MINUTES:-9} - ${SECONDS} - 20) / 60, 0.2))")
    "${train[@]}" --data data --out "$runs" --size "${SIZE:-large}" --minutes "$left" > >(tee -a "$runs/train.log") 2>&1 &
    local training=$!
    trap 'kill "$training" 2>/dev/null || true' EXIT
    while kill -0 "$training" 2>/dev/null; do
        sleep 5
        keep
    done
    local code=0
    wait "$training" || code=$?
    keep
    echo "all: ${SECONDS} s; results in $results"
    exit "$code"
}

case "${1:-}" in
    pack) pack "$2" "$3" ;;
    run) run "${@:2}" ;;
    *) sed -n '2,/^set/{/^#/s/^# \{0,1\}//p}' "$0"; exit 2 ;;
esac
