"""What a command answers, as JSON and back."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tokendance_core.commands.answers import (
    EVENTS,
    Done,
    Failed,
    Progress,
    Ready,
    ReturnFacts,
    SectionFacts,
    SongFacts,
    event_from_json,
    event_to_json,
)
from tokendance_core.errors import AudioError, TokenDanceError

SECONDS = st.floats(0, 1e6)

ANY_EVENT = (
    st.builds(Progress, stage=st.text(), fraction=st.floats(0, 1))
    | st.builds(
        Done,
        path=st.text(),
        frames=st.integers(0, 10**6),
        seconds=SECONDS,
        fps=SECONDS,
        stages=st.dictionaries(st.text(), SECONDS),
        danced=st.text(),
    )
    | st.builds(
        SongFacts,
        path=st.text(),
        seconds=SECONDS,
        bpm=SECONDS,
        beats=st.lists(SECONDS).map(tuple),
        bars=st.lists(SECONDS).map(tuple),
        sections=st.lists(st.builds(SectionFacts, name=st.text(), start=SECONDS, end=SECONDS)).map(tuple),
        returns=st.lists(
            st.builds(ReturnFacts, start=SECONDS, end=SECONDS, source=SECONDS, similarity=st.floats(0, 1))
        ).map(tuple),
        genre=st.text(),
    )
    | st.builds(Failed, message=st.text(), hint=st.text(), exit_code=st.integers(1, 255))
    | st.just(Ready())
)


@given(ANY_EVENT)
def test_events_come_back_from_json_as_they_were(event):
    assert event_from_json(event_to_json(event)) == event


@pytest.mark.parametrize(
    "content",
    [
        *("null", "[1, 2]", "{}", '{"event": "song"}', '{"event": "done"}', '{"half":'),
        '{"event": "heard", "path": "a", "seconds": "long", "bpm": 1, "beats": []}',
        '{"event": "heard", "path": "a", "seconds": 4.0, "bpm": null, "beats": []}',
        '{"event": "heard", "path": "a", "seconds": 4.0, "bpm": 1, "beats": ["one"]}',
        '{"event": "heard", "path": "a", "seconds": 4.0, "bpm": 1, "beats": []}',
        '{"event": "heard", "path": "a", "seconds": 4.0, "bpm": 1, "beats": [], "bars": [], "eights": [], '
        '"returns": [], "sections": [{"name": "A", "start": 0}]}',
        '{"event": "error", "message": "a", "hint": "b", "exit_code": true}',
    ],
)
def test_what_is_no_event_is_refused(content):
    with pytest.raises(ValueError):  # noqa: PT011  json raises one of its own
        event_from_json(content)


@given(st.dictionaries(st.sampled_from(["path", "seconds", "beats", "message"]), st.none() | st.floats() | st.text()))
def test_no_content_raises_anything_else(content):
    for name in EVENTS:
        try:
            event_from_json(json.dumps({"event": name, **content}))
        except ValueError:
            continue


@pytest.mark.parametrize(("code", "told"), [(3, 3), (0, 1), (256, 1), (-9, 1)])
def test_an_error_keeps_its_words_and_a_possible_exit_code(code, told):
    failed = Failed.of(AudioError("The song is silent.", hint="Use another."))
    assert (failed.exit_code, failed.error().text) == (AudioError.exit_code, "The song is silent. Use another.")
    error = Failed(message="a", hint="", exit_code=code).error()
    assert isinstance(error, TokenDanceError)
    assert error.exit_code == told
