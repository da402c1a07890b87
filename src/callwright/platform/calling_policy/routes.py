"""Routes of the calling policy (our own)."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Request, Response

from callwright.api.answers import answer
from callwright.api.reading import kept_body
from callwright.api.schemas import errors, shown
from callwright.api.services import principal_of, services_of
from callwright.insight.wire import wire_time
from callwright.platform.calling_policy import actions as calling_policy
from callwright.platform.calling_policy.schemas import EXAMPLE, CallingPolicyBody, CallingPolicyView
from callwright.platform.dialling.rules.policy import StoredPolicy, policy_wire

router = APIRouter(prefix="/v1/callwright/calling-policy", tags=["calling policy"])


@router.get("", summary="Read the calling policy", responses={200: shown("The policy.", CallingPolicyView), **errors()})
async def read(request: Request) -> Response:
    """Which numbers may be dialled, and when. A sub-account has the policy of its organisation."""
    return answer(_view(await calling_policy.get_calling_policy(services_of(request).actions, principal_of(request))))


@router.put(
    "",
    summary="Replace the calling policy",
    responses={200: shown("The new policy.", CallingPolicyView), **errors(400, 409)},
)
async def put(request: Request, body: Annotated[dict[str, Any], kept_body(CallingPolicyBody, EXAMPLE)]) -> Response:
    """Calls that wait are decided by the new policy. Sections and fields that are missing get their defaults. With the `version` that was
    read, a policy that somebody changed meanwhile stays, and the answer is 409."""
    services, principal = services_of(request).actions, principal_of(request)
    return answer(_view(await calling_policy.put_calling_policy(services, principal, body)))


def _view(stored: StoredPolicy) -> dict[str, Any]:
    return {**policy_wire(stored.policy), "version": stored.version, "updated_at": wire_time(stored.updated_at)}
