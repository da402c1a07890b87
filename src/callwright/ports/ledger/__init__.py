"""Port of storage: the ledger of executions and what belongs to it.

One request or one task is one :class:`Unit`, a database transaction: it commits when the ``async with`` block ends without
an exception, and only there. Rows are the frozen dataclasses of ``domain``. Every read of a tenant's object takes the
tenant id: a foreign object is as missing as one that never was. Owner writes carry the owner's incarnation and attempt;
when another node settled the execution they raise StaleOwnerError and the call must be hung up. A database out of reach
raises domain UnavailableError.

Each resource has a module of the name it has in :class:`Unit`, with its value types and its protocol; ``unit`` joins them. Others import
every name from this package.
"""

from callwright.ports.ledger.accounts import Accounts
from callwright.ports.ledger.agent_versions import AgentVersion, AgentVersions
from callwright.ports.ledger.agents import Agents, StoredAgent
from callwright.ports.ledger.audit import Audit, AuditFilter
from callwright.ports.ledger.batches import BatchLedger
from callwright.ports.ledger.bodies import Bodies, BodyKind, StoredBody
from callwright.ports.ledger.calling_policies import CallingPolicies
from callwright.ports.ledger.contact_files import ContactFiles
from callwright.ports.ledger.custom_models import CustomModels
from callwright.ports.ledger.deliveries import Deliveries, Delivery, WantedDeliveries, WantedReplay, reason_of
from callwright.ports.ledger.dial_decisions import ADMISSION, DIALLING, TRANSFER, DialDecision, DialDecisions, DialFacts
from callwright.ports.ledger.dispositions import Dispositions
from callwright.ports.ledger.endpoints import Endpoints, FailingEndpoint
from callwright.ports.ledger.events import Event, EventPage, Events, WantedEvents
from callwright.ports.ledger.executions import Change, ExecutionFilter, Executions, Page
from callwright.ports.ledger.extensions import Extension, Extensions
from callwright.ports.ledger.idempotency import HeldKey, Hold, Idempotency, IdempotentAnswer
from callwright.ports.ledger.imported_voices import ImportedVoice, ImportedVoices
from callwright.ports.ledger.jobs import SPEECH_JOB, Jobs, SpeechOrder
from callwright.ports.ledger.keys import Keys
from callwright.ports.ledger.knowledge_bases import KnowledgeBases
from callwright.ports.ledger.logs import LogChunk, Logs
from callwright.ports.ledger.nodes import Beat, Nodes, NodeView
from callwright.ports.ledger.numbers import Numbers
from callwright.ports.ledger.outbox import Answered, Outbox, OutboxEntry, WebhookShare
from callwright.ports.ledger.own_tracks import OwnTracks
from callwright.ports.ledger.pace import Pace
from callwright.ports.ledger.prices import PriceRows
from callwright.ports.ledger.provider_keys import ProviderKeys
from callwright.ports.ledger.sessions import OpenSession, Sessions
from callwright.ports.ledger.summaries import Summaries, SummaryPage
from callwright.ports.ledger.suppressions import Suppressions
from callwright.ports.ledger.templates import StoredTemplate, Templates
from callwright.ports.ledger.trunks import Trunks
from callwright.ports.ledger.unit import Ledger, Unit
from callwright.ports.ledger.usage import Usage
from callwright.ports.ledger.violations import Violations

__all__ = [
    "ADMISSION",
    "DIALLING",
    "SPEECH_JOB",
    "TRANSFER",
    "Accounts",
    "AgentVersion",
    "AgentVersions",
    "Agents",
    "Answered",
    "Audit",
    "AuditFilter",
    "BatchLedger",
    "Beat",
    "Bodies",
    "BodyKind",
    "CallingPolicies",
    "Change",
    "ContactFiles",
    "CustomModels",
    "Deliveries",
    "Delivery",
    "DialDecision",
    "DialDecisions",
    "DialFacts",
    "Dispositions",
    "Endpoints",
    "Event",
    "EventPage",
    "Events",
    "ExecutionFilter",
    "Executions",
    "Extension",
    "Extensions",
    "FailingEndpoint",
    "HeldKey",
    "Hold",
    "Idempotency",
    "IdempotentAnswer",
    "ImportedVoice",
    "ImportedVoices",
    "Jobs",
    "Keys",
    "KnowledgeBases",
    "Ledger",
    "LogChunk",
    "Logs",
    "NodeView",
    "Nodes",
    "Numbers",
    "OpenSession",
    "Outbox",
    "OutboxEntry",
    "OwnTracks",
    "Pace",
    "Page",
    "PriceRows",
    "ProviderKeys",
    "Sessions",
    "SpeechOrder",
    "StoredAgent",
    "StoredBody",
    "StoredTemplate",
    "Summaries",
    "SummaryPage",
    "Suppressions",
    "Templates",
    "Trunks",
    "Unit",
    "Usage",
    "Violations",
    "WantedDeliveries",
    "WantedEvents",
    "WantedReplay",
    "WebhookShare",
    "reason_of",
]
