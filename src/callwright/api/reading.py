"""Validates bodies and queries by the models that describe them, with one text for each error.

    class ChatLine(Asked):
        text: Annotated[str, reads(text())]

    async def write(request: Request, line: Annotated[ChatLine, json_body(ChatLine, EXAMPLE)]) -> Response: ...

A query is a model too: ``query: Annotated[AuditQuery, Query()]``.
"""

# No "from __future__ import annotations": the framework reads the annotations of ``JsonBody.__call__``.
import re
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import Annotated, Any, Generic, TypeVar, get_args, get_origin

from fastapi import Depends, Request
from pydantic import (
    BaseModel,
    Field,
    GetJsonSchemaHandler,
    PrivateAttr,
    ValidationError,
    ValidationInfo,
    model_validator,
)
from pydantic.json_schema import JsonSchemaValue
from pydantic_core import CoreSchema, PydanticCustomError, core_schema

from callwright.api.bodies import parse_object, read_bytes, read_object, read_object_if_any
from callwright.api.forms import Form, FormFile, FormRules, read_form, urlencoded_form
from callwright.api.idempotent import refuse_used_key
from callwright.domain.errors import BadInputError, CallwrightError
from callwright.domain.fields import Fields, not_among, wrong
from callwright.domain.limits import MAX_BODY_BYTES, MAX_PAGE_NUMBER, MAX_PAGE_SIZE
from callwright.domain.settings.kinds import whole
from callwright.domain.settings.setting import Kind
from callwright.platform.executions.actions.schedule import moment

_OURS = "callwright"
_JSON = "application/json"
_URLENCODED = "application/x-www-form-urlencoded"
_NO_FILES = FormRules()
_QUOTED = re.compile(r"'([^']*)'")
_KINDS = {
    "string_type": "a string",
    "dict_type": "an object",
    "model_type": "an object",
    "list_type": "an array",
    "tuple_type": "an array",
}


class Asked(BaseModel):
    """What a request asks for. null counts as missing; unknown keys are ignored."""

    _wire: dict[str, Any] = PrivateAttr(default_factory=dict)

    @model_validator(mode="before")
    @classmethod
    def _without_nulls(cls, given: Any) -> Any:
        return {name: one for name, one in given.items() if one is not None} if isinstance(given, Mapping) else given

    @property
    def wire(self) -> dict[str, Any]:
        """The body as it came."""
        return self._wire


class AskedQuery(Asked):
    """A query. A parameter that is empty or blank counts as missing."""

    @model_validator(mode="before")
    @classmethod
    def _without_blanks(cls, given: Mapping[str, Any]) -> dict[str, Any]:
        texts = {name: one.strip() if isinstance(one, str) else one for name, one in given.items()}
        return {name: one for name, one in texts.items() if one not in ("", None)}


class AskedForm(AskedQuery):
    """A form. A field that is empty or blank counts as missing."""


@dataclass(frozen=True, slots=True, eq=False)
class _Read:
    kind: Kind

    def __get_pydantic_core_schema__(self, source: Any, handler: Any) -> CoreSchema:
        optional = type(None) in get_args(source)

        def read(value: Any, info: ValidationInfo) -> Any:
            found = self._read(value, info.field_name or "")
            if found is None and not optional:
                raise PydanticCustomError(_OURS, "{text}", {"text": " is required", "below": ""})
            return found

        return core_schema.with_info_plain_validator_function(read)

    def __get_pydantic_json_schema__(self, schema: CoreSchema, handler: GetJsonSchemaHandler) -> JsonSchemaValue:
        return dict(self.kind.schema)

    def _read(self, value: Any, name: str) -> Any:
        assert self.kind.read is not None
        try:
            return self.kind.read(Fields({name: value}, "", BadInputError), name)
        except CallwrightError as error:
            # Texts begin with the path, of which only the mapper knows what stands before the name.
            below = (error.field or name).removeprefix(name)
            told: dict[str, Any] = {"text": error.message.removeprefix(name), "below": below}
            if type(error) is not BadInputError:
                # It has a status or a code of its own, and stands at the top of the body.
                told["whole"] = error
            raise PydanticCustomError(_OURS, "{text}", told) from None


def reads(kind: Kind) -> Any:
    """For the annotation of a field: its value is read, and described, by ``kind``."""
    return _Read(kind)


class PageQuery(AskedQuery):
    """Which page of a list."""

    page_number: Annotated[int, reads(whole(1, MAX_PAGE_NUMBER))] = Field(default=1, description="From 1.")
    page_size: Annotated[int, reads(whole(1, MAX_PAGE_NUMBER))] = Field(default=20, description="Larger than 50 is 50.")

    @property
    def size(self) -> int:
        """How many a page has."""
        return min(MAX_PAGE_SIZE, self.page_size)


def refusal(errors: Sequence[Any], failure: type[BadInputError] = BadInputError) -> CallwrightError:
    """The error for the first of pydantic's: fields are named in the order in which their model declares them."""
    error = errors[0]
    path = "".join(f"[{one}]" if isinstance(one, int) else f".{one}" for one in error["loc"]).removeprefix(".")
    given, context = error.get("input"), error.get("ctx") or {}
    if error["type"] == _OURS:
        if "whole" in context:
            whole_error: CallwrightError = context["whole"]
            return whole_error
        below = context["below"]
        return failure(f"{path}{context['text']}", field=f"{path}{below}")
    if error["type"] == "missing":
        return failure(f"{path} is required", field=path)
    if error["type"] == "literal_error":
        return not_among(path, _QUOTED.findall(context["expected"]), given, failure)
    if error["type"] in _KINDS:
        return wrong(path, _KINDS[error["type"]], given, failure)
    return failure(f"{path}: {error['msg']}", field=path)


def _moment(given: Fields, name: str) -> Any:
    return moment(given.raw(name), name)


MOMENT = Kind("an ISO 8601 time", {"type": "string"}, _moment)
"""As aware UTC."""

# Its value is the whole form, which says how a file that is missing is sent.
_FILE = Kind("a file", {"type": "string", "format": "binary"}, lambda given, name: given.raw(name).file(name))

UploadedFile = Annotated[FormFile, reads(_FILE)]
"""A file of a form."""

Model = TypeVar("Model", bound=Asked)


@dataclass(frozen=True, slots=True, eq=False)
class Subject:
    """What a path names. ``find`` raises NotFoundError. Where there is no such thing, nothing is said of these ``fields`` of the body."""

    find: Callable[[Request], Awaitable[object]]
    fields: frozenset[str]

    async def before(self, error: CallwrightError, request: Request) -> None:
        """Raises NotFoundError if there is no such thing and ``error`` is about one of the fields."""
        if re.split(r"[.\[]", error.field or "")[0] in self.fields:
            await self.find(request)


@dataclass(frozen=True, slots=True, eq=False)
class DescribedBody:
    """The body of a route, as the description of the API finds it."""

    model: type[BaseModel]
    example: Mapping[str, Any]
    required: bool = True
    media: tuple[str, ...] = (_JSON,)


class KeptBody(DescribedBody):
    """Reads the JSON body of a request as it came."""

    async def __call__(self, request: Request) -> dict[str, Any]:
        """The body. Raises InvalidJsonError or TooLargeError."""
        return await read_object(request)


def kept_body(model: type[BaseModel], example: Mapping[str, Any]) -> Any:
    """For the annotation of a route's parameter: the JSON body as it came. The domain reads it, because it is stored as it is, changes what
    is stored, or depends on the time. ``model`` shows the settings that the domain declares (``callwright.api.schemas.declared``)."""
    return Depends(KeptBody(model, example))


@dataclass(frozen=True, slots=True, eq=False)
class JsonBody(DescribedBody, Generic[Model]):
    """Reads the JSON body of a request into its model."""

    model: type[Model]
    failure: type[BadInputError] = BadInputError
    subject: Subject | None = None
    once: bool = False
    most: int = MAX_BODY_BYTES

    async def __call__(self, request: Request) -> Model:
        """The body. Raises ``failure``, InvalidJsonError, TooLargeError, ConflictError for a used key, or NotFoundError for its subject."""
        wire = await (read_object if self.required else read_object_if_any)(request, self.most)
        try:
            return validated(self.model, wire, self.failure)
        except CallwrightError as error:
            if self.once:
                await refuse_used_key(request)
            if self.subject is not None:
                await self.subject.before(error, request)
            raise


def validated(model: type[Model], wire: dict[str, Any], failure: type[BadInputError] = BadInputError) -> Model:
    """The model of what came. Raises ``failure``, or an error that a field has of its own."""
    try:
        found = model.model_validate(wire)
    except ValidationError as error:
        raise refusal(error.errors(include_url=False), failure) from None
    found._wire = wire
    return found


def json_body(
    model: type[Asked],
    example: Mapping[str, Any],
    *,
    required: bool = True,
    failure: type[BadInputError] = BadInputError,
    subject: Subject | None = None,
    once: bool = False,
    most: int = MAX_BODY_BYTES,
) -> Any:
    """For the annotation of a route's parameter: the JSON body of at most ``most`` bytes, validated by ``model``. One that is not
    ``required`` may be empty. ``once``: a used ``Idempotency-Key`` is refused before an invalid body."""
    return Depends(JsonBody(model, example, required, failure=failure, subject=subject, once=once, most=most))


@dataclass(frozen=True, slots=True, eq=False)
class FormBody(DescribedBody, Generic[Model]):
    """Reads the form of a request into its model. A list is a field that is repeated."""

    model: type[Model]
    rules: FormRules = _NO_FILES
    receive: Callable[[Request, FormRules], AbstractAsyncContextManager[Form]] = read_form
    once: bool = False

    async def __call__(self, request: Request) -> AsyncIterator[Model]:
        """The form, whose files are open until the route has its answer. Raises BadInputError, InvalidFormError, TooLargeError, or
        ConflictError for a used key."""
        kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
        if self.rules.files or kind not in (_JSON, _URLENCODED):
            async with self.receive(request, self.rules) as form:
                yield await self._validated(request, self._fields_of(form))
            return
        raw = await read_bytes(request)
        # curl -d sends JSON too as urlencoded.
        is_json = kind == _JSON or raw.lstrip().startswith(b"{")
        yield await self._validated(request, parse_object(raw) if is_json else self._fields_of(urlencoded_form(raw)))

    async def _validated(self, request: Request, wire: dict[str, Any]) -> Model:
        try:
            return validated(self.model, wire)
        except CallwrightError:
            if self.once:
                await refuse_used_key(request)
            raise

    def _fields_of(self, form: Form) -> dict[str, Any]:
        found: dict[str, Any] = {}
        for name, field in self.model.model_fields.items():
            if name in self.rules.files:
                found[name] = form if field.is_required() or form.files(name) else None
            else:
                found[name] = (form.texts if get_origin(field.annotation) is list else form.text)(name)
        return found


def form_body(
    model: type[AskedForm],
    example: Mapping[str, Any],
    rules: FormRules = _NO_FILES,
    receive: Callable[[Request, FormRules], AbstractAsyncContextManager[Form]] = read_form,
    *,
    once: bool = False,
) -> Any:
    """For the annotation of a route's parameter: the form, validated by ``model``. One without files may come urlencoded or as JSON too.
    ``once``: as for :func:`json_body`."""
    media = ("multipart/form-data", _URLENCODED)[: 1 if rules.files else 2]
    return Depends(FormBody(model, example, media=media, rules=rules, receive=receive, once=once), scope="function")
