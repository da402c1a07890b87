"""Every limit of the platform in one list: bytes, items, seconds, retries. ``docs/reference/limits.md`` is generated from it."""

from __future__ import annotations

MAX_BODY_BYTES = 1_048_576
"""Largest JSON request body."""

MAX_DISCARDED_BYTES = 8_388_608
"""Bytes of an oversized body that are read before the answer."""

MAX_USER_DATA_BYTES = 25_600
"""Largest ``user_data`` per call, as JSON."""

MAX_AGENT_BYTES = 524_288
"""Largest agent body, as JSON."""

MAX_AGENT_ERRORS = 50
"""Errors in one answer to a validation."""

MAX_AGENT_VERSIONS = 50
"""Versions per agent. The oldest is deleted."""

MAX_AGENT_WARNINGS = 50
"""Warnings per agent."""

MAX_UNKNOWN_KEYS = 200
"""Unknown keys looked at for warnings."""

MAX_JSON_DEPTH = 40
"""Nesting of a JSON body."""

MAX_PROMPT_CHARACTERS = 100_000
"""Longest system prompt."""

MAX_NUMBER_CHARACTERS = 200
"""Longest phone number or address."""

MAX_NAME_CHARACTERS = 200
"""Longest name of an agent or a key."""

MAX_IDEMPOTENCY_KEY_CHARACTERS = 255
"""``Idempotency-Key``, kept for 24 hours."""

WORK_UNDER_KEY_SECONDS = 180
"""Longest request under one ``Idempotency-Key``; then it may be repeated."""

MAX_PAGE_SIZE = 50
"""Rows per page; more is clamped."""

MAX_CALL_SECONDS = 2_400
"""Longest call, whatever ``call_terminate`` says."""

MAX_RING_SECONDS = 60
"""Longest ringing; then the call ends as no-answer."""

POST_CALL_SECONDS = 600
"""Longest time from ``call-disconnected`` to ``completed``."""

MAX_MODEL_TOOL_LOOPS = 8
"""Tool calls of one turn before the model must answer in words. Further ones are refused."""

MAX_HISTORY_MESSAGES = 400
"""Messages kept for the model; the oldest turns are dropped first."""

MAX_REPLY_CHARACTERS = 4_000
"""Longest reply of a model; the rest is cut and noted."""

MAX_UTTERANCE_CHARACTERS = 4_000
"""Longest utterance of a caller. The rest is cut and noted."""

MAX_LOG_ENTRY_BYTES = 65_536
"""Longest entry of a call log; longer text fields are cut and marked."""

MAX_WEBHOOK_ANSWER_CHARACTERS = 2_048
"""How much of a webhook receiver's answer is kept."""

MAX_DELIVERIES_LISTED = 1_000
"""Webhooks that one command lists or resends."""

MAX_SOCKET_PATH_BYTES = 107
"""Longest path of a unix socket (the kernel's limit)."""

MAX_SERVER_LOG_BYTES = 5_242_880
"""Size at which the embedded database's log is moved aside; one older log is kept."""

DATABASE_CONNECTIONS = 6
"""Pooled connections per process. It has one more to listen, and up to five for jobs."""

SLOW_UNITS = 4
"""Transactions per process that may stay open while a body is read or another service is asked, half of them of one organisation."""

DATABASE_STATEMENT_SECONDS = 60
"""Longest single statement; the unit is undone and answers unavailable."""

MAX_JOB_TRIES = 8
"""Tries of a background job before it is held for a person to look at."""

MAX_JOBS = 16
"""Background jobs at once per process."""

MAX_JOBS_OF_ONE = 4
"""Those per organisation, sub-accounts included."""

MAX_WEBHOOKS_SENT = 48
"""Webhooks on their way at once per process. Those of batches have as many of their own."""

MAX_WEBHOOKS_SENT_OF_ONE = 12
"""Those per organisation, sub-accounts included."""

MAX_WEBHOOKS_SENT_TO_ONE = 8
"""Those per organisation and receiving host."""

REPLAY_SECONDS = 60
"""Longest time a replay or a what-if may be computed; after it, its process is ended."""

MAX_REPLAYS = 2
"""Replays and what-ifs at once per process."""

MAX_REPLAYS_OF_ONE = 1
"""Those per organisation."""

MAX_REPLAY_MESSAGE_BYTES = 33_554_432
"""Longest message from a process that computes a replay."""

MAX_EXECUTIONS_LISTED = 200
"""Executions in one answer over all agents; more is clamped."""

MAX_LIVE_LISTED = 50
"""Live calls in one answer; the newest."""

MAX_LIVE_EXAMINED_BYTES = 262_144
"""Longest log of a live call that the call doctor examines for the list of them."""

MAX_EXECUTIONS_SUMMED = 50_000
"""Most executions of a batch, with findings or with long waits that one answer adds up for its totals."""

MAX_EXECUTIONS_SEARCHED = 10_000
"""The same of those that are found by text, disposition or cost."""

MAX_WAITS_SORTED = 2_000
"""Most calls whose waits are sorted for a median; of more, it is counted in steps of 10 %."""

MAX_SUMMARY_SHOWN = 300
"""Characters of a call's summary in a list."""

MAX_SEARCHED_CHARACTERS = 100_000
"""Characters of a call that a search looks in."""

MAX_SUMMARY_VALUES = 100
"""Waits and dispositions of a call that a list keeps."""

SUMMARIES_AT_ONCE = 20
"""Executions from before an upgrade that get their row of the list in one transaction."""

MAX_SEARCH_CHARACTERS = 100
"""Longest text to search for."""

MAX_ENTRIES_LISTED = 1_000
"""Log entries in one answer; more is clamped."""

MIN_PEAKS_PER_SECOND = 1
"""Fewest waveform values per second."""

MAX_PEAKS_PER_SECOND = 200
"""Most of them."""

MAX_EVENTS_LISTED = 100
"""Events in one answer; more is clamped."""

MAX_EVENT_PAGE_BYTES = 4 * 1_048_576
"""Bytes of bodies after which such an answer ends."""

MAX_EVENTS_SCANNED = 10_000
"""Events that a request with ``types`` looks at before it answers."""

MAX_EVENT_WAIT_SECONDS = 30
"""Longest ``wait`` for events."""

EVENT_POLL_SECONDS = 5.0
"""Interval at which a waiting request looks whether its client is still there."""

MAX_EVENT_WAITS = 100
"""Requests that wait for events, per process."""

MAX_EVENT_WAITS_OF_ONE = 10
"""Those per organisation."""

MAX_WEBHOOKS_REPLAYED = 10_000
"""Webhooks in one replay. A larger range is refused."""

MAX_WEBHOOK_ENDPOINTS = 500
"""Endpoints of an account with webhooks that wait, of which a sender looks at the first ones."""

PAUSE_AFTER_HOURS = 12
"""Hours in which every try at a webhook endpoint failed before it is paused."""

PAUSE_AFTER_FAILURES = 5
"""Failed tries in those hours, at least."""

PROBE_SECONDS = 900
"""Interval at which a paused webhook endpoint gets one webhook, to see whether it answers again."""

MAX_EVENTS_ORDERED = 1_000
"""Events that get their positions in one transaction."""

MAX_AGENT_TASKS = 20
"""Tasks per agent."""

MAX_AGENT_TOOLS = 64
"""Tools per agent."""

MAX_AGENT_CREDENTIALS = 500
"""Credentials inside an agent."""

MAX_WEBHOOK_HEADERS = 20
"""Webhook headers of an agent."""

MAX_ADDRESS_CHARACTERS = 2_048
"""Longest URL in an agent."""

MIN_PATIENCE_MS = 200
"""Least ``patience``."""

MAX_PATIENCE_MS = 5_000
"""Most ``patience``. Spelling gets two and a half times as long."""

MAX_DELAY_MS = 60_000
"""Longest delay of an agent (``endpointing``, ...)."""

MAX_MODEL_TOKENS = 1_000_000
"""Largest ``max_tokens``."""

MAX_PAGE_NUMBER = 1_000_000
"""Highest page of a list."""

MAX_SCHEDULE_DAYS = 366
"""How far ahead a call may be scheduled; strict: 30."""

MONEY_HELD_SECONDS = 30
"""How long a batch's call waits while calls under way have reserved the money that it needs."""

MAX_CAP_CENTS = 1_000_000_000
"""Highest cap and largest top-up, in cents."""

MAX_CALL_RETRIES = 3
"""Largest ``max_retries``."""

MAX_STOPPED_AT_ONCE = 5_000
"""Waiting calls that stopping an agent ends."""

RECORDING_LINK_SECONDS = 86_400
"""Validity of a recording link."""

LIVE_HEARTBEAT_SECONDS = 15
"""Longest silence on a live event stream before a comment."""

LIVE_SEND_SECONDS = 30
"""Time after which an unread event stream is closed."""

MAX_LIVE_STREAMS = 200
"""Live event streams per process."""

MAX_LIVE_STREAMS_OF_ONE = 50
"""Those per organisation."""

STANDING_SECONDS = 0.5
"""Interval at which the key of a long request is checked again."""

UNCHECKED_SECONDS = 30
"""How long an event stream continues while the database is down."""

MODEL_ANSWER_SECONDS = 60
"""Longest answer of a language model on a live call; then it counts as failed."""

CLASSIFIER_SECONDS = 6
"""Longest wait for a yes/no question to a model on a live call."""

MODEL_LIST_SECONDS = 5
"""Longest wait for an endpoint's list of models."""

MODEL_SILENT_SECONDS = 5
"""Silence after which a model whose answer is no longer wanted has failed."""

AT_REST_SECONDS = 60
"""Longest wait of a loop for which the process's looks, one every 5 seconds, find nothing to do; a notice or a look wakes it."""

VAD_GATHER_SECONDS = 0.01
"""How long a detector of voice activity may wait for other calls' sound, to judge it together."""

TURN_MODEL_SECONDS = 5
"""Longest work of the turn model on one question."""

PROVIDER_CLOSE_SECONDS = 10
"""Longest wait for a recogniser to close and report its usage; then usage is estimated."""

VOICE_PIECE_SECONDS = 12
"""Longest wait for the next piece of a clause's audio; then the voice has failed."""

VOICE_CLOSE_SECONDS = 5
"""Longest wait for a voice to close after the last piece of a clause."""

MAX_UNHEARD_SECONDS = 60
"""Caller audio kept for a recogniser that is not open yet (about 1 MB a call); then it has failed."""

TOOL_SECONDS = 60
"""Longest work of one tool call."""

MAX_LIVE_BACKLOG = 1_000
"""Log entries kept for a slow watcher of a call; more are dropped and counted."""

LEG_END_SECONDS = 8
"""Longest wait for a leg to report its end after the hang-up."""

ONE_WAY_SECONDS = 10
"""Digital silence from the caller after which an answered call counts as one-way audio."""

NODE_DEAD_SECONDS = 20
"""A process is dead when its heartbeat stands still over this much of another's successful reads."""

MAX_LOST_CLAIMS = 3
"""How often a call waits again whose process died before it was dialled: it may itself be what kills them."""

LOG_CHUNK_BYTES = 262_144
"""Most of a call's log that is sent to the ledger in one piece."""

LIVE_RECENT_ENTRIES = 200
"""Newest entries of a live call kept for a watcher that comes back."""

MAX_DOCTOR_FINDINGS = 30
"""Findings per execution; the worst."""

WARM_BEFORE_DIAL_SECONDS = 30
"""Longest wait for model, voice and recogniser before a call is dialled."""

MAX_QUEUED_JOBS = 64
"""Jobs waiting for one inference process; more are refused."""

MAX_STEPS_BACK = 8
"""How often a post-call job gives way to live ones in an inference process."""

MAX_INFERENCE_MESSAGE_BYTES = 16_777_216
"""Largest message between the platform and an inference process."""

MAX_PROMPT_STATES = 32
"""Prompts that the local language model keeps on disk; the least recently used goes first."""

MAX_PROMPT_STATE_BYTES = 536_870_912
"""Bytes of those files together."""

MAX_PROMPT_STATE_DAYS = 30
"""Days without use after which such a file is deleted."""

MAX_CLAUSE_CHARACTERS = 600
"""Longest clause a local voice says in one piece."""

MAX_SIP_CALLS = 250
"""Largest setting of SIP calls at once; one gateway process holds 255."""

MAX_SIP_UNACKNOWLEDGED = 20
"""Default of incoming SIP calls of one address that are not acknowledged yet."""

MAX_SIP_HEADERS_KEPT = 14
"""Most headers kept of every incoming SIP call, beside those its agent names."""

MAX_SIP_HEADERS = 20
"""Custom headers of one outgoing SIP call."""

MAX_SIP_HEADER_CHARACTERS = 512
"""Longest value of one."""

MAX_SIP_HEADERS_BYTES = 4_096
"""All of them."""

MAX_SIP_KEYS = 64
"""Most DTMF keys sent at once on a SIP call."""

MAX_CAPTURE_SECONDS = 600
"""Longest packet capture."""

MAX_CAPTURE_BYTES = 20_971_520
"""Largest file of captured packets."""

MAX_CAPTURES_OF_ONE = 4
"""Captures at once per organisation."""

MAX_CAPTURES = 16
"""Captures at once."""

SIP_TRANSFER_SECONDS = 30
"""How long the target of a transfer may ring that we call ourselves, over SIP or through Asterisk."""

SIP_REFER_SECONDS = 44
"""How long a phone may take to reach the target that we send it to. The core waits a little longer (``TRANSFER_WAIT_MS``)."""

SIP_GATEWAY_BACKLOG_BYTES = 4_194_304
"""Most bytes that wait for a SIP gateway; then it counts as gone."""

MAX_SIP_INVITES_KEPT = 1_024
"""Abandoned INVITEs that a gateway remembers, to cancel or end a late answer."""

SIP_LAST_WORDS_SECONDS = 8
"""How long a BYE for a call of a dead SIP gateway is repeated."""

MAX_PBX_CALLS = 500
"""Calls at once through the operator's PBX, per process."""

MAX_PBX_REQUESTS = 20
"""Requests to a PBX at once; others wait."""

MAX_PBX_EVENT_BYTES = 1_048_576
"""Largest event of a PBX; a larger one closes its connection, which is opened again."""

MAX_PBX_MEDIA_MESSAGE_BYTES = 65_536
"""Largest message of a PBX's media websocket; a larger one ends the call."""

MAX_PBX_MEDIA_WAITING_BYTES = 65_536
"""Most bytes that wait for a PBX's media websocket: 8 s of audio. More end the call."""

PBX_CONNECT_SECONDS = 5
"""How long a PBX may take to open a websocket."""

PBX_RECONNECT_SECONDS = 30
"""Longest pause between two tries to hear the events of a PBX."""

PBX_END_SECONDS = 60
"""How long a PBX that cannot be reached is asked to end a call."""

MAX_LINE_DELAY_MS = 2_000
"""Longest delay, jitter, echo or jitter buffer of a simulated line."""

MAX_LINE_TEXT_CHARACTERS = 500
"""Longest text that describes a simulated line."""

MAX_RELAY_PACKETS = 4_000
"""Packets under way in one test relay; more are dropped and counted."""

MAX_RELAY_CALLS = 32
"""Dialogs whose sound one test relay carries at once."""

MAX_RELAY_SECONDS = 3_600
"""Longest life of one test relay."""

MAX_TRANSFERS = 5
"""Transfers tried in one call."""

TRANSFER_RING_SECONDS = 30
"""How long the target of a blind or attended transfer may ring. With the reconnection of the caller, less than a transfer waits."""

WARM_RING_SECONDS = 25
"""How long the target of a warm transfer may ring."""

WARM_BRIEFING_SECONDS = 22
"""How long the briefing of a warm transfer and the key that accepts may take. With the ringing, less than a transfer is waited for."""

BRIEFING_SECONDS = 8
"""How long a model may take to write the briefing of a warm transfer."""

MAX_BRIEFING_CHARACTERS = 600
"""The longest briefing of a warm transfer; the rest is cut off."""

TARGET_END_SECONDS = 7
"""How long the end of a call waits for the leg of a warm transfer's target to report its end."""

RELAY_PREFILL_FRAMES = 2
"""Frames of 20 ms that wait before sound relayed between two legs goes on, so that a small jitter is not heard."""

MAX_RELAY_FRAMES = 15
"""Most frames that wait to be relayed from one leg to another; then the oldest are dropped."""

MAX_KEY_DIGITS = 32
"""Keys of one entry."""

MAX_EXTENSION_CHARACTERS = 32
"""Longest extension."""

MAX_EXTENSIONS = 1_000
"""Extensions per organisation."""

WARM_BEFORE_ANSWER_SECONDS = 3
"""Longest wait for the model before an incoming call is answered."""

SPEECH_BEFORE_ANSWER_SECONDS = 12
"""Longest wait for voice and recogniser before an incoming call is answered; until then it rings."""

INBOUND_LOOKUP_SECONDS = 5
"""Longest look at the database for a call that comes in; then it is refused."""

MAX_EXTRACTION_KEYS = 40
"""Values per extraction; others are left out."""

MAX_POST_ANSWER_CHARACTERS = 16_000
"""How much of a model's answer after a call is read."""

MAX_USAGE_AMOUNT = 10_000_000_000
"""Most tokens, characters or milliseconds that one request is recorded with, whatever its provider tells."""

POST_QUESTION_SECONDS = 120
"""Longest answer of a model to one question after a call."""

MAX_DISPOSITIONS = 1_000
"""Dispositions per organisation."""

MAX_AGENT_DISPOSITIONS = 50
"""Dispositions per agent."""

MAX_DISPOSITION_AGENTS = 100
"""Agents in a new disposition."""

MAX_DISPOSITION_BYTES = 32_768
"""Largest body of a disposition, as JSON."""

MAX_QUESTION_CHARACTERS = 4_000
"""Longest text of a disposition."""

MAX_OPTION_CHARACTERS = 200
"""Longest value of an objective option."""

MAX_OPTIONS = 100
"""Options per disposition, nested ones included."""

MAX_OPTION_DEPTH = 4
"""Levels of options within options."""

MAX_PATTERN_CHARACTERS = 300
"""Longest pattern of an answer."""

MAX_PATTERN_STATES = 500
"""States of such a pattern; repetitions count each time."""

MAX_CHECKED_CHARACTERS = 300
"""Longest answer matched against a pattern."""

MAX_SEARCH_STEPS = 5_000_000
"""Work of a scripted model's patterns for one answer, in instructions times characters."""

MAX_FILLED_CHARACTERS = 32_000
"""Characters of a scripted answer's templates and their values."""

MAX_INTENT_SENTENCES = 500
"""Sentences of a prompt, and examples of intents, that the model `intents` compares a turn with; further sentences are left out."""

INTENT_SENTENCES_AT_ONCE = 16
"""Of these, how many the speech process reads in one piece: between two pieces other calls have their turn."""

MAX_SUBJECTIVE_CHARACTERS = 4_000
"""Longest answer of a model to a disposition."""

MAX_TRANSCRIPT_CHARACTERS = 100_000
"""Longest transcript of a trial."""

MAX_EXAMINATIONS = 2
"""Tests of dispositions under way in one process, one of an account; more are refused."""

EXAMINATION_SECONDS = 45
"""Longest test of dispositions."""

MAX_EXTRACTION_RUNS = 20
"""How often one call may be asked again."""

MAX_EXTRACTIONS_AT_ONCE = 200
"""Past calls in one such request."""

EXTRACTION_STALE_SECONDS = 3_600
"""Age at which a queued question may be asked anew."""

MAX_TEMPLATES = 500
"""Extraction templates per organisation."""

MAX_TEMPLATE_BYTES = 65_536
"""Largest template, as JSON."""

MAX_MODEL_TOOL_CALLS = 16
"""Tool calls in one answer of a model; further ones are dropped."""

MAX_TOOL_ARGUMENT_CHARACTERS = 65_536
"""Longest arguments of one tool call; the rest is cut."""

MAX_KEYWORDS = 100
"""Keywords of a recogniser; others are left out."""

MAX_WEB_ANSWER_BYTES = 1_048_576
"""Bytes read of a web server's answer."""

MAX_STREAM_BYTES = 16_777_216
"""Largest streamed answer of a model's endpoint, as it comes and unpacked."""

MAX_STREAM_EVENT_BYTES = 1_048_576
"""Largest event of such an answer."""

MAX_STREAM_LINES = 200_000
"""Most lines of such an answer."""

STREAM_SECONDS = 180
"""Longest streamed answer of a model's endpoint, from its head to its end."""

MAX_ERROR_ANSWER_BYTES = 65_536
"""How much is read of what a model's endpoint says with an error."""

ERROR_ANSWER_SECONDS = 5
"""How long that may take; then the status alone counts."""

MAX_ADDRESSES_TRIED = 4
"""Addresses of a host name that are tried one after the other."""

MAX_URL_CHARACTERS = 2_048
"""Longest URL that is requested."""

MAX_API_KEY_CHARACTERS = 200
"""Longest API key."""

MAX_PRICES = 10_000
"""Entries of a price book."""

MAX_PROVIDER_CALLS = 500
"""Latest calls in a provider's latency and failures."""

MAX_ESTIMATE_CALLS = 50
"""An agent's last calls behind its estimate."""

MAX_BACKUP_MANIFEST_BYTES = 268_435_456
"""Longest list of contents of a backup that is read back."""

MAX_CALLER_RULES = 200
"""Most entries of a list of a synthetic caller: rules, keys, sounds."""

MAX_CALLER_LINE_CHARACTERS = 1_000
"""Longest sentence of a synthetic caller."""

TOOL_REQUEST_SECONDS = 10
"""Longest request of an HTTP tool, or of a webhook before one."""

MAX_TOOL_REQUEST_BYTES = 262_144
"""Largest body an HTTP tool sends."""

MAX_TOOL_TRIALS = 4
"""Tool trials at once per process, one per account."""

MAX_TOOL_RESULT_CHARACTERS = 8_000
"""Tool answer that the model gets. Longer JSON is condensed, other text cut."""

MAX_TOOL_ERROR_CHARACTERS = 1_000
"""Error of a web service that the model gets."""

MAX_TOOL_HEADERS = 30
"""Headers of one HTTP tool."""

MAX_TOOL_HEADER_CHARACTERS = 8_192
"""Longest filled value of such a header."""

MAX_TOOL_LEARNED_CHARACTERS = 262_144
"""Longest JSON answer whose values become variables."""

MAX_CONTEXT_NAMES = 200
"""Variables from tools' answers and objects of ``user_data``."""

MAX_CONTEXT_CHARACTERS = 25_600
"""Names and values of those from tools."""

MAX_CONTEXT_VALUE_CHARACTERS = 2_000
"""Longest such value."""

MAX_TOOL_VALUE_DEPTH = 32
"""Nesting of arguments and variables."""

MAX_CALLBACK_DAYS = 30
"""How far ahead a call-back may be."""

MAX_CALLBACKS_IN_A_ROW = 5
"""Most call backs that follow from one another, each asked for in the one before."""

MAX_CALLBACK_LATE_SECONDS = 3_600
"""How late a call-back may be made if its first call was settled late."""

CHAT_SILENCE_SECONDS = 600
"""Default silence that ends a chat."""

MAX_CHAT_SILENCE_SECONDS = 1_200
"""Longest silence in a chat."""

CHAT_WAIT_SECONDS = 30
"""Default wait for a reply."""

MAX_CHAT_WAIT_SECONDS = 60
"""Longest such wait."""

MAX_WAITING_MESSAGES = 4
"""Sentences of ``tool_waiting_messages``."""

MAX_WAITING_CHARACTERS = 300
"""Longest sentence of ``tool_waiting_messages``."""

MAX_KEYS_SENT = 32
"""Keys the model may press at once, with pauses."""

MAX_KEY_PAUSE_MS = 10_000
"""Their pauses together."""

MAX_END_REASON_CHARACTERS = 500
"""How much of the model's reason to end a call is kept."""

MAX_VOICEMAIL_LISTEN_SECONDS = 10
"""Longest ``voicemail_detection_time``."""

MAX_SPOKEN_ASSETS = 512
"""Fillers and listener's sounds kept in a process; the least recently used go first."""

MAX_AMBIENT_FILE_BYTES = 10_485_760
"""Largest WAV file of an ambient track."""

MAX_AUDIT_TEXT_CHARACTERS = 2_000
"""Longest text kept whole in the audit trail."""

MAX_AUDIT_BYTES = 65_536
"""Before or after of an audit entry; of a larger one the key names."""

LEAST_AUDIT_DAYS = 30
"""Least retention of the audit trail, whatever the setting."""

MAX_FORM_PARTS = 1_000
"""Parts of a form."""

MAX_FORM_NAME_CHARACTERS = 200
"""Longest name of a form field."""

MAX_FORM_FIELD_BYTES = 65_536
"""Largest text field of a form."""

MAX_FORM_PART_HEADERS = 8
"""Headers per form part."""

MAX_FORM_HEADER_BYTES = 4_096
"""Longest header of a form part."""

MAX_FORM_MEMORY_BYTES = 1_048_576
"""Bytes of an upload held in memory. The rest goes to disk."""

MAX_UPLOADS = 32
"""Uploads at once per process."""

MAX_UPLOADS_OF_ONE = 4
"""Those per organisation."""

MAX_UPLOADS_IN_MEMORY = 2
"""Uploads that one process holds whole in memory. Others wait on disk."""

MAX_FILE_NAME_CHARACTERS = 255
"""Kept name of an uploaded file."""

MAX_BARE_EXECUTIONS = 500
"""Newest executions in ``GET /agent/{id}/executions``."""

MAX_CALL_EVENTS = 100
"""Events per call (``POST /v1/call/{run_id}/events``)."""

MAX_EVENT_BYTES = 25_600
"""Largest ``properties`` of one, as JSON."""

MAX_TRUNKS = 100
"""SIP trunks per organisation."""

MAX_TRUNK_NUMBERS = 1_000
"""Numbers per SIP trunk."""

MAX_TRUNK_GATEWAYS = 10
"""Gateways per SIP trunk."""

MAX_TRUNK_NETWORKS = 50
"""Source addresses and networks per SIP trunk."""

MAX_TRUNKS_KEPT = 500
"""Active SIP trunks whose gateways one process asks with OPTIONS, the oldest first."""

MAX_SIP_REGISTRATIONS = 200
"""SIP trunks that one process keeps registered, the oldest first."""

TRUNK_REGISTRATION_SECONDS = 300
"""How long a registration asks to be kept; it is repeated before that."""

TRUNK_LOOK_SECONDS = 30
"""How often a process looks whether another one has changed a SIP trunk."""

MIN_QUALIFY_SECONDS = 10
"""Shortest time between two OPTIONS to a gateway; a trunk that names less gets this."""

TRUNK_OPTIONS_SECONDS = 4
"""How long a gateway may take to answer OPTIONS before it counts as unreachable."""

MAX_GATEWAY_WEIGHT = 1_000
"""Weight of a gateway."""

TRUNK_GATEWAY_SECONDS = 6
"""Longest silence of a trunk's gateway after an INVITE; then the next gateway is asked."""

TRUNK_SILENCE_SECONDS = 60
"""How long a silent gateway of a trunk is asked last."""

MAX_SILENT_GATEWAYS = 1_024
"""Most gateways of SIP trunks that a process remembers as silent."""

MAX_IVR_STEPS = 50
"""Steps of a menu."""

MAX_HEADER_VARIABLES = 50
"""Entries of ``sip_header_variables``."""

MAX_SECRET_CHARACTERS = 4_096
"""Longest token or password."""

MAX_WHITELISTED = 10_000
"""Numbers of ``whitelist_phone_numbers``."""

TALK_RECORDING_SECONDS = 600
"""Longest fetching of a carrier's recording of the talk after a transfer."""

MAX_TALK_RECORDING_BYTES = 160_000_000
"""Largest such recording: 80 minutes of two sides."""

CARRIER_API_SECONDS = 10
"""Longest answer of a carrier's API to one request about its numbers."""

TEST_CALL_SECONDS = 300
"""How long ``callwright connect --call`` waits for the end of its call."""

CARRIER_LIST_SECONDS = 5
"""Longest query of a carrier's numbers."""

CARRIER_LIST_AGE_SECONDS = 60
"""How long its answer is reused."""

MAX_CARRIER_NUMBERS = 1_000
"""Listed numbers per account at one carrier."""

ORDER_SECONDS = 60
"""Longest order of a number. Repeat the request to read the result."""

ORDER_FORGOTTEN_SECONDS = 600
"""Age at which an unresolved order is forgotten."""

CALLER_LOOKUP_SECONDS = 5
"""Longest look-up of a caller's data before an incoming call is answered."""

MAX_CONTACT_FILE_BYTES = 10_485_760
"""Largest CSV file of contacts."""

MAX_CONTACTS = 100_000
"""Contacts per file."""

MAX_CONTACT_COLUMNS = 100
"""Columns per file."""

MAX_CONTACT_FILES = 100
"""Such files per organisation."""

MAX_KEYS = 1_000
"""API keys per account, without revoked ones."""

MAX_LISTED_KEYS = 5_000
"""Most API keys in one list, the newest; those of sub-accounts are in it too."""

SESSION_SECONDS = 604_800
"""Longest session of the dashboard."""

SESSION_IDLE_SECONDS = 43_200
"""Its longest time without a request."""

SESSION_USE_SECONDS = 60
"""Interval at which the use of a session is stored."""

MAX_SESSIONS_OF_KEY = 20
"""Sessions per API key. Another one ends the one used longest ago."""

MAX_LISTED_SESSIONS = 1_000
"""Most sessions in one list, those used last."""

MAX_SESSION_CLIENT_CHARACTERS = 200
"""Stored characters of the name of a session's browser."""

MAX_SIGN_IN_BYTES = 4_096
"""Largest body of a request that signs in."""

SIGN_IN_CODE_SECONDS = 600
"""Validity of a sign-in link."""

MAX_SUB_ACCOUNTS = 1_000
"""Sub-accounts per organisation."""

MAX_CONCURRENCY = 100_000
"""Concurrent calls of an account."""

MAX_RATE_WINDOWS = 20_000
"""Rate-limit counters per process."""

MAX_SUSPECT_LOOKUPS = 2
"""Key look-ups at once for addresses that sent too many bad keys."""

MAX_SUSPECTS_WAITING = 50
"""Waiting requests of such addresses."""

MAX_SUSPECTS_WAITING_OF_ADDRESS = 10
"""Those per address."""

MAX_SECURITY_LINES_OF_SOURCE = 10
"""Lines of security events in the log per minute and address."""

MAX_SECURITY_LINES = 300
"""Those of all addresses."""

MAX_SECURITY_SOURCES_COUNTED = 100
"""Addresses whose further events are counted apart."""

MAX_SECURITY_LINE_CHARACTERS = 300
"""Characters of a security event in the log."""

MIN_WEBHOOK_SECRET_BYTES = 24
"""Least bytes of a webhook secret."""

MAX_PROVIDER_KEYS = 200
"""Provider keys per organisation."""

MAX_PROVIDER_KEY_NAME_CHARACTERS = 100
"""Longest name of one."""

MAX_PROVIDER_KEY_CHARACTERS = 16_384
"""Longest value of one."""

MAX_CUSTOM_MODELS = 200
"""Models that an organisation names."""

ACCESS_SECONDS = 5
"""Longest read of a call's provider keys; it is tried three times."""

MAX_ENDPOINT_CLIENTS = 256
"""Clients of model endpoints kept by a process; the least recently used go first."""

MAX_THOUGHTS_KEPT = 2_000
"""Signed thoughts that a process keeps for the next question of their calls; the oldest go first."""

MAX_THOUGHT_CHARACTERS = 65_536
"""Longest signed thought that is kept."""

MAX_USAGE_DAYS = 32
"""Longest period of a usage request."""

MAX_KNOWN_KEYS = 10_000
"""API keys a process keeps in memory."""

KNOWN_KEY_SECONDS = 5
"""How long a process trusts a remembered API key without news from the database."""

MAX_CACHED_BODIES = 500
"""Encoded executions that a process caches."""

MAX_IGNORED_NAMES = 20
"""Ignored query parameters named per answer."""

MAX_HEADERS = 100
"""Most headers of a request."""

MAX_HEAD_BYTES = 32_768
"""Largest line and headers of a request together; refused before they are parsed."""

MAX_CONNECTIONS = 1_000
"""Default of HTTP connections of a process. Then the one without a request that has waited longest is closed."""

MAX_CONNECTIONS_OF_ADDRESS = 250
"""Default of HTTP connections of one address, or of one IPv6 network of 64 bits. More are closed before they are read."""

MIN_CONNECTIONS = 32
"""HTTP connections of a process with too few file descriptors."""

MAX_DESCRIPTORS = 65_536
"""File descriptors to which a process raises its limit, where the system allows as many."""

PROCESS_DESCRIPTORS = 128
"""File descriptors kept for the process itself: database, jobs, webhooks, inference, SIP gateway."""

CALL_DESCRIPTORS = 6
"""File descriptors kept for each call: log, recording, recogniser, model, voice, tool."""

CONNECTION_LOG_SECONDS = 60
"""Least time between two log lines about connections that were closed as too many."""

HEAD_SECONDS = 30
"""Longest time to send the request line and headers; then the connection is closed."""

BODY_SECONDS = 30
"""Time to send a body, plus one second for each ``BODY_BYTES_A_SECOND``."""

UNREAD_SECONDS = 10
"""How long the client of a closing connection may read nothing before it is cut."""

BODY_BYTES_A_SECOND = 32_768
"""Slowest pace of a large body."""

MAX_BATCH_FILE_BYTES = 52_428_800
"""Largest list of a batch."""

MAX_BATCH_CONTACTS = 200_000
"""Its rows."""

MAX_BATCH_COLUMNS = 200
"""Its columns."""

MAX_BATCH_ROW_BYTES = 131_072
"""Its longest line."""

MAX_BATCH_NUMBERS = 100
"""``from_phone_numbers`` of a batch."""

MAX_REFUSED_ROWS_KEPT = 100
"""Refused rows in an answer; ``refused.csv`` has all."""

MAX_REFUSED_ROW_CHARACTERS = 25_600
"""Longest refused row whose cells are kept."""

MAX_RESULT_COLUMNS = 300
"""Columns of extracted data in ``results.csv``; further values share one."""

MAX_BATCHES_LISTED = 500
"""Newest batches in `GET /batches/{agent_id}/all`."""

MAX_BATCHES_AT_ONCE = 200
"""Batches that release contacts at once; later ones wait."""

MAX_BATCH_AHEAD = 50
"""Batch calls of a tenant in its queue; other contacts wait."""

MIN_CALLS_PER_SECOND = 0.01
"""Least ``calls_per_second``."""

MAX_CALLS_PER_SECOND = 1_000
"""Most of it."""

MAX_PACED_NAMES = 1_000
"""Carriers, or numbers, in a calling policy."""

MAX_BREAKER_CALLS = 1_000
"""Largest ``min_calls`` of a breaker."""

MAX_BREAKER_SECONDS = 86_400
"""Longest window of a breaker."""

MAX_REST_CALLS = 1_000
"""Largest ``min_calls`` of a number's rest."""

MAX_REST_MINUTES = 10_080
"""Longest rest of a number, and its longest window."""

MAX_LANES = 1_000
"""Batches and numbers whose waiting calls are looked at in one admission, the longest waiting ones."""

LATE_AUDIO_MS = 30
"""Lateness of live audio (p99) from which a process begins one batch call a second."""

TOO_LATE_AUDIO_MS = 80
"""Lateness from which it begins none."""

INBOUND_CALLS_A_SECOND = 5
"""Default of the incoming calls that a process begins in a second, of all carriers; one a second while live audio is LATE_AUDIO_MS late."""

INBOUND_BURST_SECONDS = 8
"""Seconds whose incoming calls may come at once."""

MAX_INBOUND_CALLS_A_SECOND = 1_000
"""Most incoming calls a second that can be set."""

MAX_VOICES_PAGE_SIZE = 100
"""Voices per page; more is clamped."""

MAX_PRONUNCIATION_RULES = 100
"""Pronunciation rules per agent."""

MAX_PRONOUNCED_CHARACTERS = 50
"""Longest ``word`` of a pronunciation rule."""

MAX_SAY_AS_CHARACTERS = 100
"""Longest ``say_as`` of one."""

VOICE_CATALOGUE_SECONDS = 3_600
"""Age of a vendor's list of voices at which it is read again."""

VOICE_CATALOGUE_RETRY_SECONDS = 60
"""Wait after a list that could not be read."""

VOICE_CATALOGUE_READ_SECONDS = 8
"""Longest time a vendor's list may take."""

MAX_CATALOGUE_VOICES = 2_000
"""Voices of an account at a vendor; the rest is left out."""

MAX_CATALOGUE_PAGES = 20
"""Requests for one list of voices at a vendor."""

MAX_VOICE_CATALOGUES = 500
"""Lists of vendors kept in memory; the least recently used go first."""

VOICE_SAMPLE_SECONDS = 12
"""Longest sample of a voice, and the longest wait for it."""

MAX_VOICE_SAMPLES = 200
"""Samples of voices kept in memory; the least recently used go first."""

MAX_IMPORTED_VOICES = 500
"""Voices that an organisation imports."""

MAX_VOICE_ID_CHARACTERS = 200
"""Id of an imported voice."""

MAX_SAMPLES_AT_ONCE = 4
"""Voice samples at once per process, one per organisation."""

MAX_UPLOADED_SOUND_BYTES = 10_485_760
"""Largest ambient track."""

MAX_OWN_TRACKS = 100
"""Ambient tracks per account."""

MAX_TRACKS_IN_MEMORY = 32
"""Ambient tracks kept in memory; the least recently used go first."""

TRACK_SECONDS = 5
"""Longest look at the database for an ambient track; the call goes on without it."""

MAX_KNOWLEDGE_BASE_BYTES = 20_971_520
"""Largest PDF of a knowledge base."""

MAX_KNOWLEDGE_BASES = 100
"""Knowledge bases per account."""

MAX_VIOLATION_FILE_BYTES = 10_485_760
"""Largest file that answers a violation."""

MAX_DOOR_BODY_BYTES = 65_536
"""Request body at a carrier's door (``/lines/...``)."""

DOOR_ANSWER_SECONDS = 15
"""Time of a carrier to answer a request at its door."""

MAX_DOOR_SOCKET_MESSAGE_BYTES = 65_536
"""Largest message of a carrier's websocket; a larger one closes it before it is put together."""

MAX_DOOR_SOCKET_MESSAGES_A_SECOND = 500
"""Messages of a carrier's websocket a second; more close it."""

MAX_DOOR_SOCKET_WAITING = 500
"""Messages waiting to be sent on one; more close it."""

DOOR_SOCKET_FIRST_MESSAGE_SECONDS = 10
"""Time for its first message."""

DOOR_SOCKET_CLOSE_SECONDS = 5
"""Time for the rest when it closes."""

MAX_DOOR_SOCKETS = 1_000
"""Carriers' websockets per process."""

MAX_DOOR_SOCKETS_OF_CARRIER = 500
"""Those per carrier."""

CARRIER_QUEUE_SECONDS = 75
"""How long a carrier may keep a call that was ordered, until it reports that it dials, and then until it reports that it rings."""

WEBHOOK_AGE_SECONDS = 300
"""How old a request of a carrier may be whose signature covers a time, and how far ahead of our clock."""

MAX_CALLS_REMEMBERED = 10_000
"""Calls that came in of which a carrier remembers that they were offered, so that nobody offers one again."""

MAX_DOOR_CAPABILITIES = 10_000
"""Issued, unused addresses per process."""

MAX_POLICY_COUNTRIES = 250
"""Countries in a calling policy."""

MAX_ATTEMPTS_PER_NUMBER = 1_000
"""Most attempts per number in a calling policy."""

MAX_ATTEMPT_PERIOD_HOURS = 2_160
"""Longest period of such a count."""

MAX_DECISIONS_SHOWN = 200
"""Dial decisions shown per execution; the newest."""

WEB_CALL_SESSION_SECONDS = 120
"""How long a session of a web call is good for its one use."""

MAX_WEB_CALL_SESSIONS_OF_ONE = 100
"""Unused sessions of web calls per account in one process."""

MAX_WEB_CALL_SESSIONS = 1_000
"""Those of all accounts."""

MAX_WEB_CALL_USER_DATA_BYTES = 51_200
"""Largest ``user_data`` of a web call, as JSON."""

MAX_WEB_CALL_ORIGINS = 20
"""Origins of ``web_call_origins``."""

WEB_CALL_RESUME_SECONDS = 5
"""How long a web call waits for a page whose connection broke off."""

WEB_CALL_SILENT_SECONDS = 20
"""A web call whose page is connected and sends no audio for this long ends."""

WEB_CALL_CONNECT_SECONDS = 15
"""How long the browser of a web call over SIP may take to connect its audio."""

WEB_CALL_LINGER_SECONDS = 30
"""How long the websocket of such a call stays open after its end."""

MAX_WEB_CALL_CONNECTIONS = 10
"""Websockets that one session over SIP may open, one after the other."""

MAX_SIP_WRONG_PASSWORDS = 3
"""Wrong passwords that end a session over SIP."""

MAX_SIP_SOCKET_MESSAGE_BYTES = 32_768
"""Largest SIP message on a websocket."""

MAX_SIP_SOCKET_HEADERS = 64
"""Its header lines."""

MAX_SDP_MEDIA = 8
"""Media of an SDP offer."""

MAX_ICE_ADDRESSES = 8
"""Addresses from which the browser of one call may reach us."""

MAX_RTP_SOURCES = 4
"""Streams (SSRC) of a browser in one call."""

MAX_FALLBACKS = 3
"""Fallbacks of a recogniser, voice or model."""

MAX_FALLBACK_MS = 10_000
"""Longest ``fallback_after_ms``."""

FALLBACK_WARM_SECONDS = 3
"""Longest wait for the first provider of a chain to prepare for a call. Its fallbacks prepare at the same time and are not waited for."""

FALLBACK_OPEN_SECONDS = 1.5
"""Longest wait for a recogniser to open while there is a fallback."""

MAX_RELISTENED_SECONDS = 8
"""Audio of the caller that a recogniser gets again when it replaces another: what was said since the last final words."""

MAX_SECOND_RECOGNISERS = 3
"""How often in a call a silent recogniser is checked by a second one that hears no words either."""

SECOND_RECOGNISER_SECONDS = 4
"""How long the second one may take to hear words."""

PROVIDER_FAILED_SECONDS = 30
"""A provider that failed in a call is no fallback in that call for this long."""

BREAKER_FAILURES = 5
"""Failures of a provider within BREAKER_SECONDS after which new calls begin with its fallback."""

BREAKER_SECONDS = 30
"""Window in which the failures are counted."""

BREAKER_REST_SECONDS = 10
"""How long no call begins with a provider whose breaker has opened. Then one call tries it."""

BREAKER_TRIAL_SECONDS = 1
"""Step in which calls return: one call, then twice as many as before in each step that succeeds."""

BREAKER_CLOSED_AT = 32
"""Calls of one step at which a breaker closes."""

MAX_BREAKERS = 10_000
"""Breakers of a process: the longest unused one is forgotten first."""

MAX_KEPT_SPEECH_BYTES = 268_435_456
"""Speech of fixed sentences that a server keeps on disk: nine hours. The files used longest ago go first."""

MAX_KEPT_SPEECH_BYTES_OF_ONE = 16_777_216
"""That of one account."""

SEEDING_SECONDS = 60
"""Longest time in which the fixed sentences of a saved agent are rendered. The rest is made by its first call."""

MAX_SEEDING_TRIES = 4
"""How often the rendering of a saved agent's sentences is tried, where the voice is away or busy."""

SEEDING_RETRY_SECONDS = 10
"""Pause before the second try. It triples with each."""

MAX_SEEDED_CHARACTERS = 5_000
"""Characters that are rendered when an agent is saved."""

FIXED_SPEECH_AFTER_SECONDS = 10
"""From the beginning of a call until its voice is asked for the fixed sentences that are made ahead."""
