"""An execution as a strictly typed client reads it: every documented key and every key of recorded answers is there, with its type.

The types are those of the contract (chapters 5 to 8) and of recorded answers. Keys beside them are allowed: more may come at any time.
"""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field, StringConstraints

from callwright.insight.wire import encode

Count = Annotated[int, Field(ge=0)]
Amount = Annotated[float, Field(ge=0)]
Digits = Annotated[str, StringConstraints(pattern=r"^\d+$")]
Lines = Annotated[str, StringConstraints(pattern=r"^((assistant|user): [^\n]+\n)*$")]
"""A transcript: nothing, or lines that all end."""
Status = Literal[
    "scheduled", "prepared", "queued", "rescheduled", "initiated", "ringing", "in-progress", "call-disconnected",
    "completed", "balance-low", "busy", "no-answer", "canceled", "failed", "stopped", "error",
]  # fmt: skip


class Typed(BaseModel):
    model_config = ConfigDict(strict=True, extra="allow")


class LlmCost(Typed):
    conversation: Amount
    extraction: Amount
    summarization: Amount
    hangup: Amount
    analytics: Amount
    routing: Amount
    voicemail: Amount


class SynthesizerCost(Typed):
    conversation: Amount
    welcome_message: Amount


class TranscriberCost(Typed):
    conversation: Amount
    analytics: Amount


class CostBreakdown(Typed):
    llm: Amount
    network: Amount
    platform: Amount
    synthesizer: Amount
    transcriber: Amount
    transfer_cost: Amount
    llm_breakdown: LlmCost
    synthesizer_breakdown: SynthesizerCost
    transcriber_breakdown: TranscriberCost


class Tokens(Typed):
    input: Count
    output: Count


class ProviderSource(Typed):
    llm: str
    synthesizer: str
    transcriber: str


class UsageBreakdown(Typed):
    llm_model: dict[str, Tokens]
    llm_model_live: dict[str, Tokens] = Field(alias="llmModel")
    llm_tokens: Count
    llm_tokens_live: Count = Field(alias="llmTokens")
    llm_usage_breakdown: dict[str, Tokens]
    synthesizer_characters: Count
    synthesizer_characters_live: Count = Field(alias="synthesizerCharacters")
    synthesizer_model: str
    synthesizer_provider: str
    synthesizer_usage_breakdown: dict[str, Count]
    voice_id: str
    transcriber_duration: Amount
    transcriber_model: str
    transcriber_provider: str
    transcriber_language: str
    transcriber_usage_breakdown: dict[str, Amount]
    provider_source: ProviderSource


class HeardWords(Typed):
    sequence_id: int
    audio_to_text_latency: Amount
    text: str


class TranscriberTurn(Typed):
    turn: int
    turn_latency: list[HeardWords]


class TranscriberLatency(Typed):
    time_to_connect: float | None
    turns: list[TranscriberTurn]


class Turn(Typed):
    turn: int
    time_to_first_token: float
    time_to_last_token: float | None


class LegLatency(Typed):
    time_to_connect: float | None
    turns: list[Turn]


class Interruption(Typed):
    type: Literal["user_interrupted_agent", "agent_interrupted_user"]
    recovery_completed: bool
    user_start_ms: float | None
    user_end_ms: float | None
    user_duration_ms: float | None


class InterruptionStats(Typed):
    user_interrupted_agent_count: Count
    agent_interrupted_user_count: Count
    total_interruptions: Count
    barge_in_recovery_count: Count
    barge_in_recovery_rate: float | None
    interruption_events: list[Interruption]
    agent_speaking_ms: Count
    user_speaking_ms: Count
    talk_to_listen_ratio: float | None
    longest_agent_monologue_ms: Count


class LatencyData(Typed):
    stream_id: float | None
    time_to_first_audio: float | None
    region: str | None
    transcriber: TranscriberLatency
    llm: LegLatency
    synthesizer: LegLatency
    rag: LegLatency
    interruption_stats: InterruptionStats


class TelephonyData(Typed):
    duration: Digits | None
    to_number: str | None
    from_number: str | None
    recording_url: str | None
    hosted_telephony: bool
    provider_call_id: str | None
    call_type: Literal["outbound", "inbound"]
    provider: str
    hangup_by: str | None
    hangup_reason: str | None
    hangup_provider_code: int | None
    ring_duration: Count | None
    post_dial_delay: Count | None
    to_number_carrier: str | None


class TransferCallData(Typed):
    provider_call_id: str | None
    status: str
    duration: Digits | None
    cost: Amount
    to_number: str
    from_number: str | None
    recording_url: str | None
    hangup_by: str | None
    hangup_reason: str | None
    hangup_provider_code: int | None


class BatchRunDetails(Typed):
    status: Status
    created_at: AwareDatetime
    updated_at: AwareDatetime
    retried: Count


class ContextDetails(Typed):
    recipient_data: dict[str, Any] | None
    recipient_phone_number: str | None


class Price(Typed):
    total: Amount


class RetryAttempt(Typed):
    attempt: int
    status: Status
    at: AwareDatetime


class ExecutionAnswer(Typed):
    id: str
    agent_id: str
    batch_id: Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{32}$")] | None
    status: Status
    smart_status: str
    error_message: str | None
    conversation_duration: Amount
    total_cost: Amount
    answered_by_voice_mail: bool | None
    transcript: Lines | None
    summary: str | None
    created_at: AwareDatetime
    updated_at: AwareDatetime
    scheduled_at: AwareDatetime | None
    initiated_at: AwareDatetime | None
    rescheduled_at: AwareDatetime | None
    user_number: str | None
    agent_number: str | None
    provider: str
    cost_breakdown: CostBreakdown
    usage_breakdown: UsageBreakdown
    price_breakdown: Price
    billing_settled: bool
    telephony_data: TelephonyData
    transfer_call_data: TransferCallData | None
    batch_run_details: BatchRunDetails | None
    extracted_data: dict[str, Any] | None
    custom_extractions: dict[str, Any] | str | None
    agent_extraction: str | None
    extraction_webhook_status: bool
    context_details: ContextDetails
    latency_data: LatencyData | None
    lid_data: dict[str, Any] | None
    retry_count: Count
    retry_config: dict[str, Any] | None
    retry_history: list[RetryAttempt]
    workflow_retries: int | None
    campaign_id: str | None


def typed(body: dict[str, Any] | bytes) -> ExecutionAnswer:
    """``body`` as the client reads it. Raises pydantic.ValidationError with each key that is missing or of another type."""
    return ExecutionAnswer.model_validate_json(body if isinstance(body, bytes) else encode(body))
