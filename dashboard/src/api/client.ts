import createClient, { type Middleware } from "openapi-fetch";
import { strings } from "../strings/index.ts";
import type { paths } from "./schema.gen.ts";

/** An answer of the server that is no success, in the server's own words. */
export class ApiError extends Error {
  constructor(
    message: string,
    readonly status: number,
    /** What the server says one can do about it. */
    readonly hint: string = "",
    /** The field of the request that it is about. */
    readonly field: string = "",
  ) {
    super(message);
    this.name = "ApiError";
  }
}

/** A request with a cookie counts only with this header, which no other site can send. */
const sameSite: Middleware = {
  onRequest({ request }) {
    request.headers.set("X-Callwright-Csrf", "1");
    return request;
  },
};

const client = createClient<paths>({ baseUrl: window.location.origin, credentials: "same-origin" });
client.use(sameSite);

export const api = client;

interface Answer<T> {
  data?: T;
  error?: unknown;
  response: Response;
}

/** The data of an answer. Throws ApiError for everything else, also where the server cannot be reached. */
export async function dataOf<T>(asked: Promise<Answer<T>>): Promise<T> {
  let answer: Answer<T>;
  try {
    answer = await asked;
  } catch (error) {
    if (error instanceof DOMException && error.name === "AbortError") throw error;
    throw new ApiError(strings.errors.unreachable, 0);
  }
  if (answer.error !== undefined || !answer.response.ok) throw errorOf(answer.error, answer.response.status);
  return answer.data as T;
}

/** The server's words. */
function errorOf(body: unknown, status: number): ApiError {
  const said = (typeof body === "object" && body ? body : {}) as Record<string, unknown>;
  const [message, detail, hint, field] = [said.message, said.detail, said.hint, said.field].map((one) =>
    typeof one === "string" ? one : "",
  );
  return new ApiError(message || detail || strings.errors.unknown, status, hint, field);
}

/** Whether the server has understood and refused, so that asking again does not help. */
export function isRefusal(error: unknown): boolean {
  return error instanceof ApiError && error.status >= 400 && error.status < 500 && error.status !== TOO_MANY;
}

const TOO_MANY = 429;

/** Whether asking again may help. */
export function isWorthRetrying(times: number, error: unknown): boolean {
  return !isRefusal(error) && times < 2;
}
