"""Options that are declared once: what is derived from a declaration, and that nothing is declared a second time."""

from __future__ import annotations

import argparse
import dataclasses
import math

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.other_values import another, others
from tokendance_core.commands.requests import (
    DanceRequest,
    ListenRequest,
    RunSettings,
    WarmRequest,
    request_from_json,
    request_to_json,
)
from tokendance_core.dance.settings import GenerateSettings
from tokendance_core.engine import sampler
from tokendance_core.errors import AudioError, SettingError
from tokendance_core.finishing.settings import FinishSettings
from tokendance_core.music.settings import SongPart
from tokendance_core.options import (
    add_arguments,
    check,
    from_arguments,
    from_json,
    like,
    option,
    options,
    take,
    values,
)
from tokendance_core.retarget.settings import RetargetSettings

KINDS = (GenerateSettings, SongPart, FinishSettings, RetargetSettings, RunSettings)
EVERY = [(kind, name) for kind in KINDS for name in options(kind)]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Speeds:
    """For these tests."""

    rate: float = option(0.5, "How fast", least=0.0, most=2.0, unit="part", hint="Use 1.")
    count: int = option(3, "How many", least=1)
    way: str = option("up", "Which way", choices={"up": ("Up", "Upwards"), "down": ("Down", "Downwards")})
    loud: bool = option(False, "Be loud")
    free: int = 7

    def __post_init__(self) -> None:
        check(self)


@dataclasses.dataclass(frozen=True, kw_only=True)
class Faster(Speeds):
    rate: float = like(Speeds, "rate", default=1.5)


def test_a_declaration_tells_everything():
    rate = options(Speeds)["rate"]
    assert list(options(Speeds)) == ["rate", "count", "way", "loud"]
    assert (rate.default, rate.least, rate.most, rate.label, rate.kind) == (0.5, 0.0, 2.0, "Rate", float)
    assert [declared.expected for declared in options(Speeds).values()] == [
        "a number from 0 to 2",
        "a whole number of 1 or more",
        "up or down",
        "yes or no",
    ]


def test_a_like_option_differs_in_its_default_alone():
    mine, theirs = options(Faster)["rate"], options(Speeds)["rate"]
    assert dataclasses.replace(mine, default=theirs.default) == theirs
    assert Faster().rate == 1.5


@pytest.mark.parametrize(
    "given",
    [
        *({"rate": 2.1}, {"rate": math.nan}, {"rate": "1"}, {"count": 0}, {"count": 1.0}, {"count": True}),
        *({"way": "left"}, {"way": ["up"]}, {"loud": 1}),
    ],
)
def test_what_is_out_of_range_is_refused_by_name(given):
    with pytest.raises(SettingError, match=f"“{next(iter(given))}” is .*, expected ") as caught:
        Speeds(**given)
    assert caught.value.hint


def test_a_class_may_choose_its_error():
    with pytest.raises(AudioError, match="speed"):
        SongPart(speed=9.0)


@pytest.mark.parametrize(("kind", "name"), EVERY)
def test_every_option_allows_its_default_and_tells_people_about_itself(kind, name):
    declared = options(kind)[name]
    assert declared.allows(declared.default)
    assert not declared.text[0].islower()
    assert not declared.text.endswith(".")
    assert declared.allows(another(declared))
    if isinstance(declared.default, str) and not declared.choices:
        return
    assert declared.parse(str(declared.default).lower()) == declared.default


@pytest.mark.parametrize(("kind", "name"), EVERY)
def test_the_command_line_takes_every_option(kind, name):
    parser = argparse.ArgumentParser()
    add_arguments(parser, kind)
    value, flag = another(options(kind)[name]), f"--{name.replace('_', '-')}"
    words = [flag if value else f"--no-{flag[2:]}"] if isinstance(value, bool) else [f"{flag}={value}"]
    assert from_arguments(kind, parser.parse_args(words)) == dataclasses.replace(kind(), **{name: value})
    assert from_arguments(kind, parser.parse_args([])) == kind()


def test_help_tells_default_and_sentence(capsys):
    parser = argparse.ArgumentParser()
    add_arguments(parser, Speeds, without=("count",))
    said = parser.format_help()
    assert "how fast (default: 0.5)" in said
    assert "--count" not in said
    assert "--no-loud" in said


@pytest.mark.parametrize("kind", [DanceRequest, ListenRequest, WarmRequest])
def test_requests_come_back_from_json_as_they_were(kind):
    nested = {
        field.name: field.default_factory(**others(field.default_factory))
        for field in dataclasses.fields(kind)
        if dataclasses.is_dataclass(field.default_factory)
    }
    asked = kind(**others(kind), **nested)
    assert request_from_json(request_to_json(asked)) == asked
    assert asked != kind()


def test_json_is_strict():
    whole = dataclasses.asdict(GenerateSettings())
    assert from_json(GenerateSettings, whole) == GenerateSettings()
    for wrong in ({**whole, "wildness": 1}, {k: v for k, v in whole.items() if k != "seed"}, {**whole, "steps": 0}, []):
        with pytest.raises(SettingError):
            from_json(GenerateSettings, wrong)


SCALARS = st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5)


@given(st.dictionaries(st.sampled_from([*options(GenerateSettings), "unknown"]), SCALARS | st.lists(SCALARS)))
@settings(deadline=None)
def test_what_was_kept_anywhere_gives_settings(found):
    taken = take(GenerateSettings, found)
    for name, value in values(taken).items():
        declared = options(GenerateSettings)[name]
        assert value == found[name] if name in found and declared.allows(found[name]) else declared.allows(value)


def test_truth_that_was_kept_as_a_number_is_truth_again():
    assert take(RetargetSettings, {"mirror": 1, "floor": 2}) == RetargetSettings(mirror=True, floor=2.0)


def test_variety_is_what_the_sampler_uses_by_itself():
    assert options(GenerateSettings)["variety"].default == sampler.TOP_P
