"""Who could be heard when."""

from tests.unit.insight.call_log import CallLog
from tests.unit.insight.doctor_call import DoctorCall, healthy

from callwright.conversation import effects as fx
from callwright.conversation import events as ev
from callwright.insight.timeline import Span, timeline


def seconds(span):
    return span.from_us / 1e6, span.to_us / 1e6


def caller_of(call):
    return [(*seconds(one.span), one.text) for one in timeline(call.view).caller]


class TestSpans:
    def test_share_what_both_last(self):
        assert Span(10, 30).shared_us(Span(20, 50)) == 10
        assert Span(10, 30).shared_us(Span(40, 50)) == 0
        assert Span(30, 10).lasted_us == 0


class TestWhatElseIsHeard:
    def test_a_filler_is_a_moment_and_a_ringing_tone_lasts(self):
        call = healthy().at(13_000).write(fx.PlayAsset("Hmm.", "filler"))
        call.at(14_000).write(fx.PlayAsset("ringing tone", "ringing"))
        call.at(20_000).event(ev.AssetPlayed, "ringing tone", "ringing", 5_900, False)
        call.at(21_000).write(fx.PlayAsset("ringing tone", "ringing"))
        call.event(ev.AssetPlayed, "ringing tone", "ringing", 0, False)
        assert [seconds(one) for one in timeline(call.view).other] == [(13.0, 13.0), (14.1, 20.0)]


class TestTheAgent:
    def test_is_heard_from_its_first_frame_to_its_last(self):
        welcome, first, second = timeline(healthy().view).agent
        assert (seconds(welcome.span), welcome.purpose, welcome.turn) == ((1.2, 3.5), "welcome", 0)
        assert (seconds(first.span), first.text, first.cut) == ((6.1, 8.1), "For when shall it be?", False)
        assert timeline(healthy().view).of_generation(second.generation) == second
        assert timeline(healthy().view).of_generation(99) is None

    def test_a_clause_sounds_when_its_own_audio_is_there(self):
        call = DoctorCall().picked_up()
        call.generation = 1
        call.gives("Hello,", 1_100, "welcome").at(1_200).released(0, 1).audible(1)
        call.at(2_000).event(ev.MarkPlayed, 1, 0).gives("this is Maya.", 2_600, "welcome", 1)
        call.ends("Hello, this is Maya.", 3_500, purpose="welcome", index=1)
        (welcome,) = timeline(call.view).agent
        assert [seconds(one) for one in welcome.sounds] == [(1.2, 2.0), (2.6, 3.5)]

    def test_a_clause_that_came_after_the_end_was_not_heard(self):
        call = DoctorCall().picked_up()
        call.generation = 1
        call.gives("Hello,", 1_100, "welcome").at(1_200).released(0, 1).audible(1)
        call.at(2_000).event(ev.MarkPlayed, 1, 0).agent_said(0, 1, "Hello,", "welcome", cut=True)
        call.gives("this is Maya.", 2_600, "welcome", 1)
        (welcome,) = timeline(call.view).agent
        assert [seconds(one) for one in welcome.sounds] == [(1.2, 2.0)]

    def test_a_playout_of_nothing_that_was_given_to_the_voice_and_one_told_twice_are_left_out(self):
        call = healthy().audible(3).audible(77)
        assert [one.generation for one in timeline(call.view).agent] == [1, 2, 3]

    def test_one_that_was_given_up_in_the_first_frame_said_nothing(self):
        call = healthy().asks(12_700).gives("Well", 12_750).at(12_800).released(3, 4).audible(4)
        call.at(12_900).write(fx.Withdrawn(4, 3, "unheard"))
        last = timeline(call.view).agent[-1]
        assert (last.text, last.cut, seconds(last.span)) == ("", True, (12.8, 12.9))

    def test_without_voice_events_the_whole_is_one_sound(self):
        call = CallLog().at(1_000).answered().speaks(0, 1, "Hello.", "welcome").at(1_200).audible(1)
        (welcome,) = timeline(call.at(2_000).leg_ended().view).agent
        assert [seconds(one) for one in welcome.sounds] == [(1.2, 2.0)]


class TestTheCaller:
    def test_is_heard_where_the_detector_says_with_the_words_of_the_recogniser(self):
        assert caller_of(healthy()) == [(4.5, 5.5, "A table for two please."), (9.0, 10.0, "Tonight at eight.")]

    def test_begins_later_where_the_line_does(self):
        call = healthy().fact("leg", "recording", caller_from_us=120_000, duration_ms=1, gaps_ms=0, lost="")
        assert caller_of(call)[0][:2] == (4.62, 5.62)

    def test_a_sound_told_twice_is_one_and_one_that_never_ended_lasts_to_the_end(self):
        call = DoctorCall().picked_up().at(2_080).event(ev.ActivityBegan, 1_000).event(ev.ActivityBegan, 1_060)
        call.at(3_200).event(ev.ActivityEnded, 2_000).event(ev.ActivityEnded, 2_010)
        call.at(4_080).event(ev.ActivityBegan, 3_000)
        assert caller_of(call.at(6_000).leg_ended()) == [(2.0, 3.0, ""), (4.0, 6.0, "")]

    def test_partial_words_count_until_the_final_ones_come(self):
        call = DoctorCall().picked_up().sounds(2_000, 3_000).event(ev.TranscriptPartial, 1_500, 1, "no")
        assert caller_of(call) == [(2.0, 3.0, "no")]
        call.event(ev.TranscriptFinal, 2_000, 1, "No, thanks.").event(ev.TranscriptPartial, 1_500, 1, "no")
        assert caller_of(call) == [(2.0, 3.0, "No, thanks.")]

    def test_two_segments_may_be_one_sound(self):
        call = DoctorCall().picked_up().sounds(2_000, 5_000).words("Yes.", 3_000).words("Please do.", 5_100)
        assert caller_of(call) == [(2.0, 5.0, "Yes. Please do.")]

    def test_words_do_not_reach_back_over_a_long_pause(self):
        call = DoctorCall().picked_up().sounds(2_000, 3_000).sounds(7_000, 7_400)
        call.words("one two three four five six seven", 7_400)
        assert caller_of(call) == [(2.0, 3.0, ""), (7.0, 7.4, "one two three four five six seven")]

    def test_words_do_not_reach_back_into_what_had_words_already(self):
        call = DoctorCall().picked_up().says("Yes.", 2_000, 3_000).says("one two three four five six", 4_000, 4_400)
        assert caller_of(call) == [(2.0, 3.0, "Yes."), (4.0, 4.4, "one two three four five six")]

    def test_words_without_any_sound_are_nowhere(self):
        call = DoctorCall().picked_up().words("Hello.", 1_500).sounds(4_000, 5_000)
        assert caller_of(call) == [(4.0, 5.0, "")]

    def test_a_short_wordless_sound_is_a_noise(self):
        noise, cough = timeline(DoctorCall().picked_up().sounds(2_000, 3_200).sounds(5_000, 5_300).view).caller
        assert (noise.is_noise, cough.is_noise) == (False, True)


class TestTheRest:
    def test_a_hold_lasts_until_it_is_taken_back_or_the_end(self):
        call = (
            healthy().at(13_000).event(ev.LineHeld, True).event(ev.LineHeld, True).at(15_000).event(ev.LineHeld, False)
        )
        call.event(ev.LineHeld, False).at(16_000).event(ev.LineHeld, True).at(18_000).leg_ended()
        assert [seconds(one) for one in timeline(call.view).held] == [(13.0, 15.0), (16.0, 18.0)]

    def test_the_talk_is_over_when_we_hang_up_or_somebody_else_has_the_caller(self):
        assert timeline(healthy().hangs_up(14_000, "end_call_tool").view).ended_us == 14_000_000
        call = healthy().at(13_000).write(fx.TransferSettled(9, True, "answered")).at(15_000).leg_ended()
        assert timeline(call.view).ended_us == 13_000_000

    def test_a_call_nobody_answered_has_no_sounds(self):
        assert timeline(CallLog().at(5_000).leg_ended().view).agent == ()
