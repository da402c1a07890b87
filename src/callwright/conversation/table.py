"""What each event does in each phase of a call, as data. ``core`` interprets it, a page of docs shows it, a test walks it.

Actions: ``keep`` means the log holds the event and nothing else happens; ``note`` puts it into the record by name.
"""

from __future__ import annotations

from collections.abc import Mapping

from callwright.conversation import events as ev

PHASES = ("new", "dialling", "live", "closing", "leaving", "ended")
"""``closing``: last words and goodbye; ``leaving``: hung up, waiting for the leg to say so."""

ACTIONS: Mapping[type, tuple[str, str, str, str, str, str]] = {
    #                      new         dialling       live              closing            leaving            ended
    ev.Started: ("start", "note", "note", "note", "note", "note"),
    ev.Ringing: ("note", "keep", "keep", "keep", "keep", "keep"),
    ev.Answered: ("note", "answer", "note", "note", "note", "note"),
    ev.ActivityBegan: ("keep", "keep", "began", "goodbye_began", "keep", "keep"),
    ev.ActivityEnded: ("keep", "keep", "ended", "goodbye_ended", "keep", "keep"),
    ev.TranscriptPartial: ("keep", "keep", "partial", "goodbye_partial", "collect_partial", "keep"),
    ev.TranscriptFinal: ("early_words", "early_words", "final", "goodbye_final", "collect_final", "late_words"),
    ev.RecogniserEager: ("keep", "keep", "eager", "keep", "keep", "keep"),
    ev.RecogniserResumed: ("keep", "keep", "resumed", "keep", "keep", "keep"),
    ev.RecogniserEnd: ("keep", "keep", "recogniser_end", "goodbye_recogniser_end", "keep", "keep"),
    ev.TurnVerdict: ("keep", "keep", "verdict", "goodbye_verdict", "keep", "keep"),
    ev.KeyPressed: ("key", "key", "press", "key", "key", "key"),
    ev.ReplyText: ("keep", "keep", "text", "text", "keep", "keep"),
    ev.ReplyTool: ("keep", "keep", "tool", "note", "note", "note"),
    ev.ReplyEnded: ("keep", "keep", "reply_ended", "reply_ended", "keep", "keep"),
    ev.UsageReported: ("keep", "keep", "keep", "keep", "keep", "keep"),
    ev.VoiceReady: ("keep", "keep", "voice_ready", "voice_ready", "keep", "keep"),
    ev.VoiceFinished: ("keep", "keep", "voice_finished", "voice_finished", "voice_finished", "keep"),
    ev.PlayoutStarted: ("keep", "keep", "playout", "playout", "keep", "keep"),
    ev.MarkPlayed: ("keep", "keep", "mark", "mark", "keep", "keep"),
    ev.Cleared: ("keep", "keep", "cleared", "cleared", "cleared", "keep"),
    ev.AssetPlayed: ("keep", "keep", "asset_played", "keep", "keep", "keep"),
    ev.ToolResult: ("note", "note", "result", "result", "result", "note"),
    ev.ClassifierVerdict: ("keep", "keep", "classified", "keep", "keep", "keep"),
    ev.MachineDetected: ("note", "note", "machine", "note", "note", "note"),
    ev.TransferProgress: ("note", "note", "transfer", "transfer", "transfer", "transfer"),
    ev.LineHeld: ("keep", "keep", "held", "goodbye_held", "keep", "keep"),
    ev.ProviderSwitched: ("note", "note", "note", "note", "note", "note"),
    ev.ProviderFailed: ("note", "failed_early", "failed", "failed_closing", "keep", "keep"),
    ev.ExternalEvent: ("note", "note", "note", "note", "note", "note"),
    ev.StopRequested: ("stop", "stop", "stop", "stop", "note", "note"),
    ev.LegEnded: ("leg_ended", "leg_ended", "leg_ended", "leg_ended", "leg_ended", "note"),
    ev.DeadlineReached: ("keep", "keep", "keep", "keep", "keep", "keep"),
}
