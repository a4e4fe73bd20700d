"""What streams are made of: SPDY frames, log files, the simulated shell, redirects."""

import contextlib
import itertools
from collections.abc import Sequence

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kobune.api.core.v1 import PodLogOptions
from kobune.apiserver.rest.remote.proxying import rewritten, split
from kobune.apiserver.rest.spdy import frames
from kobune.apiserver.rest.spdy.dictionary import DICTIONARY
from kobune.apiserver.rest.spdy.frames import Data, Decoder, Encoder, Frame, GoAway, Ping, Reset, SynReply, SynStream
from kobune.kubelet.runtimes.simulated.script import Unreadable, steps
from kobune.kubelet.runtimes.simulated.terminal import Interrupted, LineDiscipline
from kobune.kubelet.streams.logfile import Selection

IDS = st.integers(1, 2**31 - 1)
NAMES = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1).map(str.lower)
VALUES = st.text(st.characters(min_codepoint=1, max_codepoint=255), max_size=50)
HEADERS = st.dictionaries(NAMES, VALUES, max_size=5)
FRAMES: st.SearchStrategy[Frame] = st.one_of(
    st.builds(SynStream, IDS, HEADERS, st.booleans()),
    st.builds(SynReply, IDS, HEADERS, st.booleans()),
    st.builds(Reset, IDS, st.integers(0, 2**32 - 1)),
    st.builds(Ping, st.integers(0, 2**32 - 1)),
    st.builds(GoAway, IDS, st.integers(0, 2**32 - 1)),
    st.builds(Data, IDS, st.binary(min_size=1, max_size=100_000), st.booleans()),
    st.builds(Data, IDS, st.just(b""), st.just(True)),
)


def pieces(data: bytes, cuts: Sequence[int]) -> list[bytes]:
    edges = sorted({0, len(data), *(cut % (len(data) + 1) for cut in cuts)})
    return [data[start:end] for start, end in itertools.pairwise(edges)]


def joined(found: Sequence[Frame]) -> list[Frame]:
    """Return frames with neighbouring data of a stream as one."""
    result: list[Frame] = []
    for frame in found:
        match result[-1:], frame:
            case [Data(stream, before, False)], Data(same, after, fin) if stream == same:
                result[-1] = Data(stream, before + after, fin)
            case _:
                result.append(frame)
    return result


@given(st.lists(FRAMES, max_size=6), st.lists(st.integers(0, 2**20), max_size=8))
def test_frames_arrive_as_they_were_sent_however_they_are_cut(sent: list[Frame], cuts: list[int]) -> None:
    encoder, decoder = Encoder(), Decoder()
    stream = b"".join(map(encoder.encode, sent))
    assert joined([frame for piece in pieces(stream, cuts) for frame in decoder.feed(piece)]) == joined(sent)


@given(st.binary(max_size=200))
def test_bytes_that_are_no_frames_are_refused_or_ignored(noise: bytes) -> None:
    with contextlib.suppress(frames.Broken):
        list(Decoder().feed(noise))


def test_headers_that_grow_beyond_measure_are_refused() -> None:
    large = Encoder().encode(SynStream(1, {"a": "b" * 10_000_000}))
    assert len(large) < frames.CONTROL_LIMIT
    with pytest.raises(frames.Broken, match="too many headers"):
        list(Decoder().feed(large))
    with pytest.raises(frames.Broken, match="too large"):
        list(Decoder().feed(b"\x80\x03\x00\x01\x00\xff\xff\xff"))


def test_the_dictionary_is_that_of_the_draft() -> None:
    from zlib import adler32

    assert (len(DICTIONARY), adler32(DICTIONARY)) == (1423, 0xE3C6A7C2)


TEXTS = st.binary(max_size=9).map(lambda text: text.replace(b"\n", b""))
LINES = st.lists(st.tuples(st.sampled_from([b"stdout", b"stderr"]), st.sampled_from([b"F", b"P"]), TEXTS), max_size=12)


@given(LINES, st.lists(st.integers(0, 2**16), max_size=5), st.sampled_from(["", "Stdout", "Stderr"]))
def test_a_log_is_shown_whole_however_it_grows(
    lines: list[tuple[bytes, bytes, bytes]], cuts: list[int], stream: str
) -> None:
    file = b"".join(b"2026-01-01T00:00:00.5Z %b %b %b\n" % line for line in lines)
    wanted = [line for line in lines if stream.lower().encode() in line[0]]
    expected = b"".join(text + (b"\n" if tag == b"F" else b"") for _, tag, text in wanted)
    selection = Selection(PodLogOptions(stream=stream), now=0.0)
    first, *rest = pieces(file, cuts) or [b""]
    assert selection.begin(first) + b"".join(map(selection.feed, rest)) == expected


@given(LINES, st.integers(0, 20), st.integers(1, 60))
def test_the_end_of_a_log_is_cut_where_it_was_asked(
    lines: list[tuple[bytes, bytes, bytes]], tail: int, limit: int
) -> None:
    file = b"".join(b"2026-01-01T00:00:00.5Z stdout F %b\n" % text for _, _, text in lines)
    expected = b"".join(text + b"\n" for _, _, text in lines[max(0, len(lines) - tail) :])
    options = PodLogOptions(tailLines=tail, limitBytes=limit)
    selection = Selection(options, now=0.0)
    assert selection.begin(file) == expected[:limit]
    assert selection.is_full == (len(expected) >= limit)


@given(st.text())
def test_a_script_is_read_or_refused(text: str) -> None:
    with contextlib.suppress(Unreadable):
        steps(text)


@pytest.mark.parametrize(
    ("text", "argvs"),
    [
        ("echo 'a b' \"c $X\" d\\ e", [["echo", "a b", "c 1", "d e"]]),
        ("a;b && c||d\ne # no", [["a"], ["b"], ["c"], ["d"], ["e"]]),
        ('echo "" $NONE ${X}y', [["echo", "", "1y"]]),
    ],
)
def test_words_are_what_a_shell_makes_of_them(text: str, argvs: list[list[str]]) -> None:
    assert [step.argv({"X": "1"}) for step in steps(text)] == argvs


@pytest.mark.parametrize("text", ["a | b", "a > file", "$(a)", "`a`", "(a)", "'open", "a &"])
def test_what_the_shell_does_not_know_is_refused(text: str) -> None:
    with pytest.raises(Unreadable):
        steps(text)


def test_a_terminal_collects_lines() -> None:
    terminal = LineDiscipline()
    assert terminal.feed(b"lx\x7fs\r") == (b"ls\n", b"lx\b \bs\r\n")
    assert terminal.feed(b"half") == (b"", b"half")
    with pytest.raises(Interrupted):
        terminal.feed(b"\x03")
    assert not terminal.ended


PREFIX = "/api/v1/namespaces/proxy/pods/web/proxy"


@pytest.mark.parametrize(
    ("location", "shown"),
    [
        ("/login?a=b", f"https://api{PREFIX}/login?a=b"),
        ("http://127.10.0.1:80/x", f"https://api{PREFIX}/x"),
        (f"{PREFIX}/x", f"https://api{PREFIX}/x"),
        ("login", "login"),
        ("https://elsewhere/x", "https://elsewhere/x"),
    ],
)
def test_redirects_stay_behind_the_proxy(location: str, shown: str) -> None:
    assert rewritten(location, PREFIX, ("127.10.0.1:80",), "https", "api") == shown


def test_a_path_is_split_where_the_proxy_ends() -> None:
    assert split(f"{PREFIX}/a/proxy/b", 7) == (PREFIX, "/a/proxy/b")
    assert split(f"{PREFIX}/", 7) == (PREFIX, "/")
    assert split(PREFIX, 7) == (PREFIX, "")
