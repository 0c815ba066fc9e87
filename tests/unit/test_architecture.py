"""The rules that keep the project in shape, each one an assertion over the source as it stands."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

import tokendance_core

ROOT = Path(__file__).resolve().parents[2]

# Modules that may need torch as soon as they are imported; the rest of the core runs on numpy.
TORCH_MODULES = ("model/", "train/", "evaluate/", "codec.py", "checkpoint.py", "pipeline.py", "commands/devices.py")
COMMAND_LINE = ("tokendance_core/__main__.py", "tokendance_core/commands/")
MODEL_MAY_IMPORT = {"torch", "mamba_ssm", "tokendance_core.model"}
WORK_AT_IMPORT = {"open", "print", "seed", "manual_seed", "basicConfig", "set_num_threads", "is_available", "read_text", "mkdir"}
EXPLICIT_RANDOM = {"default_rng", "Generator", "SeedSequence", "BitGenerator"}
VAGUE_NAMES = {"utils", "util", "common", "helpers", "helper", "misc", "tools"}
ABSOLUTE_PATH = re.compile(r"(/(home|root|usr|tmp|work|opt|mnt|Users)/|[A-Za-z]:\\)")

# fast path -> its slow, readable reference and the test that holds both against each other
FAST_PATHS = {
    "tokendance_core/model/ssm.py:scan_chunked": ("tokendance_core/model/ssm.py:scan_recurrent", "tests/unit/test_ssm.py"),
    "tokendance_core/kinematics.py:resample": ("tests/unit/test_kinematics.py:_resampled_slowly", "tests/unit/test_kinematics.py"),
    "blender_addon/action.py:write": ("tests/blender/test_action.py:write_slowly", "tests/blender/test_action.py"),
}


def sources(*folders: str) -> list[Path]:
    return sorted(path for folder in folders for path in (ROOT / folder).rglob("*.py"))


def core() -> list[Path]:
    return sources("tokendance_core")


def addon() -> list[Path]:
    return sources("blender_addon")


def name_of(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


@cache
def nodes(path: Path) -> tuple[ast.AST, ...]:
    return tuple(ast.walk(ast.parse(path.read_text(encoding="utf-8"))))


def imports(found: tuple[ast.AST, ...], path: Path) -> Iterator[str]:
    """Every imported module by its full name, with each ``from`` name appended: it may be a module too."""
    package = name_of(path).removesuffix(".py").split("/")
    for node in found:
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = ".".join([*package[: -node.level], node.module or ""]).rstrip(".") if node.level else node.module
            yield from (f"{base}.{alias.name}" for alias in node.names)


def within(name: str, modules: set[str]) -> bool:
    return any(name == module or name.startswith(f"{module}.") for module in modules)


def at_import(path: Path) -> tuple[ast.AST, ...]:
    """Nodes that run when the module is imported: everything outside function bodies."""
    found: list[ast.AST] = []
    waiting: list[ast.AST] = [ast.parse(path.read_text(encoding="utf-8"))]
    while waiting:
        node = waiting.pop()
        found.append(node)
        is_function = isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda)
        waiting += getattr(node, "decorator_list", []) if is_function else ast.iter_child_nodes(node)
    return tuple(found)


def called(node: ast.AST) -> str:
    """``f`` for ``f()`` and ``a.b.f()``; empty for anything but a call."""
    function = getattr(node, "func", None)
    return getattr(function, "attr", getattr(function, "id", ""))


def dotted(node: ast.AST) -> str:
    """``a.b.c`` for an attribute chain; empty for anything else."""
    return ast.unparse(node) if isinstance(node, ast.Attribute) else ""


def offenders(paths: list[Path], is_offence) -> list[str]:
    return [f"{name_of(path)}:{getattr(node, 'lineno', 0)}" for path in paths for node in nodes(path) if is_offence(node)]


def test_core_does_not_know_blender():
    assert [(name_of(path), name) for path in core() for name in imports(nodes(path), path) if within(name, {"bpy", "mathutils"})] == []


def test_importing_the_core_does_not_import_torch():
    check = "import sys, tokendance_core, tokendance_core.__main__; sys.exit('torch' in sys.modules or 'numpy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", check], cwd=ROOT).returncode == 0


def test_only_the_network_and_its_callers_need_torch():
    free = [path for path in core() if not name_of(path).removeprefix("tokendance_core/").startswith(TORCH_MODULES)]
    assert [name_of(path) for path in free if any(within(name, {"torch"}) for name in imports(at_import(path), path))] == []


def test_nobody_imports_train():
    outside = [path for path in core() + addon() if "/train/" not in name_of(path)]
    assert [name_of(path) for path in outside for name in imports(nodes(path), path) if within(name, {"tokendance_core.train"})] == []
    mentions = [name_of(path) for path in outside if "tokendance_core.train" in path.read_text(encoding="utf-8")]
    assert mentions == ["tokendance_core/__main__.py"]


def test_model_sees_torch_and_itself():
    allowed = MODEL_MAY_IMPORT | set(sys.stdlib_module_names)
    model = sources("tokendance_core/model")
    assert [(name_of(path), name) for path in model for name in imports(nodes(path), path) if not within(name, allowed)] == []


def test_addon_uses_only_the_public_core():
    used = set()
    for path in addon():
        used |= {name for name in imports(nodes(path), path) if within(name, {"tokendance_core"})}
        used |= {dotted(node) for node in nodes(path) if dotted(node).startswith("tokendance_core.")}
    public = {f"tokendance_core.{name}" for name in tokendance_core.__all__}
    assert {name for name in used - {"tokendance_core"} if not within(name, public)} == set()


@pytest.mark.parametrize("name", tokendance_core.__all__)
def test_public_name_exists(name):
    assert getattr(tokendance_core, name) is not None


def test_blender_versions_are_compared_in_compat_alone():
    others = [path for path in addon() if path.name != "compat.py"]
    assert offenders(others, lambda node: dotted(node).startswith("bpy.app.version") or called(node) == "hasattr") == []


def test_blender_operators_are_called_in_three_files_alone():
    # Blender's importers and exporters exist only as operators.
    others = [path for path in addon() if path.name not in ("operators.py", "scene_guard.py", "exchange.py")]
    assert offenders(others, lambda node: dotted(node).startswith("bpy.ops")) == []


def test_no_work_at_import():
    found = [f"{name_of(path)}:{node.lineno}" for path in core() + addon() for node in at_import(path) if called(node) in WORK_AT_IMPORT]
    assert found == []


def test_randomness_is_an_explicit_generator():
    def is_global_random(node):
        chain = dotted(node).split(".")
        return chain[:2] in (["np", "random"], ["numpy", "random"]) and len(chain) == 3 and chain[2] not in EXPLICIT_RANDOM

    assert offenders(core() + addon(), is_global_random) == []
    assert [name_of(path) for path in core() + addon() for name in imports(nodes(path), path) if within(name, {"random"})] == []


def test_device_is_an_argument():
    assert offenders(core(), lambda node: called(node) in ("cuda", "set_default_device")) == []


def test_no_bare_except_and_no_star_import():
    assert offenders(core() + addon(), lambda node: isinstance(node, ast.ExceptHandler) and node.type is None) == []
    assert offenders(core() + addon(), lambda node: isinstance(node, ast.ImportFrom) and node.names[0].name == "*") == []


def test_import_path_is_left_alone():
    assert offenders(core() + addon(), lambda node: dotted(node).startswith("sys.path")) == []


def test_no_absolute_paths():
    def is_absolute(node):
        return isinstance(node, ast.Constant) and isinstance(node.value, str) and bool(ABSOLUTE_PATH.match(node.value))

    assert offenders(core() + addon(), is_absolute) == []


def test_only_the_command_line_prints():
    silent = [path for path in core() + addon() if not name_of(path).startswith((*COMMAND_LINE, "blender_addon/cli.py"))]
    assert offenders(silent, lambda node: isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "print") == []


def test_no_vague_names():
    assert [name_of(path) for path in core() + addon() if {*path.relative_to(ROOT).with_suffix("").parts} & VAGUE_NAMES] == []


@pytest.mark.parametrize("fast", FAST_PATHS)
def test_fast_path_has_a_reference_and_a_test_of_both(fast):
    slow, test = FAST_PATHS[fast]
    calls = [called(node) for node in nodes(ROOT / test)]
    for place in (fast, slow):
        path, name = place.split(":")
        assert any(isinstance(node, ast.FunctionDef) and node.name == name for node in nodes(ROOT / path)), place
        assert name in calls, f"{test} does not call {name}"


def test_configs_are_frozen_and_kept_in_the_checkpoint():
    configs = {
        node.name: ast.unparse(node)
        for path in sources("tokendance_core/model")
        for node in nodes(path)
        if isinstance(node, ast.ClassDef) and node.name.endswith("Config")
    }
    assert configs
    assert [name for name, code in configs.items() if "@dataclass(frozen=True" not in code] == []
    checkpoint = (ROOT / "tokendance_core" / "checkpoint.py").read_text(encoding="utf-8")
    assert [name for name in configs if name not in checkpoint] == []


def test_loading_is_strict_and_never_runs_code():
    def is_lenient(node):
        keywords = {keyword.arg: getattr(keyword.value, "value", None) for keyword in getattr(node, "keywords", ())}
        return (called(node) == "load_state_dict" and keywords.get("strict", True) is not True) or (
            called(node) == "load" and ast.unparse(node).startswith("torch.load") and keywords.get("weights_only") is not True
        )

    assert offenders(core(), is_lenient) == []
    assert [name_of(path) for path in core() for name in imports(nodes(path), path) if within(name, {"pickle"})] == [
        "tokendance_core/datasets/restricted_pickle.py"  # AIST++ and SMPL's body models come in no other form
    ]
