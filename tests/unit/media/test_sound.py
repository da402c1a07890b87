"""Framing, G.711, voice activity, tones, WAV files and the mix-down."""

import struct

import numpy as np
import pytest

from callwright.media import g711, tones
from callwright.media.framing import Framer
from callwright.media.mixdown import Track, mix_down
from callwright.media.tonetext import spoken
from callwright.media.vad import Activity, ActivityGate, EnergyVad
from callwright.media.wav import ALAW, MULAW, PCM16, WavError, read_wav, write_wav


def noise(ms: int, rms: int, seed: int = 1) -> bytes:
    return np.random.default_rng(seed).normal(0, rms, ms * 8).astype("<i2").tobytes()


def frames(pcm: bytes) -> list[bytes]:
    return [pcm[at : at + 320] for at in range(0, len(pcm) - 319, 320)]


def activities(pcm: bytes) -> list[Activity]:
    vad, gate = EnergyVad(), ActivityGate()
    return [change for frame in frames(pcm) if (change := gate.push(vad.feed(frame)))]


class TestFraming:
    def test_chunks_of_any_size_become_frames(self):
        framer = Framer(4)
        assert [framer.feed(chunk) for chunk in (b"abc", b"", b"defgh", b"i")] == [[], [], [b"abcd", b"efgh"], []]
        assert framer.pending_bytes == 1
        assert framer.flush(b".") == b"i..."
        assert framer.flush() is None

    def test_a_frame_must_have_bytes(self):
        with pytest.raises(ValueError, match="at least one"):
            Framer(0)


class TestG711:
    @pytest.mark.parametrize(("there", "back"), [(g711.mulaw_of, g711.pcm_of_mulaw), (g711.alaw_of, g711.pcm_of_alaw)])
    def test_a_signal_survives_within_the_codec_s_precision(self, there, back):
        pcm = noise(200, 5_000)
        samples = np.frombuffer(pcm, dtype="<i2").astype(float)
        error = samples - np.frombuffer(back(there(pcm)), dtype="<i2")
        assert len(there(pcm)) == len(pcm) // 2
        assert np.sqrt(np.mean(error**2)) < 0.02 * np.sqrt(np.mean(samples**2))

    def test_silence_is_the_byte_the_standard_names(self):
        assert g711.mulaw_of(bytes(4)) == b"\xff\xff"
        assert g711.alaw_of(bytes(4)) == b"\xd5\xd5"

    def test_loudness_of_nothing_is_nothing(self):
        assert g711.loudness(b"") == g711.loudness(bytes(320)) == 0


class TestVoiceActivity:
    def test_speech_in_silence_is_found_within_a_frame_or_two(self):
        speech = spoken("good morning")
        changes = activities(tones.silence(500) + speech + tones.silence(600))
        assert [c.began for c in changes] == [True, False]
        assert abs(changes[0].audio_ms - 500) <= 20
        assert abs(changes[1].audio_ms - (500 + 720)) <= 20

    def test_speech_is_found_above_a_noisy_line(self):
        rest = noise(2_000, 300)
        speech = np.frombuffer(spoken("good morning"), dtype="<i2")
        loud = (
            (speech + np.frombuffer(noise(len(speech) // 8, 300, 2)[: len(speech) * 2], dtype="<i2"))
            .astype("<i2")
            .tobytes()
        )
        changes = activities(rest + loud + noise(800, 300, 3))
        speech_changes = [c for c in changes if c.audio_ms >= 1_900]
        assert [c.began for c in speech_changes] == [True, False]
        assert abs(speech_changes[0].audio_ms - 2_000) <= 40

    def test_a_room_that_stays_loud_is_taken_for_its_floor(self):
        vad = EnergyVad()
        likely = [vad.feed(frame) for frame in frames(noise(20_000, 1_500))]
        assert max(likely[-100:]) < 128

    def test_lost_packets_do_not_make_speech_of_the_noise_behind_them(self):
        vad = EnergyVad()
        room = frames(noise(3_000, 200))
        for frame in room:
            vad.feed(frame)
        likely = [vad.feed(bytes(320) if number % 40 == 0 else frame) for number, frame in enumerate(room)]
        assert max(likely) < 128

    def test_a_voice_on_a_line_without_any_noise_is_found_however_long_it_talks(self):
        vad = EnergyVad()
        for sentence in range(20):
            heard = [vad.feed(frame) for frame in frames(spoken("good morning everybody, how are you?"))]
            assert sum(probability > 128 for probability in heard) > len(heard) * 0.8, sentence
            assert [vad.feed(bytes(320)) for _ in range(40)] == [0] * 40

    def test_a_click_is_no_voice(self):
        assert activities(tones.silence(300) + noise(20, 9_000) + tones.silence(500)) == []

    def test_a_pause_shorter_than_the_hangover_is_no_end(self):
        changes = activities(
            tones.silence(200) + spoken("one") + tones.silence(100) + spoken("two") + tones.silence(500)
        )
        assert [c.began for c in changes] == [True, False]

    def test_the_gate_counts_audio_and_reports_where_voice_began_and_last_was(self):
        gate = ActivityGate()
        pushed = [gate.push(p) for p in [0, 0, 200, 200, 0, 200] + [100] * 3 + [0] * 11]
        changes = [c for c in pushed if c]
        assert changes == [Activity(True, 40), Activity(False, 180)]
        assert pushed.index(changes[0]) == 5
        assert gate.position_ms == 400
        assert gate.last_voiced_ms == 180
        assert not gate.active

    def test_the_end_comes_a_hangover_after_the_last_voice(self):
        gate = ActivityGate(onset_ms=20, hangover_ms=100)
        assert gate.push(255) == Activity(True, 0)
        assert gate.active
        assert [gate.push(0) for _ in range(5)] == [None, None, None, None, Activity(False, 20)]


class TestTones:
    @pytest.mark.parametrize(
        ("pcm", "hz"), [(tones.ringback(1_000), (440, 480)), (tones.busy(400), (480, 620)), (tones.beep(), (1_000,))]
    )
    def test_a_tone_holds_its_frequencies(self, pcm, hz):
        samples = np.frombuffer(pcm, dtype="<i2").astype(float)
        spectrum = np.abs(np.fft.rfft(samples * np.hanning(len(samples))))
        width_hz = 8_000 / len(samples)
        for wanted in hz:
            near = spectrum[round(wanted / width_hz) - 3 : round(wanted / width_hz) + 4].max()
            assert near > 0.2 * spectrum.max()

    def test_lengths_are_as_asked(self):
        assert len(tones.ringback(13_000)) == 2 * 8 * 13_000
        assert len(tones.busy(50)) == 2 * 8 * 50
        assert len(tones.keys("12#")) == 3 * 2 * 8 * 200
        assert tones.ringback()[-100:] == bytes(100)

    @pytest.mark.parametrize(("how", "sounds_ms"), [("us", 4_000), ("eu", 3_000), ("uk", 3_200)])
    def test_ringing_sounds_and_pauses_as_its_country_has_it(self, how, sounds_ms):
        frames = np.frombuffer(tones.ringing(tones.RINGING[how], 12_000), dtype="<i2").reshape(-1, 160)
        assert 20 * np.count_nonzero(np.abs(frames).max(axis=1)) == sounds_ms
        assert np.abs(frames[:10]).max(axis=1).all(), "from the start of the tone"

    def test_a_wrong_key_is_refused(self):
        with pytest.raises(ValueError, match="no key"):
            tones.keys("1x")


class TestWav:
    @pytest.mark.parametrize("channels", [1, 2])
    @pytest.mark.parametrize("encoding", [PCM16, MULAW, ALAW])
    def test_what_is_written_is_read(self, channels, encoding):
        data = bytes(range(200)) * 2 * channels
        wav = read_wav(write_wav(data, channels, encoding))
        assert (wav.data, wav.channels, wav.encoding, wav.rate_hz) == (data, channels, encoding, 8_000)
        assert wav.frames == len(data) // channels // (2 if encoding == PCM16 else 1)

    def test_the_header_is_the_one_other_tools_read(self):
        blob = write_wav(bytes(16), channels=2)
        assert struct.unpack("<4sI4s4sIHHIIHH4sI", blob[:44]) == (
            b"RIFF", 52, b"WAVE", b"fmt ", 16, 1, 2, 8_000, 32_000, 4, 16, b"data", 16,
        )  # fmt: skip

    def test_channels_come_apart(self):
        wav = read_wav(write_wav(struct.pack("<4h", 1, -1, 2, -2), channels=2))
        assert wav.channel(1) == struct.pack("<2h", -1, -2)
        assert read_wav(write_wav(b"\xff\x00", 2, MULAW)).channel(0) == bytes(2)
        assert read_wav(write_wav(b"\xd5\xd5", 2, ALAW)).channel(1) == g711.pcm_of_alaw(b"\xd5")
        assert wav.duration_ms == 0
        with pytest.raises(WavError, match="no channel 2"):
            wav.channel(2)

    def test_foreign_chunks_and_an_extensible_header_are_understood(self):
        form = struct.pack("<HHIIHHHHIH14s", 0xFFFE, 1, 16_000, 32_000, 2, 16, 22, 16, 4, 1, b"\x00" * 14)
        odd = b"LIST" + struct.pack("<I", 3) + b"abc\x00"
        body = (
            b"WAVE" + odd + b"fmt " + struct.pack("<I", len(form)) + form + b"data" + struct.pack("<I", 99) + bytes(5)
        )
        wav = read_wav(b"RIFF" + struct.pack("<I", len(body)) + body)
        assert (wav.rate_hz, wav.data) == (16_000, bytes(4))

    @pytest.mark.parametrize(
        ("blob", "why"),
        [
            (b"", "no WAV file"),
            (b"RIFF\x04\x00\x00\x00WAVE", "no data chunk"),
            (b"RIFF\x04\x00\x00\x00WAVEdata\x00\x00\x00\x00", "no format chunk"),
            (write_wav(bytes(4)).replace(struct.pack("<HH", 1, 1), struct.pack("<HH", 3, 1)), "encoding 3"),
        ],
    )
    def test_what_is_no_wav_file_is_refused_with_a_reason(self, blob, why):
        with pytest.raises(WavError, match=why):
            read_wav(blob)

    def test_writing_refuses_what_it_cannot_write(self):
        with pytest.raises(WavError, match="encoding 3"):
            write_wav(b"", encoding=3)
        with pytest.raises(WavError, match="whole number"):
            write_wav(b"abc", channels=2)


class TestMixDown:
    def test_two_tracks_lie_side_by_side_and_the_shorter_is_filled(self):
        caller, agent = Track(), Track()
        caller.append(g711.mulaw_of(noise(20, 3_000)))
        agent.put(80, g711.mulaw_of(noise(30, 3_000, 2)))
        wav = read_wav(mix_down(caller.mulaw(), agent.mulaw()))
        assert (wav.channels, wav.frames) == (2, 320)
        assert wav.channel(0) == g711.pcm_of_mulaw(caller.mulaw()) + bytes(2 * 160)
        assert wav.channel(1) == bytes(160) + g711.pcm_of_mulaw(agent.mulaw(80))
        assert read_wav(mix_down(caller.mulaw(), agent.mulaw(), compact=True)).channel(1) == wav.channel(1)

    def test_what_was_cut_was_never_played(self):
        track = Track()
        track.put(0, b"\x11" * 480)
        track.cut(100)
        track.put(160, b"\x22" * 10)
        assert track.mulaw() == b"\x11" * 100 + b"\xff" * 60 + b"\x22" * 10

    def test_the_later_piece_wins_and_what_lies_before_the_start_is_dropped(self):
        track = Track()
        track.put(-2, b"abcd")
        track.put(1, b"x")
        track.put(-9, b"gone")
        assert track.mulaw() == b"cx"
        assert len(track) == 2


def test_what_was_put_too_late_moves_forward_over_the_silence_before_it() -> None:
    track = Track()
    track.put(4, b"abcd")
    track.take_out(1, 3)
    assert track.mulaw() == b"\xffabcd"
    track.take_out(-2, 3)
    assert track.mulaw() == b"abcd"
