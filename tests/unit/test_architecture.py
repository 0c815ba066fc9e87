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

import build_addon
import tokendance_core
from tokendance_core import errors

ROOT = Path(__file__).resolve().parents[2]

# Modules that may need torch as soon as they are imported; the rest of the core runs on numpy.
TORCH_MODULES = (
    *("model/blocks.py", "model/fsq.py", "model/generator.py", "model/ssm.py", "model/tokenizer.py"),
    *("engine/torch_engine.py", "train/", "evaluate/", "commands/train.py"),
)
# Package -> the only files of the core that may import it, even inside a function. Blender's own Python has none of
# them, and everything from a song to keys runs there.
PACKAGES = {
    "torch": (*TORCH_MODULES, "commands/devices.py", "motion/rotation.py", "smpl/skinning.py"),
    "librosa": ("evaluate/",),
    "mamba_ssm": ("model/",),
    "matplotlib": ("evaluate/",),
    "safetensors": ("train/", "dance/checkpoint.py"),
    "scipy": ("evaluate/",),
    "smplx": ("smpl/",),
    "soundfile": ("music/decode.py",),
    "soxr": ("music/decode.py", "evaluate/"),
}
CALL_OPERATORS = (
    "blender_addon/compat.py",
    "blender_addon/interface/playback.py",
    "blender_addon/interface/scene_guard.py",
    "blender_addon/runtime/operators.py",
    "blender_addon/headless/exchange.py",
    "blender_addon/song/speeds.py",
)
TRAIN_COMMAND = "tokendance_core/commands/train.py"
COMMAND_LINE = ("tokendance_core/__main__.py", "tokendance_core/commands/", "blender_addon/headless/cli.py")
MODEL_MAY_IMPORT = {"torch", "mamba_ssm", "tokendance_core.model"}
WORK_AT_IMPORT = {
    "open",
    "print",
    "seed",
    "manual_seed",
    "basicConfig",
    "set_num_threads",
    "is_available",
    "read_text",
    "mkdir",
}
EXPLICIT_RANDOM = {"default_rng", "Generator", "Philox", "SeedSequence", "BitGenerator"}
VAGUE_NAMES = {"utils", "util", "common", "helpers", "helper", "misc", "tools"}
ABSOLUTE_PATH = re.compile(r"(/(home|root|usr|tmp|work|opt|mnt|Users)/|[A-Za-z]:\\)")

# fast path -> its slow, readable reference and the test that holds both against each other
FAST_PATHS = {
    "tokendance_core/model/ssm.py:scan_chunked": (
        "tokendance_core/model/ssm.py:scan_recurrent",
        "tests/unit/model/test_ssm.py",
    ),
    "tokendance_core/engine/scan.py:scan": (
        "tokendance_core/model/ssm.py:scan_recurrent",
        "tests/unit/engine/test_numpy_engine.py",
    ),
    "tokendance_core/motion/kinematics.py:resample": (
        "tests/unit/motion/test_kinematics.py:_resampled_slowly",
        "tests/unit/motion/test_kinematics.py",
    ),
    "tokendance_core/train/losses.py:joints": (
        "tokendance_core/motion/kinematics.py:forward_kinematics",
        "tests/unit/train/test_losses.py",
    ),
    "blender_addon/armature/action.py:write": (
        "tests/blender/armature/test_action.py:write_slowly",
        "tests/blender/armature/test_action.py",
    ),
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


def while_running(path: Path) -> tuple[ast.AST, ...]:
    """Nodes that ever run: not those that only a type checker sees."""
    guards = [node for node in nodes(path) if isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"]
    guarded = {id(inner) for guard in guards for node in guard.body for inner in ast.walk(node)}
    return tuple(node for node in nodes(path) if id(node) not in guarded)


def called(node: ast.AST) -> str:
    """``f`` for ``f()`` and ``a.b.f()``; empty for anything but a call."""
    function = getattr(node, "func", None)
    return getattr(function, "attr", getattr(function, "id", ""))


def dotted(node: ast.AST) -> str:
    """``a.b.c`` for an attribute chain; empty for anything else."""
    return ast.unparse(node) if isinstance(node, ast.Attribute) else ""


def offenders(paths: list[Path], is_offence) -> list[str]:
    return [
        f"{name_of(path)}:{getattr(node, 'lineno', 0)}" for path in paths for node in nodes(path) if is_offence(node)
    ]


def test_core_does_not_know_blender():
    assert [
        (name_of(path), name)
        for path in core()
        for name in imports(nodes(path), path)
        if within(name, {"bpy", "mathutils"})
    ] == []


def test_importing_the_core_does_not_import_torch():
    check = (
        "import sys, tokendance_core, tokendance_core.__main__; sys.exit('torch' in sys.modules or 'numpy' in "
        "sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", check], cwd=ROOT).returncode == 0


def test_only_the_network_and_its_callers_need_torch():
    free = [path for path in core() if not name_of(path).removeprefix("tokendance_core/").startswith(TORCH_MODULES)]
    assert [
        name_of(path) for path in free if any(within(name, {"torch"}) for name in imports(at_import(path), path))
    ] == []


def test_other_packages_are_imported_in_few_places_alone():
    everywhere = {*sys.stdlib_module_names, "numpy", "tokendance_core"}
    assert [
        (name_of(path), name)
        for path in core()
        for name in imports(nodes(path), path)
        if (package := name.split(".")[0]) not in everywhere
        and not name_of(path).removeprefix("tokendance_core/").startswith(PACKAGES.get(package, ("nowhere",)))
    ] == []


def test_nobody_imports_train():
    outside = [path for path in core() + addon() if "/train/" not in name_of(path) and name_of(path) != TRAIN_COMMAND]
    assert [
        name_of(path)
        for path in outside
        for name in imports(nodes(path), path)
        if within(name, {"tokendance_core.train"})
    ] == []


def test_what_the_addon_ships_stands_without_the_rest():
    shipped = {path for path in build_addon.core_files() if path.suffix == ".py"}
    rest = {name_of(path).removesuffix(".py").removesuffix("/__init__").replace("/", ".") for path in core()} - {
        name_of(path).removesuffix(".py").removesuffix("/__init__").replace("/", ".") for path in shipped
    }
    assert {"tokendance_core.train", "tokendance_core.datasets", "tokendance_core.evaluate"} <= rest
    assert [
        (name_of(path), name) for path in sorted(shipped) for name in imports(nodes(path), path) if within(name, rest)
    ] == []
    public = {f"tokendance_core.{module}" for module, _ in tokendance_core._PUBLIC.values()}
    assert public & rest == set()


def test_model_sees_torch_and_itself():
    allowed = MODEL_MAY_IMPORT | set(sys.stdlib_module_names)
    model = sources("tokendance_core/model")
    assert [
        (name_of(path), name) for path in model for name in imports(nodes(path), path) if not within(name, allowed)
    ] == []


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


def test_type_checkers_see_the_public_names():
    stub = ast.parse((ROOT / "tokendance_core" / "__init__.pyi").read_text(encoding="utf-8"))
    seen = {
        alias.asname or alias.name: (node.module, alias.name)
        for node in stub.body
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }
    assert seen == tokendance_core._PUBLIC
    (listed,) = (node.value for node in stub.body if isinstance(node, ast.Assign))
    assert sorted(ast.literal_eval(listed)) == tokendance_core.__all__


def test_blender_versions_are_compared_in_compat_alone():
    others = [path for path in addon() if path.name != "compat.py"]
    assert offenders(others, lambda node: dotted(node).startswith("bpy.app.version") or called(node) == "hasattr") == []


def test_blender_operators_are_called_in_few_files_alone():
    # Blender's importers and exporters exist only as operators.
    others = [path for path in addon() if name_of(path) not in CALL_OPERATORS]
    assert offenders(others, lambda node: dotted(node).startswith("bpy.ops")) == []


def test_no_work_at_import():
    found = [
        f"{name_of(path)}:{node.lineno}"
        for path in core() + addon()
        for node in at_import(path)
        if called(node) in WORK_AT_IMPORT
    ]
    assert found == []


def test_randomness_is_an_explicit_generator():
    def is_global_random(node):
        chain = dotted(node).split(".")
        return (
            chain[:2] in (["np", "random"], ["numpy", "random"]) and len(chain) == 3 and chain[2] not in EXPLICIT_RANDOM
        )

    assert offenders(core() + addon(), is_global_random) == []
    assert [
        name_of(path) for path in core() + addon() for name in imports(nodes(path), path) if within(name, {"random"})
    ] == []


def test_device_is_an_argument():
    assert offenders(core(), lambda node: called(node) in ("cuda", "set_default_device")) == []


def test_no_bare_except_and_no_star_import():
    assert offenders(core() + addon(), lambda node: isinstance(node, ast.ExceptHandler) and node.type is None) == []
    assert (
        offenders(core() + addon(), lambda node: isinstance(node, ast.ImportFrom) and node.names[0].name == "*") == []
    )


def test_import_path_is_left_alone():
    assert offenders(core() + addon(), lambda node: dotted(node).startswith("sys.path")) == []


def test_no_absolute_paths():
    def is_absolute(node):
        return isinstance(node, ast.Constant) and isinstance(node.value, str) and bool(ABSOLUTE_PATH.match(node.value))

    assert offenders(core() + addon(), is_absolute) == []


def test_only_the_command_line_prints():
    silent = [path for path in core() + addon() if not name_of(path).startswith(COMMAND_LINE)]
    assert (
        offenders(
            silent,
            lambda node: isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "print",
        )
        == []
    )


def test_no_vague_names():
    assert [
        name_of(path) for path in core() + addon() if {*path.relative_to(ROOT).with_suffix("").parts} & VAGUE_NAMES
    ] == []


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
    checkpoint = (ROOT / "tokendance_core" / "dance" / "checkpoint.py").read_text(encoding="utf-8")
    assert [name for name in configs if name not in checkpoint] == []


def test_loading_is_strict_and_never_runs_code():
    def is_lenient(node):
        keywords = {keyword.arg: getattr(keyword.value, "value", None) for keyword in getattr(node, "keywords", ())}
        return (called(node) == "load_state_dict" and keywords.get("strict", True) is not True) or (
            called(node) == "load"
            and ast.unparse(node).startswith("torch.load")
            and keywords.get("weights_only") is not True
        )

    assert offenders(core(), is_lenient) == []
    assert [name_of(path) for path in core() for name in imports(nodes(path), path) if within(name, {"pickle"})] == []


# --- rooms ------------------------------------------------------------------------------------------------------------

# From the ground up: a room may import from those above it in this list, never from one below it.
CORE_ROOMS = (
    *("__init__", "errors", "options", "types", "motion", "mannequin", "files", "music", "model", "engine"),
    *("finishing", "dance"),
    *("rigs", "retarget", "smpl", "datasets", "train", "evaluate", "commands", "__main__"),
)
ADDON_ROOMS = (
    *(
        "compat",
        "addon",
        "session",
        "interface",
        "options",
        "runtime",
        "song",
        "armature",
        "character",
        "takes",
        "dance",
    ),
    *("headless", "sidebar", "__init__"),
)
MOST_FILES = 14
"""Source files in a folder: more cannot be taken in at a glance."""


def room_of(module: str) -> str:
    """The folder or file of a package's top level that a module lies in."""
    return module.split(".")[1] if "." in module else "__init__"


@pytest.mark.parametrize(("folder", "rooms"), [("tokendance_core", CORE_ROOMS), ("blender_addon", ADDON_ROOMS)])
def test_rooms_stand_on_lower_rooms_alone(folder, rooms):
    modules = {
        name_of(path).removesuffix(".py").removesuffix("/__init__").replace("/", ".") for path in sources(folder)
    }
    assert {room_of(module) for module in modules} - set(rooms) == set()
    upward = []
    for path in sources(folder):
        own = (
            "__init__"
            if path == ROOT / folder / "__init__.py"
            else path.relative_to(ROOT / folder).parts[0].removesuffix(".py")
        )
        for name in imports(while_running(path), path):
            if within(name, {folder}):
                module = next((part for part in prefixes(name) if part in modules), folder)
                # The package itself holds the version and the public names, which cost nothing.
                if module != folder and rooms.index(room_of(module)) > rooms.index(own):
                    upward.append((name_of(path), name))
    assert upward == []


def test_what_is_trained_on_is_not_what_is_reported():
    """A clock made from the metric's own motion beats would be praised by the metric."""
    made = sources("tokendance_core/datasets", "tokendance_core/train")
    reported = {"tokendance_core.evaluate", "tokendance_core.motion.speed.motion_beats"}
    assert [
        (name_of(path), name) for path in made for name in imports(nodes(path), path) if within(name, reported)
    ] == []
    assert offenders(made, lambda node: called(node) == "motion_beats") == []


def prefixes(name: str) -> Iterator[str]:
    """``a.b.c``, ``a.b``, ``a``."""
    while name:
        yield name
        name = name.rpartition(".")[0]


def test_no_two_folders_stand_on_each_other():
    """A package's own files may know all that lies below them: they put it together."""
    arrows = set()
    for path in core() + addon():
        for name in imports(nodes(path), path):
            target = next((ROOT / f"{part.replace('.', '/')}.py" for part in prefixes(name) if is_module(part)), path)
            arrows.add((path.parent, target.parent))
    both = {(name_of(a), name_of(b)) for a, b in arrows if a != b and (b, a) in arrows}
    assert {pair for pair in both if not {"tokendance_core", "blender_addon"} & set(pair)} == set()


def is_module(name: str) -> bool:
    return (ROOT / f"{name.replace('.', '/')}.py").is_file()


def test_no_folder_is_too_full_to_take_in():
    folders = {path.parent for path in sources("tokendance_core", "blender_addon", "tests", "bench", "scripts")}
    counted = {name_of(folder): len(list(folder.glob("*.py"))) for folder in folders}
    assert {name: count for name, count in counted.items() if count > MOST_FILES} == {}


def test_every_room_says_what_lives_in_it():
    rooms = [path for path in core() + addon() if path.name == "__init__.py"]
    assert [
        name_of(path)
        for path in rooms
        if len((ast.get_docstring(ast.parse(path.read_text("utf-8"))) or "").split(".")) < 3
    ] == []


# --- state ------------------------------------------------------------------------------------------------------------

OWNER = "blender_addon/session.py:_Registered.session"
"""The one reference of the add-on that changes at run time: to the object that owns all state."""

CHANGING_CALLS = {
    *("append", "extend", "insert", "remove", "pop", "popitem", "clear", "sort", "reverse"),
    *("add", "discard", "update", "setdefault", "appendleft", "popleft"),
}


def module_names(path: Path) -> tuple[set[str], set[str]]:
    """Names that a module's top level gives to values, and those it gives to classes and imported modules."""
    values: set[str] = set()
    owners: set[str] = set()
    for node in ast.parse(path.read_text(encoding="utf-8")).body:
        if isinstance(node, ast.Import | ast.ImportFrom):
            owners |= {(alias.asname or alias.name).split(".")[0] for alias in node.names}
        elif isinstance(node, ast.ClassDef):
            owners.add(node.name)
        elif not isinstance(node, ast.FunctionDef):
            values |= stored_names(node)
    return values, owners - {"bpy"}  # what is kept in bpy's data and registered at its types is Blender's state


def stored_names(node: ast.AST) -> set[str]:
    return {inner.id for inner in ast.walk(node) if isinstance(inner, ast.Name) and isinstance(inner.ctx, ast.Store)}


def changed_value(node: ast.AST) -> ast.AST:
    """What a statement or call changes in place: ``a`` for ``a[0] = 1``, ``a.append(1)`` and ``a += b``, ``a.b`` for
    ``a.b = 1``; otherwise the node itself.
    """
    if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute) and node.func.attr in CHANGING_CALLS:
        return node.func.value
    if isinstance(node, ast.Subscript) and not isinstance(node.ctx, ast.Load):
        return node.value
    return node.target if isinstance(node, ast.AugAssign) else node


def changed_state(path: Path) -> Iterator[str]:
    """``FILE:NAME`` of every value of the module, of its classes and of the modules it imports that a function
    changes.
    """
    values, owners = module_names(path)
    for function in (node for node in nodes(path) if isinstance(node, ast.FunctionDef | ast.Lambda)):
        own = stored_names(function) | {node.arg for node in ast.walk(function) if isinstance(node, ast.arg)}
        for node in ast.walk(function):
            changed = changed_value(node)
            if changed is node and not (isinstance(node, ast.Attribute) and not isinstance(node.ctx, ast.Load)):
                continue
            first, _, attribute = ast.unparse(changed).partition(".")
            is_there = first in values or (attribute and "(" not in attribute and first in owners)
            if (is_there and first not in own) or (first == "cls" and attribute):
                yield f"{name_of(path)}:{ast.unparse(changed)}"


def test_state_of_the_addon_has_one_owner():
    assert offenders(addon(), lambda node: isinstance(node, ast.Global)) == []
    inside = [path for path in addon() if "/child/" not in name_of(path)]  # the others are programs of their own
    assert {state for path in inside for state in changed_state(path)} == {OWNER}


def test_the_addon_caches_constants_alone():
    def is_cache(node):
        names = [ast.unparse(item).split("(")[0].split(".")[-1] for item in getattr(node, "decorator_list", ())]
        has_parameters = isinstance(node, ast.FunctionDef) and bool(ast.unparse(node.args))
        return has_parameters and bool({"cache", "lru_cache"} & set(names))

    assert offenders(addon(), is_cache) == []


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("known = {}\ndef f(): known['a'] = 1", {"known"}),
        ("known = []\ndef f(): known.append(1)", {"known"}),
        ("import a\ndef f(): a.running = 1", {"a.running"}),
        ("class A: pass\ndef f(): A.last = 1", {"A.last"}),
        ("class A:\n def f(cls): cls.last = 1", {"cls.last"}),
        ("known = []\ndef f():\n known = []\n known.append(1)", set()),
        ("known = []\nknown += [1]\ndef f(): return known", set()),
        ("import a\ndef f(): a.known.append(1)", {"a.known"}),
        ("import a\ndef f(): a.add(1)", set()),
        ("class A:\n def f(self): self.last = 1", set()),
    ],
)
def test_changed_state_is_seen(monkeypatch, tmp_path, code, expected):
    monkeypatch.setattr(sys.modules[__name__], "ROOT", tmp_path)
    (tmp_path / "a.py").write_text(code)
    assert set(changed_state(tmp_path / "a.py")) == {f"a.py:{name}" for name in expected}


# --- documents --------------------------------------------------------------------------------------------------------


def tree() -> set[str]:
    """Paths in README's annotated tree: names at the left, what is indented lies in the folder above it."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    (block,) = (text for text in re.findall(r"```text\n(.*?)```", readme, re.S) if text.startswith("tokendance_core/"))
    found, folder = set(), ""
    for line in block.splitlines():
        names = re.findall(r"(?<!\S)[\w.]+(?:/|\.py)(?!\S)", line[:34])
        found |= {f"{folder if line.startswith(' ') else ''}{name}" for name in names}
        folder = folder if line.startswith(" ") else names[0]
    return found


def test_the_tree_of_readme_is_the_real_one():
    rooms = {
        f"{path.parent.relative_to(ROOT).as_posix()}/"
        for package in ("tokendance_core", "blender_addon")
        for path in (ROOT / package).glob("*/__init__.py")
    }
    assert rooms - tree() == set()
    assert [name for name in tree() if not (ROOT / name).exists()] == []


@pytest.mark.parametrize("document", ["README.md", "CONTRIBUTING.md", "MODEL_CARD.md", "examples/README.md"])
def test_files_that_documents_name_are_there(document):
    text = (ROOT / document).read_text(encoding="utf-8")
    named = re.findall(r"`((?:tokendance_core|blender_addon|tests|scripts|bench|examples)/[\w./]+)`", text)
    links = [(ROOT / document).parent / link for link in re.findall(r"\]\(([^)#:]+)[^):]*\)", text)]
    assert [path for path in (*(ROOT / name for name in named), *links) if not path.exists()] == []


# --- errors -----------------------------------------------------------------------------------------------------------

ERRORS = {
    name
    for name, value in vars(errors).items()
    if isinstance(value, type) and issubclass(value, errors.TokenDanceError)
}


def pieces(node: ast.AST) -> list[ast.AST]:
    """The parts of a text that is put together in one expression; both branches of a choice are looked at by their
    first.
    """
    return node.values if isinstance(node, ast.JoinedStr) else [node]


def is_sentence(node: ast.AST) -> bool:
    """Whether a text begins with a capital, a quotation mark or a value, and ends with a full stop; texts made
    elsewhere pass.
    """
    if isinstance(node, ast.IfExp):
        return is_sentence(node.body) and is_sentence(node.orelse)
    if not isinstance(node, ast.JoinedStr | ast.Constant):
        return True
    first, last = pieces(node)[0], pieces(node)[-1]
    begins = not isinstance(first, ast.Constant) or not first.value or not first.value[0].islower()
    # What ends with another error ends with its full stop.
    chained = isinstance(last, ast.FormattedValue) and ast.unparse(last.value) in ("problem", "error")
    ends = chained or (isinstance(last, ast.Constant) and (not last.value or last.value[-1] in ".!?"))
    return begins and ends


def test_errors_are_sentences_and_name_their_hint():
    made = [
        (path, node)
        for path in core() + addon()
        for node in nodes(path)
        if isinstance(node, ast.Call) and called(node) in ERRORS
    ]
    assert len(made) > 150
    assert [f"{name_of(path)}:{node.lineno}" for path, node in made if len(node.args) > 1] == []
    texts = [
        (path, text)
        for path, node in made
        for text in (*node.args, *(word.value for word in node.keywords if word.arg == "hint"))
    ]
    assert [f"{name_of(path)}:{text.lineno}" for path, text in texts if not is_sentence(text)] == []
